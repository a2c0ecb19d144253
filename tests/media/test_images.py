"""What people and attackers send as images (F-1, F-2): generated, never stored as it came."""

import io
import struct
import time
import zipfile
import zlib

import pytest
from django.core.files.storage import default_storage
from PIL import Image, ImageCms, PngImagePlugin

from media.models import File
from tests.factories.media import picture, upload
from tests.helpers import data, refusal

pytestmark = pytest.mark.django_db
HTML = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, body: bytes = b"", *, depth=8, colour=2, extra=b"") -> bytes:
    """A PNG that says so, whatever is in it."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(body))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + data + chunk(b"IEND", b"")


def jpeg_header(width: int, height: int) -> bytes:
    """A JPEG that says it is that large."""
    honest = picture()
    place = honest.index(b"\xff\xc0") + 5
    return honest[:place] + struct.pack(">HH", height, width) + honest[place + 4 :]


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.html", HTML)
    return out.getvalue()


def gif(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0;"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\0\0\0\xff\xff\xff" + frame


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "SecretMaker", "SecretModel", 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 48.0)
    return exif.tobytes()


def comment(text: bytes) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", text.decode())
    info.add_itxt("XML:com.adobe.xmp", "SecretXmp")
    return info


NO_IMAGES = {
    "empty-ish": b"\0",
    "html": HTML,
    "svg": SVG,
    "svg with a bom": b"\xef\xbb\xbf" + SVG,
    "javascript": b"alert(1)//",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "zip": zipped(),
    "php": b"<?php system($_GET['c']); ?>",
    "elf": b"\x7fELF\x02\x01\x01" + b"\0" * 60,
    "mz": b"MZ\x90\0" + b"\0" * 60,
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "ico": picture("ICO"),
    "ppm": picture("PPM"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "psd": b"8BPS\0\1" + b"\0" * 40,
    "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "mp4": b"\0\0\0\x18ftypmp42" + b"\0" * 16,
    "heic": b"\0\0\0\x18ftypheic" + b"\0" * 16,
    "wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "html before a jpeg": HTML + picture(),
    "newline before a png": b"\n" + picture("PNG"),
    "gif signature in lower case": b"gif89a" + gif(1, 1)[6:],
}
BROKEN = {
    "three bytes of a jpeg": b"\xff\xd8\xff",
    "signature of a png": b"\x89PNG\r\n\x1a\n",
    "signature of a gif": b"GIF89a",
    "signature of a webp": b"RIFF\x24\0\0\0WEBP",
    "jpeg full of zeros": b"\xff\xd8\xff\xe0" + b"\0" * 5000,
    "jpeg of 0 x 0": b"\xff\xd8\xff\xc0\0\x11\x08" + b"\0" * 14 + b"\xff\xd9",
    "html behind a jpeg's signature": b"\xff\xd8\xff\xe0" + HTML * 20,
    "script behind a gif's signature": b"GIF89a/*" + b"*/=1;alert(1)//" * 20,
    "png of 0 x 0": png(0, 0),
    "png without pixels": png(100, 100),
    "png with a wrong checksum": picture("PNG")[:-20] + b"\0" * 20,
    "png of an impossible depth": png(5, 5, b"\0" * 99, depth=7),
    "jpeg cut in half": picture(size=(400, 400))[:1500],
    "png cut in half": picture("PNG", (400, 400))[:500],
    "webp cut in half": picture("WEBP", (400, 400))[:60],
    "gif cut in half": picture("GIF", (400, 400))[:600],
    "webp of lies": b"RIFF\xff\xff\xff\x7fWEBPVP8 \xff\xff\xff\x7f" + b"\x9d\x01\x2a" * 20,
}
TOO_LARGE = {
    "png of 30000 x 30000": png(30_000, 30_000),
    "png of 2 billion x 2 billion": png(2**31 - 1, 2**31 - 1),
    "png of 3536 x 3536": png(3536, 3536),
    "jpeg of 5478 x 5478": jpeg_header(5478, 5478),
    "jpeg of 16384 x 1": jpeg_header(16_384, 1),
    "png of 20000 x 1": png(20_000, 1),
    "png of 1 x 65535": png(1, 65_535),
    "zip bomb of a png": png(9000, 9000, b"\0" * 9000 * 3 * 100),
    "gif of 65535 x 65535": gif(65_535, 65_535),
}  # fmt: skip
HARMLESS = {
    "jpeg": picture(),
    "png": picture("PNG"),
    "gif": picture("GIF"),
    "webp": picture("WEBP"),
    "lossless webp": picture("WEBP", lossless=True),
    "progressive jpeg": picture(progressive=True),
    "cmyk jpeg": picture(mode="CMYK", colour=(0, 255, 255, 0)),
    "grey jpeg": picture(mode="L", colour=120),
    "1 bit png": picture("PNG", mode="1", colour=1),
    "16 bit png": picture("PNG", mode="I;16", colour=30_000),
    "palette png": picture("PNG", mode="P", colour=3),
    "transparent png": picture("PNG", mode="RGBA", colour=(1, 2, 3, 0)),
    "transparent grey png": picture("PNG", mode="LA", colour=(9, 0)),
    "palette png with a transparent colour": picture("PNG", mode="P", colour=0, transparency=0),
    "grey png with a transparent colour": picture("PNG", mode="L", colour=7, transparency=7),
    "1 x 1": picture("PNG", (1, 1)),
    "1 x 16000": picture("PNG", (1, 16_000)),
    "12 megapixels": picture(size=(4000, 3000)),
    "png with a broken colour profile": picture("PNG", icc_profile=b"x" * 200),
    "jpeg with a broken exif block": picture(exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"),
    "png of 5 x 5 with pixels for 2": png(5, 5, b"\0" * 32),
    "jpeg with bytes behind it": picture() + b"\0" * 1000,
}
POLYGLOTS = {
    "html behind a jpeg": picture() + HTML,
    "zip behind a jpeg": picture() + zipped(),
    "zip behind a png": picture("PNG") + zipped(),
    "php behind a gif": picture("GIF") + b"<?php system($_GET['c']); ?>",
    "svg behind a webp": picture("WEBP") + SVG,
    "html in a jpeg's comment": picture(comment=HTML),
    "html in a png's text": picture("PNG", pnginfo=comment(HTML)),
    "html in exif": picture(exif=b"Exif\0\0" + HTML),
    "html in a gif's comment": picture("GIF", comment=HTML),
    "html in a webp's xmp": picture("WEBP", xmp=HTML),
    "html in a colour profile": picture("PNG", icc_profile=HTML * 10),
    "html in an unknown chunk of a png": png(1, 1, b"\0\0\0\0", extra=chunk(b"evIl", HTML)),
}
ACTIVE = (b"<script", b"<svg", b"<?php", b"PK\x03\x04", b"evil", b"Secret", b"Exif", b"ICCP")


@pytest.fixture
def send(api, post_file):
    def run(content, name="photo.jpg", content_type="image/jpeg", purpose="image"):
        started = time.process_time()
        response = post_file(
            api, "/file/upload", upload(content, name, content_type), purpose=purpose
        )
        assert time.process_time() - started < 2
        return response

    return run


def renditions() -> list[bytes]:
    file = File.objects.get()
    found = []
    for variant in ("main", "thumb"):
        with default_storage.open(file.path(variant)) as content:
            found.append(content.read())
    return found


@pytest.mark.parametrize("name", NO_IMAGES)
def test_F1_what_is_no_image_is_refused_whatever_it_is_called(send, name):
    response = send(NO_IMAGES[name])

    assert refusal(response) == (415, 19001)
    assert File.objects.count() == 0


@pytest.mark.parametrize("name", BROKEN)
def test_F1_a_broken_image_is_refused(send, name):
    response = send(BROKEN[name])

    assert response.status_code in {415, 422}, response.content
    assert response.json()["code"] in {19001, 19003}
    assert File.objects.count() == 0


@pytest.mark.parametrize("name", TOO_LARGE)
def test_F1_huge_dimensions_are_refused_before_anything_is_decoded(send, name):
    response = send(TOO_LARGE[name])

    assert refusal(response) == (422, 19004)
    limit = 30_000_000 if "jpeg" in name else 12_500_000
    assert response.json()["data"] == {"max_pixels": limit}
    assert File.objects.count() == 0


@pytest.mark.parametrize("name", HARMLESS)
def test_honest_images_of_every_kind_are_taken(send, name):
    data(send(HARMLESS[name]), 201)

    for content in renditions():
        Image.open(io.BytesIO(content)).load()


@pytest.mark.parametrize("name", POLYGLOTS)
def test_F1_nothing_active_is_stored(send, name):
    data(send(POLYGLOTS[name]), 201)

    for content in renditions():
        assert [word for word in ACTIVE if word in content] == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_F2_no_metadata_is_kept_and_the_picture_is_upright(send, kind):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sent = picture(kind, (40, 20), exif=with_exif(), icc_profile=profile)

    data(send(sent), 201)

    for content in renditions():
        image = Image.open(io.BytesIO(content))
        assert image.size == (20, 40)
        assert dict(image.getexif()) == {}
        assert not {"exif", "icc_profile", "xmp"} & image.info.keys()
        assert [word for word in ACTIVE if word in content] == []


def test_of_an_animation_the_first_picture_is_kept(send):
    out = io.BytesIO()
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue", "green")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50)

    data(send(out.getvalue()), 201)

    for content in renditions():
        image = Image.open(io.BytesIO(content))
        assert getattr(image, "n_frames", 1) == 1
        red, green, blue = image.convert("RGB").getpixel((15, 15))
        assert red > 200 > 60 > max(green, blue)


def test_colours_survive(send):
    """CMYK, 16 bits and a wide profile come out as what they look like."""
    data(send(HARMLESS["cmyk jpeg"]), 201)

    red, green, blue = Image.open(io.BytesIO(renditions()[0])).convert("RGB").getpixel((5, 5))

    assert red > 200 > 80 > max(green, blue)


def test_16_bits_become_8(send):
    data(send(HARMLESS["16 bit png"]), 201)

    grey = Image.open(io.BytesIO(renditions()[0])).convert("L").getpixel((5, 5))

    assert abs(grey - 30_000 // 256) < 4


def test_what_shines_through_still_does(send):
    data(send(HARMLESS["transparent png"]), 201)

    assert Image.open(io.BytesIO(renditions()[0])).getpixel((5, 5))[3] == 0


NAMES = {
    "../../etc/passwd": "passwd",
    "..\\..\\windows\\win.ini": "win.ini",
    "/etc/shadow": "shadow",
    "C:\\照片\\我.jpg": "我.jpg",
    "我的照片 😀.png": "我的照片 😀.png",
    "evil\u202egpj.exe": "evilgpj.exe",
    "a\tb.jpg": "ab.jpg",
    "<script>alert(1)<x>.jpg": "<script>alert(1)<x>.jpg",
    "photo.php.jpg": "photo.php.jpg",
    "con": "con",
    "é.jpg": "é.jpg",
    ".htaccess": "htaccess",
    "x" * 300 + ".jpg": None,
}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:24])
def test_a_name_is_shown_and_never_becomes_a_path(send, name):
    answer = data(send(picture(), name), 201)

    file = File.objects.get()
    assert len(answer["name"]) <= 200
    if NAMES[name] is not None:
        assert answer["name"] == NAMES[name]
    assert file.path("main") == f"{file.key[:2]}/{file.key}-main.webp"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("photo.html", "text/html"), ("photo.svg", "image/svg+xml"), ("photo", ""), ("p.pdf", "x/y")],
)
def test_F1_a_wrong_extension_or_type_means_nothing(send, name, content_type):
    assert data(send(picture(), name, content_type), 201)["content_type"] == "image/webp"


def test_an_empty_file_is_refused(send):
    response = send(b"")

    assert refusal(response) == (400, 10400)
    assert "file" in response.json()["data"]


def test_F1_the_corpus_is_large_enough():
    total = len(NO_IMAGES) + len(BROKEN) + len(TOO_LARGE) + len(HARMLESS) + len(POLYGLOTS)
    assert total > 80
