from media.models.files import (
    CONFIDENTIAL,
    OF_THE_BUSINESS,
    File,
    FileStatus,
    FileUsage,
    Purpose,
    Variant,
    Visibility,
)

__all__ = [
    "CONFIDENTIAL",
    "OF_THE_BUSINESS",
    "File",
    "FileStatus",
    "FileUsage",
    "Purpose",
    "Variant",
    "Visibility",
]
