"""Where a test's files lie: a folder, or the bucket of the outside world."""

from pathlib import Path

from django.core.files.storage import storages

from config.storage import file_storage


def use_folder(settings, folder: Path):
    """A function that lists what is stored."""
    return _use(settings, {"BACKEND": "django.core.files.storage.FileSystemStorage"}, folder)


def use_bucket(settings, folder: Path) -> None:
    bucket = file_storage(
        settings.S3_ENDPOINT,
        bucket=settings.S3_BUCKET,
        key_id=settings.S3_KEY_ID,
        secret=settings.S3_SECRET,
        region="cn-hangzhou",
    )
    _use(settings, bucket, folder)


def _use(settings, default: dict, folder: Path):
    settings.MEDIA_ROOT = str(folder / "uploads")
    settings.STORAGES = settings.STORAGES | {"default": default}
    assert storages["default"] is not None
    return lambda: sorted(
        path.relative_to(settings.MEDIA_ROOT).as_posix()
        for path in (folder / "uploads").rglob("*")
        if path.is_file()
    )
