from media.models.files import (
    OF_THE_BUSINESS,
    File,
    FileStatus,
    FileUsage,
    Purpose,
    Variant,
    Visibility,
)

__all__ = ["OF_THE_BUSINESS", "File", "FileStatus", "FileUsage", "Purpose", "Variant", "Visibility"]
