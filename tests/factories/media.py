import secrets
from hashlib import sha256
from io import BytesIO

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from config import storage
from media.models import File, FileStatus, Purpose, Variant, Visibility
from tests.factories.accounts import UserFactory


def picture(kind="JPEG", size=(40, 30), colour=(200, 30, 30), mode="RGB", **options) -> bytes:
    """An honest image; options go to Pillow's save()."""
    out = BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes, name="photo.jpg", content_type="image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)


class FileFactory(factory.django.DjangoModelFactory):
    """A ready file whose bytes lie in the storage."""

    class Meta:
        model = File

    owner = factory.SubFactory(UserFactory)
    purpose = Purpose.IMAGE
    visibility = Visibility.OWNER
    status = FileStatus.READY
    key = factory.LazyFunction(lambda: secrets.token_hex(16))
    original_name = "photo.jpg"
    content_type = "image/webp"
    width, height = 40, 30

    @classmethod
    def _create(cls, model_class, *args, content=None, **kwargs):
        data = content or picture("WEBP")
        file = model_class(
            *args, size=len(data), thumb_size=len(data), sha256=sha256(data).hexdigest(), **kwargs
        )
        file.save()
        for variant in Variant.values:
            storage.write(file.path(variant), data, content_type=file.content_type)
        return file
