from content.admin import taxonomy

__all__ = ["taxonomy"]
