"""Where files lie: a folder, or a bucket of an S3-compatible store; bytes in and out of either.

Nothing here knows a model.  No call may happen inside a transaction: S3 is the network.
"""

import importlib
import logging
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from django.core.files.base import File as Content
from django.core.files.storage import FileSystemStorage, default_storage

from config.errors import NotFound, ServiceUnavailable

logger = logging.getLogger(__name__)

CHUNK = 64 * 1024


def file_storage(endpoint: str, *, bucket: str, key_id: str, secret: str, region: str) -> dict:
    """Django's STORAGES["default"]; no endpoint: files under MEDIA_ROOT.

    Names are random, so nothing is ever looked up before it is written.  OSS and COS take only
    virtual-hosted addresses, stand-ins on an IP address only paths; checksums in trailers, which
    boto3 sends by default, neither of them takes.
    """
    if not endpoint:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    client_config = importlib.import_module("botocore.config").Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if _is_bare(endpoint) else "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=3,
        read_timeout=20,
        retries={"max_attempts": 2},
    )
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "access_key": key_id,
            "secret_key": secret,
            "bucket_name": bucket,
            "endpoint_url": endpoint,
            "region_name": region,
            "default_acl": None,
            "file_overwrite": True,
            "querystring_auth": True,
            "querystring_expire": 600,
            "client_config": client_config,
        },
    }


def _is_bare(endpoint: str) -> bool:
    """http: a stand-in on this machine or network; the clouds speak https."""
    return endpoint.startswith("http://")


def is_local() -> bool:
    """True when the files lie on this machine's disk, where nginx may read them as well."""
    return isinstance(default_storage._wrapped or _set_up(), FileSystemStorage)


def _set_up():
    default_storage._setup()
    return default_storage._wrapped


def write(path: str, data: bytes | BinaryIO, *, content_type: str) -> None:
    """Store under a path nobody has used yet; ServiceUnavailable when that fails.

    A file is read in pieces, from its beginning.
    """
    content = Content(BytesIO(data) if isinstance(data, bytes) else data, name=path)
    content.content_type = content_type
    try:
        saved = default_storage.save(path, content)
    except Exception as error:
        logger.exception("storage: cannot write %s", path)
        raise ServiceUnavailable from error
    if saved != path:
        raise RuntimeError(f"{path} is taken")


def remove(path: str) -> None:
    """Remove what is there; nothing there is fine too."""
    try:
        default_storage.delete(path)
    except Exception as error:
        logger.exception("storage: cannot remove %s", path)
        raise ServiceUnavailable from error


def read(path: str, start: int, length: int) -> Iterator[bytes]:
    """`length` bytes from `start` on.  It is opened at once: NotFound when it is gone."""
    try:
        return _chunks(*_open(path, start, length))
    except FileNotFoundError:
        logger.error("storage: %s is missing", path)
        raise NotFound from None
    except Exception as error:
        if _is_missing(error):
            logger.error("storage: %s is missing", path)
            raise NotFound from None
        logger.exception("storage: cannot read %s", path)
        raise ServiceUnavailable from error


def _open(path: str, start: int, length: int):
    """(a file at `start`, bytes to read).  S3 is asked for the range alone."""
    connection = getattr(default_storage, "connection", None)
    if connection is None:
        file = default_storage.open(path)
        file.seek(start)
        return file, length
    stored = connection.meta.client.get_object(
        Bucket=default_storage.bucket_name,
        Key=path,
        Range=f"bytes={start}-{start + length - 1}",
    )
    return stored["Body"], length


def _chunks(file, left: int) -> Iterator[bytes]:
    try:
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
    finally:
        file.close()


def _is_missing(error: Exception) -> bool:
    """botocore's way of saying so."""
    code = (getattr(error, "response", None) or {}).get("Error", {}).get("Code")
    return code in {"404", "NoSuchKey", "NotFound"}
