"""One encoded picture becomes one array of the wanted shape."""

from __future__ import annotations

import io
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from saddlepoint.errors import UserError

Pixels = npt.NDArray[np.uint8]
Encoded = bytes | Pixels
"""The bytes of an image file, or pixels (H, W) or (H, W, C)."""
Shape = tuple[int, int, int]
"""Height, width, channels."""
Fit = Literal["crop", "pad", "stretch"]

EXTENSIONS = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif", ".qoi"}
)
MAX_BYTES = 2**30  # an encoded file beyond this is no picture; archives can claim any size
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N"})

Image.init()
_FORMATS = ("JPEG", "PNG", "MPO", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "QOI")
# Pillow would otherwise try every plugin it has, whatever the extension; the one for EPS starts Ghostscript.
FORMATS = [name for name in _FORMATS if name in Image.OPEN]


class PictureError(Exception):
    """It cannot be decoded; the message is the reason, without the name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a picture says of itself before it is decoded; height and width as it is to be seen.

    several: whether it has more frames or pages than the first, which is the one that is decoded.
    """

    height: int
    width: int
    mode: str
    grey: bool
    transparent: bool
    several: bool


def parse_size(text: str) -> tuple[int, int] | None:
    """`64` or `48x64` as (height, width); None for auto.

    Raises:
        UserError: anything else.
    """
    if text == "auto":
        return None
    match = re.fullmatch(r"([0-9]+)(?:x([0-9]+))?", text)
    height, width = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not (0 < height <= 4096 and 0 < width <= 4096):
        raise UserError(f"size={text}: write a side like 64, or height x width like 48x64, from 1 to 4096, or auto.")
    return height, width


def probe(encoded: Encoded) -> Header:
    """Read the header only.

    Raises:
        PictureError: it is not a picture, or too large a one.
    """
    with _reasons(), _open(encoded) as image:
        width, height = image.size
        if _turned(image):
            width, height = height, width
        grey = image.mode in GREY_MODES or (image.mode == "P" and _grey_palette(image))
        transparent = image.has_transparency_data
        # the second picture in the MPO of a camera is a preview of the first
        several = image.format != "MPO" and getattr(image, "is_animated", False)
        return Header(height=height, width=width, mode=image.mode, grey=grey, transparent=transparent, several=several)


def decode(encoded: Encoded, shape: Shape, fit: Fit, *, most: int | None = None) -> Pixels:
    """The picture upright, in these channels, fitted to this height and width: uint8 (H, W, C).

    Of several frames or pages it is the first. Transparency is laid over white where C is 1 or 3. Resampling is
    antialiased. Colour profiles are not applied. most: of more pixels it is not decoded; by default Pillow's limit.

    Raises:
        PictureError: it cannot be decoded.
    """
    height, width, channels = shape
    with _reasons(), _open(encoded, most) as image:
        turned = _turned(image)
        # A JPEG can be decoded at a half, a quarter or an eighth; three times what is needed keeps the antialiasing.
        image.draft(None, (3 * height, 3 * width) if turned else (3 * width, 3 * height))
        image.load()
        upright = ImageOps.exif_transpose(image) if _may_be_turned(image) else image
        fitted = _fit(_convert(upright, MODES[channels]), (width, height), fit)
        return np.asarray(fitted).reshape(shape)


@contextmanager
def _reasons() -> Generator[None]:
    try:
        yield
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"not an image, or of a kind that is not supported ({', '.join(FORMATS)})") from error
    except Exception as error:  # on broken bytes Pillow's decoders raise almost anything
        raise PictureError(f"{type(error).__name__}: {error}") from error


def _open(encoded: Encoded, most: int | None = None) -> Image.Image:
    if isinstance(encoded, np.ndarray):
        return Image.fromarray(encoded)
    if not encoded:
        raise PictureError("empty file")
    image = Image.open(io.BytesIO(encoded), formats=FORMATS)
    limit = Image.MAX_IMAGE_PIXELS if most is None else most
    if limit is not None and image.width * image.height > limit:
        raise PictureError(f"{image.width} x {image.height} pixels, more than the {limit:,} that are safe to decode")
    return image


def _may_be_turned(image: Image.Image) -> bool:
    """Whether there is anything to ask for an orientation; asking costs a PNG its whole decoding."""
    return not image.info.keys().isdisjoint(("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"))


def _turned(image: Image.Image) -> bool:
    return _may_be_turned(image) and image.getexif().get(0x0112, 1) >= 5


def _grey_palette(image: Image.Image) -> bool:
    palette = image.getpalette() or []
    return palette[0::3] == palette[1::3] == palette[2::3]


def _convert(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.size and not (values.min() >= 0 and values.max() <= 65535):
            raise PictureError("32-bit pixels have no agreed range: save it with 8 or 16 bits")
        clear = image.info.get("transparency")  # the one grey level that is fully transparent
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))
        if clear is not None:
            image = Image.merge("LA", (image, Image.fromarray(np.uint8(255) * (values != clear))))
    elif image.mode == "F":
        raise PictureError("floating-point pixels have no agreed range: save it with 8 or 16 bits")
    if mode != "RGBA" and image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def _fit(image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    """size: (width, height)."""
    if image.size == size:
        return image
    across, down = size[0] / image.width, size[1] / image.height
    if fit == "stretch":
        return _resize(image, size, (0, 0, *image.size))
    if fit == "crop":
        scale = max(across, down)
        wide, high = size[0] / scale, size[1] / scale
        left, top = max(0.0, (image.width - wide) / 2), max(0.0, (image.height - high) / 2)
        return _resize(image, size, (left, top, min(left + wide, image.width), min(top + high, image.height)))
    scale = min(across, down)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    canvas = Image.new(image.mode, size)
    canvas.paste(_resize(image, inner, (0, 0, *image.size)), ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return canvas


def _resize(image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
