from farm.admin import animals, claims

__all__ = ["animals", "claims"]
