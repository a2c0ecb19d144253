"""The form upload, with which a mini-program or a browser writes one object."""

from ..web import Response
from .auth import Gate
from .call import Call
from .drafts import open_body
from .errors import S3Error
from .form import Form
from .links import Links
from .objects import Objects, Stored
from .policy import Policy
from .writing import check_key, read_headers, xml_response
from .xml import document

STATUSES = ("200", "201", "204")


class FormUpload:
    def __init__(self, objects: Objects, gate: Gate, links: Links):
        self._objects, self._gate, self._links = objects, gate, links

    def read(self, call: Call) -> tuple[Form, Policy]:
        """The form up to its file, with the policy that allows it."""
        form = Form(open_body(call), call.headers.get("content-type", ""))
        form.read_fields()
        policy = Policy.read(form.fields, self._gate, self._links)
        policy.check(form.fields, call.bucket)
        return form, policy

    def store(self, call: Call, form: Form, policy: Policy) -> Response:
        fields = form.fields
        key = fields["key"].replace("${filename}", form.filename)
        check_key(key)
        headers = read_headers(fields | {"x-amz-acl": fields.get("acl", "private")})
        with self._objects.draft() as draft:
            form.read_file(draft, policy.most)
            if draft.size < policy.least:
                limits = {"ProposedSize": draft.size, "MinSizeAllowed": policy.least}
                raise S3Error("EntityTooSmall", **limits)
            stored = self._objects.put(key, draft, headers)
        return _answer(call, stored, fields.get("success_action_status", "204"))


def _answer(call: Call, stored: Stored, status: str) -> Response:
    place = f"http://{call.headers['host']}/{call.bucket}/{stored.key}"
    headers = {"ETag": f'"{stored.etag}"', "Location": place.encode().decode("latin-1")}
    if status != "201":
        return Response(int(status) if status in STATUSES else 204, b"", headers)
    fields = [("Location", place), ("Bucket", call.bucket), ("Key", stored.key)]
    body = document("PostResponse", [*fields, ("ETag", f'"{stored.etag}"')])
    return xml_response(body, 201, **headers)
