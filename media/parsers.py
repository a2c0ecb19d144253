from django.core.exceptions import SuspiciousOperation
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser

from config.api.parsers import TooLarge
from media.services.purposes import MAX_BYTES

FORM_BYTES = 64 * 1024  # boundaries and the other fields


class UploadParser(MultiPartParser):
    """multipart/form-data, refused by its announced length before a byte is read."""

    def parse(self, stream, media_type=None, parser_context=None):
        if int(stream.META["CONTENT_LENGTH"]) > MAX_BYTES + FORM_BYTES:
            raise TooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation:  # too many fields or files
            raise ParseError from None
