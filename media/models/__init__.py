from media.models.files import File, FileStatus, FileUsage, Purpose, Variant, Visibility

__all__ = ["File", "FileStatus", "FileUsage", "Purpose", "Variant", "Visibility"]
