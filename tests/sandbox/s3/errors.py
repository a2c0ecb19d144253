"""Refusals: an HTTP status, a code and a sentence in XML."""

import secrets
from typing import Any
from xml.sax.saxutils import escape

from ..web import Response

# 400 unless named here.
STATUS = {
    "AccessDenied": 403,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidRange": 416,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NotImplemented": 501,
    "NotModified": 304,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
}
MESSAGES = {
    "AccessDenied": "Access Denied",
    "AuthorizationHeaderMalformed": "The authorization header is malformed.",
    "BadDigest": "The digest you specified did not match what we received.",
    "EntityTooLarge": "Your proposed upload exceeds the maximum allowed size",
    "EntityTooSmall": "Your proposed upload is smaller than the minimum allowed size",
    "IncompleteBody": "You did not provide the number of bytes specified by Content-Length",
    "InternalError": "We encountered an internal error. Please try again.",
    "InvalidAccessKeyId": "The access key ID you provided does not exist in our records.",
    "InvalidDigest": "The Content-MD5 you specified is not valid.",
    "InvalidPart": "One or more of the specified parts could not be found.",
    "InvalidPartOrder": "The list of parts was not in ascending order.",
    "InvalidRange": "The requested range is not satisfiable",
    "MalformedXML": "The XML you provided was not well-formed.",
    "MethodNotAllowed": "The specified method is not allowed against this resource.",
    "MissingContentLength": "You must provide the Content-Length HTTP header.",
    "NoSuchBucket": "The specified bucket does not exist",
    "NoSuchKey": "The specified key does not exist.",
    "NoSuchUpload": "The specified multipart upload does not exist.",
    "NotImplemented": "A header or query you provided implies functionality not implemented.",
    "PreconditionFailed": "At least one of the pre-conditions you specified did not hold",
    "RequestTimeTooSkewed": "The difference between the request time and our time is too large.",
    "ServiceUnavailable": "Please reduce your request rate.",
    "SignatureDoesNotMatch": (
        "The request signature we calculated does not match the signature you provided."
    ),
    "SlowDown": "Please reduce your request rate.",
    "XAmzContentSHA256Mismatch": (
        "The provided 'x-amz-content-sha256' header does not match what was computed."
    ),
}


class S3Error(Exception):
    """A refusal; `more` are further elements, `headers` belong to the answer."""

    def __init__(
        self, code: str, message: str = "", headers: dict[str, str] | None = None, **more: Any
    ):
        super().__init__(code)
        self.code, self.headers, self.more = code, headers or {}, more
        self.status = STATUS.get(code, 400)
        self.message = message or MESSAGES.get(code, code)

    def response(self, resource: str) -> Response:
        if self.status == 304:
            return Response(304, b"", self.headers)
        fields = {"Code": self.code, "Message": self.message, **self.more, "Resource": resource}
        fields["RequestId"] = secrets.token_hex(8).upper()
        inner = "".join(f"<{n}>{escape(str(v))}</{n}>" for n, v in fields.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()
        return Response(self.status, body, {"Content-Type": "application/xml", **self.headers})
