"""The rail `s3`: authenticates, dispatches and answers the calls of an S3-compatible store."""

from collections.abc import Callable
from typing import Any

from ..faults import PLAIN_ANSWER, Fault, spoil
from ..web import Request, Response, Router
from . import listing
from .auth import Gate
from .call import NAMES, Call
from .cdn import Cdn
from .control import S3Control
from .drafts import read_small
from .errors import S3Error
from .keys import load_keys
from .links import Links
from .objects import Objects
from .posting import FormUpload
from .uploads import Uploads
from .writing import ObjectCalls, iso, xml_response
from .xml import document

# What a page of another host may do: all that the signature allows.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, PUT, POST, DELETE",
    "Access-Control-Expose-Headers": "ETag, Content-Range",
    "Access-Control-Max-Age": "600",
}


class ObjectStorage:
    """One private bucket, path style; objects are files under the data directory."""

    name = "s3"
    port_offset = 6

    def __init__(self, world):
        self.world = world
        self.keys = load_keys(world.data)
        root = world.data / "s3"
        self.objects = Objects(root)
        self.links = Links(world)
        self.uploads = Uploads(self.keys.bucket, self.objects, root)
        self.cdn = Cdn(world, self.keys.cdn_key, self.objects, self.links)
        self._gate = Gate(self.keys, self.links)
        self._form = FormUpload(self.objects, self._gate, self.links)
        self._handlers = self._operations()
        world.faults.know(self.name, NAMES, r"[A-Z][A-Za-z0-9]+", PLAIN_ANSWER)

    def handle(self, request: Request) -> Response:
        call = Call(request)
        if call.method == "OPTIONS":
            asked = call.headers.get("access-control-request-headers", "*")
            return Response(200, b"", CORS | {"Access-Control-Allow-Headers": asked})
        try:
            response = self._cdn(call) if self.cdn.concerns(call) else self._answer(call)
        except S3Error as error:
            response = error.response(call.path)
        if "origin" in call.headers:
            response.headers |= CORS
        return response

    def add_control(self, router: Router) -> None:
        S3Control(self).add_to(router)

    def env(self, base: str) -> dict[str, str]:
        return {
            "S3_ENDPOINT": base,
            "S3_BUCKET": self.keys.bucket,
            "S3_KEY_ID": self.keys.key_id,
            "S3_SECRET": self.keys.secret,
            "CDN_BASE": base,
            "CDN_KEY": self.keys.cdn_key,
        }

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        objects = sorted(self.objects.all(), key=lambda stored: stored.modified)
        rows = [
            {"key": o.key, "size": o.size, "type": o.type, "modified_at": o.modified}
            for o in objects
        ]
        return {"Stored objects": rows, "Unfinished uploads": self.uploads.describe()}

    def reset(self) -> None:
        self.uploads.clear()
        self.objects.clear()

    def _answer(self, call: Call) -> Response:
        form = call.method == "POST" and "authorization" not in call.headers
        if form and call.operation == "post_object":
            return self._post(call)
        payload = self._gate.admit(call)
        operation = call.operation
        self._check_bucket(call)
        handler = self._handlers[operation]
        return self._run(operation, call, lambda: handler(call, payload))

    def _post(self, call: Call) -> Response:
        self._check_bucket(call)
        form, policy = self._form.read(call)
        fields = {name: value for name, value in form.fields.items() if name != "policy"}
        store = self._form.store
        return self._run("post_object", call, lambda: store(call, form, policy), fields)

    def _cdn(self, call: Call) -> Response:
        key = call.path.removeprefix("/")
        return self._run("cdn", call, lambda: self.cdn.answer(call), {"key": key})

    def _run(
        self,
        operation: str,
        call: Call,
        work: Callable[[], Response],
        fields: dict[str, str] | None = None,
    ) -> Response:
        """Do the work, unless trouble on order comes before it; then what comes after it."""
        about = {"key": call.key, **call.query, **(fields or {})}
        fault = self.world.faults.take(self.name, operation, about, PLAIN_ANSWER)
        if fault and fault.kind == "status":
            return Response(int(fault.argument), b"Bad Gateway", {"Content-Type": "text/html"})
        return spoil(_attempt(work, call, fault), fault)

    def _check_bucket(self, call: Call) -> None:
        if call.bucket and call.bucket != self.keys.bucket:
            raise S3Error("NoSuchBucket", BucketName=call.bucket)

    def _operations(self) -> dict[str, Callable[[Call, str], Response]]:
        objects, uploads = ObjectCalls(self.keys.bucket, self.objects), self.uploads
        return {
            "list_buckets": self._buckets,
            "list_objects": self._list,
            "get_bucket_location": self._location,
            "head_bucket": self._head_bucket,
            "delete_objects": objects.delete_many,
            "get_object": objects.get,
            "head_object": objects.get,
            "put_object": objects.put,
            "copy_object": objects.copy,
            "delete_object": objects.delete,
            "create_multipart_upload": uploads.create,
            "upload_part": uploads.put_part,
            "list_parts": uploads.list_parts,
            "list_multipart_uploads": uploads.list_uploads,
            "complete_multipart_upload": uploads.complete,
            "abort_multipart_upload": uploads.abort,
        }

    def _buckets(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        bucket = [("Name", self.keys.bucket), ("CreationDate", iso(0))]
        fields = [("Owner", [("ID", self.keys.key_id)]), ("Buckets", [("Bucket", bucket)])]
        return xml_response(document("ListAllMyBucketsResult", fields))

    def _list(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        rows = self.objects.all(call.query.get("prefix", ""))
        return listing.answer(call, self.keys.bucket, rows)

    def _location(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        return xml_response(document("LocationConstraint", []))

    def _head_bucket(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        return Response(200)


def _attempt(work: Callable[[], Response], call: Call, fault: Fault | None) -> Response:
    try:
        if fault and fault.kind == "error":
            raise S3Error(fault.argument)
        return work()
    except S3Error as error:
        return error.response(call.path)
