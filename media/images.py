"""Images as they come in, and as they are kept: decoded, turned upright, encoded anew.

What is stored holds pixels and nothing else: no EXIF, no GPS, no comment, no second file at its
end (invariants F-1, F-2).
"""

import logging
import math
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps

from media.errors import FileTypeNotAllowed, ImageBroken, ImageTooLarge

logger = logging.getLogger(__name__)

# Pillow's names; no other decoder is ever tried.
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
# A decoder may need 16 bytes a pixel; JPEG alone can be decoded to a smaller size at once.
MAX_PIXELS = {"JPEG": 30_000_000, "PNG": 12_500_000, "WEBP": 12_500_000, "GIF": 12_500_000}
MAX_SIDE = 16_383
CONTENT_TYPE, QUALITY = "image/webp", 82


@dataclass(frozen=True)
class Rendition:
    data: bytes
    width: int
    height: int


def sniff(head: bytes) -> str | None:
    """Pillow's name of the format by the first bytes; None for everything that is not allowed."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return None


def render(
    content: BinaryIO, *, main: int, thumb: int, square: bool
) -> tuple[Rendition, Rendition]:
    """The image at most `main` pixels wide and high, and its thumbnail.

    square: cut to its middle.  Of an animation the first picture.  Raises FileTypeNotAllowed,
    ImageTooLarge before anything is decoded, ImageBroken.
    """
    kind = sniff(content.read(16))
    content.seek(0)
    if kind is None:
        raise FileTypeNotAllowed(allowed=sorted(FORMATS.values()))
    try:
        image = _decode(content, kind, main, square)
        return _encode(image, main, square), _encode(image, thumb, square)
    except ImageTooLarge:
        raise
    except Image.DecompressionBombError:
        raise ImageTooLarge(max_pixels=MAX_PIXELS[kind]) from None
    except Exception as error:  # decoders raise whatever a hostile file makes them stumble over
        logger.info("image refused: %s: %r", type(error).__name__, error)
        raise ImageBroken from None


def _decode(content: BinaryIO, kind: str, side: int, square: bool) -> Image.Image:
    """Upright, in sRGB, no larger than `side` asks for; the full size is not kept for long."""
    image = Image.open(content, formats=(kind,))
    width, height = image.size
    if width * height > MAX_PIXELS[kind] or max(width, height) > MAX_SIDE:
        raise ImageTooLarge(max_pixels=MAX_PIXELS[kind])
    enough = side / (min(width, height) if square else max(width, height))
    target = (max(1, math.ceil(width * enough)), max(1, math.ceil(height * enough)))
    image.draft(None, target)
    image.load()
    if image.mode in {"L", "LA", "RGB", "RGBA", "CMYK"} and "transparency" not in image.info:
        image.thumbnail(target, Image.Resampling.LANCZOS)  # others are made plain first
    image = _upright(_plain(image))
    image.info.clear()
    return image


def _upright(image: Image.Image) -> Image.Image:
    """As the camera was held; an EXIF block that cannot be read says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _plain(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something shines through; a colour profile is applied, then gone."""
    seen_through = "transparency" in image.info or image.mode in {"RGBA", "LA", "PA", "RGBa", "La"}
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256).convert("L")
    wanted = "RGBA" if seen_through else "RGB"
    plain = _through_profile(image) if image.mode in {"RGB", "CMYK"} else None
    plain = plain or (image if image.mode == wanted else image.convert(wanted))
    plain.info = {name: value for name, value in image.info.items() if name == "exif"}
    return plain


def _through_profile(image: Image.Image) -> Image.Image | None:
    """The image in sRGB; None without a profile, or with one that is broken or of other colours."""
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(
            image, given, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _encode(image: Image.Image, side: int, square: bool) -> Rendition:
    if square:
        image = ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)
    else:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return Rendition(out.getvalue(), *image.size)
