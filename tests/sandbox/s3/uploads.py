"""Multipart uploads: parts wait on disk until they are put together."""

import hashlib
import json
import re
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..store import write_atomically
from ..web import CHUNK, Response
from .call import Call
from .drafts import read_small
from .errors import S3Error
from .objects import Objects
from .writing import LARGEST, check_key, iso, read_headers, xml_response
from .xml import document, parse

MOST_PARTS = 10_000
# Every part but the last must be at least as large.
SMALLEST_PART = 5 * 1024 * 1024
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass
class Upload:
    id: str
    key: str
    started: float
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Part:
    """Number and MD5 are its file's name."""

    number: int
    etag: str
    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size


class Uploads:
    def __init__(self, bucket: str, objects: Objects, root: Path):
        self._bucket, self._objects, self._root = bucket, objects, root / "uploads"
        # Of two who end the same upload, the second finds none.
        self._ending = threading.Lock()

    def create(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        check_key(call.key)
        upload = Upload(secrets.token_hex(16), call.key, time.time(), read_headers(call.headers))
        note = json.dumps(vars(upload), ensure_ascii=False)
        write_atomically(self._folder(upload.id) / "upload.json", note)
        fields = [("Bucket", self._bucket), ("Key", upload.key), ("UploadId", upload.id)]
        return xml_response(document("InitiateMultipartUploadResult", fields))

    def put_part(self, call: Call, payload: str) -> Response:
        upload = self._need(call)
        number = call.number("partNumber", 0, 1, MOST_PARTS)
        if int(call.headers.get("content-length") or 0) > LARGEST:
            raise S3Error("EntityTooLarge")
        with self._objects.draft() as draft:
            draft.receive(call, payload)
            before = [part for part in self._parts(upload.id) if part.number == number]
            target = self._folder(upload.id) / f"{number:05d}-{draft.md5}"
            try:
                draft.path.rename(target)
            except FileNotFoundError:
                raise S3Error("NoSuchUpload") from None
        for part in before:
            if part.path != target:
                part.path.unlink(missing_ok=True)
        return Response(200, b"", {"ETag": f'"{draft.md5}"'})

    def complete(self, call: Call, payload: str) -> Response:
        root = parse(read_small(call, payload), "CompleteMultipartUpload")
        wanted = [_read_part(node) for node in root.findall("Part")]
        with self._ending:
            upload = self._need(call)
            etag = self._join(upload, self._chosen(wanted, upload))
            self._forget(upload.id)
        place = f"http://{call.headers['host']}/{self._bucket}/{upload.key}"
        fields = [("Location", place), ("Bucket", self._bucket), ("Key", upload.key)]
        body = document("CompleteMultipartUploadResult", [*fields, ("ETag", f'"{etag}"')])
        return xml_response(body)

    def abort(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        with self._ending:
            self._forget(self._need(call).id)
        return Response(204)

    def list_parts(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        upload = self._need(call)
        most = min(call.number("max-parts", 1000, 0, 2**31 - 1), 1000)
        after = call.number("part-number-marker", 0, 0, MOST_PARTS)
        parts = [part for part in self._parts(upload.id) if part.number > after]
        page = parts[:most]
        fields = [
            ("Bucket", self._bucket),
            ("Key", upload.key),
            ("UploadId", upload.id),
            ("PartNumberMarker", after),
            ("NextPartNumberMarker", page[-1].number if page else 0),
            ("MaxParts", most),
            ("IsTruncated", len(page) < len(parts)),
            *(("Part", _part_entry(part)) for part in page),
        ]
        return xml_response(document("ListPartsResult", fields))

    def list_uploads(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        prefix = call.query.get("prefix", "")
        fields = [
            ("Bucket", self._bucket),
            ("MaxUploads", 1000),
            ("IsTruncated", False),
            *(
                ("Upload", [("Key", up.key), ("UploadId", up.id), ("Initiated", iso(up.started))])
                for up in self.all()
                if up.key.startswith(prefix)
            ),
        ]
        return xml_response(document("ListMultipartUploadsResult", fields))

    def all(self) -> list[Upload]:
        notes = self._root.glob("*/upload.json") if self._root.is_dir() else ()
        uploads = [Upload(**json.loads(note.read_text(encoding="utf-8"))) for note in notes]
        return sorted(uploads, key=lambda upload: (upload.key, upload.started))

    def describe(self) -> list[dict]:
        return [
            {
                "id": upload.id,
                "key": upload.key,
                "started_at": upload.started,
                "parts": [part.number for part in self._parts(upload.id)],
            }
            for upload in self.all()
        ]

    def clear(self) -> None:
        shutil.rmtree(self._root, ignore_errors=True)

    def _need(self, call: Call) -> Upload:
        upload_id = call.query["uploadId"]
        try:
            if not _ID.fullmatch(upload_id):
                raise FileNotFoundError(upload_id)
            note = (self._folder(upload_id) / "upload.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise S3Error("NoSuchUpload", UploadId=upload_id) from None
        upload = Upload(**json.loads(note))
        if upload.key != call.key:
            raise S3Error("NoSuchUpload", UploadId=upload_id)
        return upload

    def _chosen(self, wanted: list[tuple[int, str]], upload: Upload) -> list[Part]:
        """The named parts, checked as the provider checks them."""
        numbers = [number for number, _ in wanted]
        if not wanted:
            raise S3Error("MalformedXML")
        if numbers != sorted(set(numbers)):
            raise S3Error("InvalidPartOrder")
        known = {(part.number, part.etag): part for part in self._parts(upload.id)}
        if any(part not in known for part in wanted):
            raise S3Error("InvalidPart", UploadId=upload.id)
        parts = [known[part] for part in wanted]
        for part in parts[:-1]:
            if part.size < SMALLEST_PART:
                raise S3Error("EntityTooSmall", PartNumber=part.number, ProposedSize=part.size)
        return parts

    def _join(self, upload: Upload, parts: list[Part]) -> str:
        """Put the parts together; answers the object's ETag."""
        joint = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts)).hexdigest()
        with self._objects.draft() as draft:
            for part in parts:
                with part.path.open("rb") as file:
                    while piece := file.read(CHUNK):
                        draft.write(piece)
            draft.finish()
            etag = f"{joint}-{len(parts)}"
            self._objects.put(upload.key, draft, upload.headers, etag)
        return etag

    def _parts(self, upload_id: str) -> list[Part]:
        files = self._folder(upload_id).glob("[0-9]*-*")
        parts = [(path.name.partition("-"), path) for path in files]
        return sorted(
            (Part(int(number), etag, path) for (number, _, etag), path in parts),
            key=lambda part: part.number,
        )

    def _forget(self, upload_id: str) -> None:
        shutil.rmtree(self._folder(upload_id), ignore_errors=True)

    def _folder(self, upload_id: str) -> Path:
        return self._root / upload_id


def _read_part(node) -> tuple[int, str]:
    number, etag = node.findtext("PartNumber") or "", node.findtext("ETag") or ""
    if not (number.isascii() and number.isdigit()):
        raise S3Error("MalformedXML")
    return int(number), etag.strip('"')


def _part_entry(part: Part) -> list[tuple]:
    head = [("PartNumber", part.number), ("LastModified", iso(part.path.stat().st_mtime))]
    return [*head, ("ETag", f'"{part.etag}"'), ("Size", part.size)]
