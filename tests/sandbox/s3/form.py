"""Reads multipart/form-data from the wire; the file goes straight to the disk."""

import re
from email.message import Message
from typing import Any

from ..web import CHUNK, Intake
from .drafts import Draft
from .errors import S3Error

# All fields before the file, headers included.
MOST_FIELDS = 20 * 1024
_LINE = b"\r\n"


class Form:
    """The fields before the file, then the file; what comes after it is ignored."""

    def __init__(self, intake: Intake, content_type: str):
        self._intake, self._buffer = intake, b""
        self._mark = b"--" + _boundary(content_type)
        self.fields: dict[str, str] = {}
        self.filename = ""

    def read_fields(self) -> None:
        """Up to the beginning of the file's content; field names become lower case."""
        # A line break in front makes the first boundary look like all others.
        self._buffer = _LINE
        self._until(_LINE + self._mark)
        seen = 0
        while True:
            head = self._until(_LINE)
            if head.strip() == b"--":
                text = "POST requires exactly one file upload per request."
                raise S3Error("InvalidArgument", text, ArgumentName="file", ArgumentValue=0)
            disposition = self._headers()
            name = str(disposition.get_param("name", "", "content-disposition")).lower()
            if name == "file":
                self.filename = str(disposition.get_filename() or "")
                return
            value = self._until(_LINE + self._mark)
            seen += len(value)
            if seen > MOST_FIELDS:
                raise _too_long()
            self.fields[name] = value.decode("utf-8", "replace")

    def read_file(self, draft: Draft, most: int | None) -> None:
        """The file's content; refused as soon as it is larger than `most`."""
        end = _LINE + self._mark
        while (place := self._buffer.find(end)) < 0:
            # The end of what is here may be the beginning of the boundary.
            ready = max(len(self._buffer) - len(end) + 1, 0)
            draft.write(self._buffer[:ready])
            self._buffer = self._buffer[ready:]
            _check_size(draft, most)
            self._more()
        draft.write(self._buffer[:place])
        _check_size(draft, most)
        draft.finish()

    def _headers(self) -> Message:
        message = Message()
        while line := self._until(_LINE):
            name, _, value = line.decode("utf-8", "replace").partition(":")
            message[name.strip()] = value.strip()
        return message

    def _until(self, end: bytes) -> bytes:
        """What stands before `end`, which is taken as well."""
        while (place := self._buffer.find(end)) < 0:
            if len(self._buffer) > MOST_FIELDS + CHUNK:
                raise _too_long()
            self._more()
        found, self._buffer = self._buffer[:place], self._buffer[place + len(end) :]
        return found

    def _more(self) -> None:
        piece = self._intake.read(CHUNK)
        if not piece:
            broken = self._intake.broken
            raise S3Error("IncompleteBody" if broken else "MalformedPOSTRequest", _NO_FORM)
        self._buffer += piece


_NO_FORM = "The body of your POST request is not well-formed multipart/form-data."


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    boundary: Any = message.get_boundary()
    if message.get_content_type() != "multipart/form-data" or not boundary:
        raise S3Error("PreconditionFailed", "Bucket POST must be of the enclosure-type multipart")
    return re.sub(r"\s+\Z", "", boundary).encode()


def _check_size(draft: Draft, most: int | None) -> None:
    if most is not None and draft.size > most:
        raise S3Error("EntityTooLarge", ProposedSize=draft.size, MaxSizeAllowed=most)


def _too_long() -> S3Error:
    return S3Error("MaxPostPreDataLengthExceeded", "Your POST fields preceding the file are long.")
