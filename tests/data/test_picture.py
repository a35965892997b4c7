import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from saddlepoint.data.picture import PictureError, decode, parse_size, probe
from saddlepoint.errors import UserError


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def flat(mode: str, colour: object, size: tuple[int, int] = (4, 4)) -> Image.Image:
    return Image.new(mode, size, colour)  # type: ignore[arg-type]


def palette(*colours: tuple[int, int, int]) -> Image.Image:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([v for colour in colours for v in colour])
    return image


CASES = {
    "grey": (encoded(flat("L", 100)), True, [100], [100, 100, 100], [100, 100, 100, 255]),
    "one bit": (encoded(flat("1", 1)), True, [255], [255] * 3, [255] * 4),
    "rgb": (encoded(flat("RGB", (255, 0, 0))), False, [76], [255, 0, 0], [255, 0, 0, 255]),
    "rgba": (encoded(flat("RGBA", (255, 0, 0, 0))), False, [255], [255] * 3, [255, 0, 0, 0]),
    "half clear": (encoded(flat("RGBA", (0, 0, 0, 51))), False, [204], [204] * 3, [0, 0, 0, 51]),
    "grey alpha": (encoded(flat("LA", (10, 0))), True, [255], [255] * 3, [10, 10, 10, 0]),
    "palette": (encoded(palette((9, 9, 8), (0, 0, 255))), False, [29], [0, 0, 255], [0, 0, 255, 255]),
    "grey palette": (encoded(palette((9, 9, 9), (50, 50, 50))), True, [50], [50] * 3, [50, 50, 50, 255]),
    "clear palette": (
        encoded(palette((9, 9, 8), (0, 0, 255)), transparency=1),
        *(False, [255], [255] * 3, [0, 0, 255, 0]),
    ),
    "clear gif": (
        encoded(palette((9, 9, 8), (0, 0, 255)), "GIF", transparency=1),
        *(False, [255], [255] * 3, [0, 0, 255, 0]),
    ),
    "16 bits": (encoded(flat("I;16", 257 * 90 + 100)), True, [90], [90] * 3, [90, 90, 90, 255]),
    "16 bits, white": (encoded(flat("I;16", 65535)), True, [255], [255] * 3, [255] * 4),
    "16 bit tiff": (encoded(flat("I;16", 257 * 90), "TIFF"), True, [90], [90] * 3, [90, 90, 90, 255]),
    "cmyk": (encoded(flat("CMYK", (0, 255, 255, 0), (16, 16)), "JPEG"), False, [76], [255, 0, 0], [255, 0, 0, 255]),
    "bmp": (encoded(flat("RGB", (1, 2, 3)), "BMP"), False, [2], [1, 2, 3], [1, 2, 3, 255]),
    "webp": (encoded(flat("RGB", (1, 2, 3)), "WEBP", lossless=True), False, [2], [1, 2, 3], [1, 2, 3, 255]),
    "pgm": (encoded(flat("L", 7), "PPM"), True, [7], [7] * 3, [7, 7, 7, 255]),
}


@pytest.mark.parametrize("name", CASES)
def test_every_mode_becomes_the_channels_asked_for(name):
    content, grey, *expected = CASES[name]
    header = probe(content)
    assert header.grey == grey
    for colour in expected:
        pixels = decode(content, (header.height, header.width, len(colour)), "crop")
        assert pixels.dtype == np.uint8
        assert pixels.shape == (header.height, header.width, len(colour))
        tolerance = 2 if name == "cmyk" else 1 if name in ("rgb", "palette") else 0
        assert np.abs(pixels.astype(int) - colour).max() <= tolerance


def test_a_16_bit_pgm():
    content = b"P5 2 1 65535 " + struct.pack(">2H", 0, 257 * 200)
    assert decode(content, (1, 2, 1), "crop").ravel().tolist() == [0, 200]


@pytest.mark.parametrize(("mode", "value"), [("F", 0.5), ("I", 70_000), ("I", -1)])
def test_pixels_without_an_agreed_range_are_refused(mode, value):
    with pytest.raises(PictureError, match="no agreed range"):
        decode(encoded(flat(mode, value), "TIFF"), (4, 4, 1), "crop")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(format, orientation):
    upright = np.zeros((16, 32), np.uint8)
    upright[:8, :8] = 255  # the bright corner is at the top left
    # how each orientation stores such a picture: the inverse of the turn that it asks for
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(np.ascontiguousarray(stored)), format, exif=exif)
    header = probe(content)
    assert (header.height, header.width) == (16, 32)
    pixels = decode(content, (16, 32, 1), "crop")[..., 0]
    assert np.abs(pixels.astype(int) - upright).mean() < 3


def test_a_picture_of_the_right_size_is_not_touched():
    noise = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert (decode(encoded(Image.fromarray(noise)), (9, 7, 3), "crop") == noise).all()
    assert (decode(noise, (9, 7, 3), "pad") == noise).all()


def wide() -> bytes:
    """12 high, 36 wide: red, green and blue thirds."""
    pixels = np.zeros((12, 36, 3), np.uint8)
    for third in range(3):
        pixels[:, 12 * third : 12 * (third + 1), third] = 255
    return encoded(Image.fromarray(pixels))


def test_crop_keeps_the_middle_and_the_proportions():
    pixels = decode(wide(), (6, 6, 3), "crop")
    assert (pixels[:, :, 1] > 200).all()


def test_pad_keeps_everything_and_fills_with_black():
    pixels = decode(wide(), (36, 36, 3), "pad")
    assert pixels[:12].max() == 0
    assert pixels[24:].max() == 0
    assert [pixels[18, x].argmax() for x in (2, 18, 33)] == [0, 1, 2]
    assert decode(wide(), (36, 36, 4), "pad")[0, 0].tolist() == [0, 0, 0, 0]


def test_stretch_keeps_everything_and_fills_the_frame():
    pixels = decode(wide(), (30, 9, 3), "stretch")
    assert [pixels[y, x].argmax() for y in (0, 29) for x in (0, 4, 8)] == [0, 1, 2] * 2


def test_making_smaller_does_not_alias():
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(decode(stripes, (16, 16, 1), "crop").astype(int) - 127).max() < 12


def test_a_photograph_is_decoded_small_and_looks_the_same():
    rng = np.random.default_rng(0)
    big = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).resize((1200, 900), 3)
    content = encoded(big, "JPEG", quality=95)
    plain = big.resize((64, 48), Image.Resampling.LANCZOS)
    assert np.abs(decode(content, (48, 64, 3), "crop").astype(int) - np.asarray(plain)).mean() < 2


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    to=st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 4])),
    fit=st.sampled_from(["crop", "pad", "stretch"]),
)
def test_any_size_goes_to_any_other(height, width, to, fit):
    values = decode(np.full((height, width), 77, np.uint8), to, fit)[..., 0]
    assert values.max() == 77
    assert set(np.unique(values)) <= ({0, 77} if fit == "pad" else {77})


@settings(max_examples=150)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"]),
    position=st.floats(0, 1),
    junk=st.binary(max_size=8),
    cut=st.booleans(),
)
def test_broken_bytes_decode_or_are_named_broken(kind, position, junk, cut):
    whole = encoded(Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3)), kind)
    at = int(position * len(whole))
    broken = whole[:at] + junk + (b"" if cut else whole[at + len(junk) :])
    try:
        pixels = decode(broken, (5, 5, 3), "crop")
    except PictureError:
        return
    assert pixels.shape == (5, 5, 3)
    assert probe(broken).width > 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"hello, I am text", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not an image"),  # Pillow would start Ghostscript
    ],
)
def test_what_is_no_picture(content, reason):
    with pytest.raises(PictureError, match=reason):
        probe(content)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_decompression_bomb_is_not_decoded(side):
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(PictureError, match=r"pixels"):
        probe(bomb)


@pytest.mark.parametrize(("text", "size"), [("auto", None), ("64", (64, 64)), ("48x64", (48, 64)), ("1", (1, 1))])
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["0", "-3", "64x", "x64", "64X64", "1.5", "big", "9999", "64x64x3", "", "٦٤"])
def test_sizes_that_are_none(text):
    with pytest.raises(UserError, match="size="):
        parse_size(text)


def test_a_bound_of_the_callers_holds_before_anything_is_decoded():
    content = encoded(Image.new("L", (40, 50)))
    assert decode(content, (5, 4, 1), "crop", most=2000).shape == (5, 4, 1)
    with pytest.raises(PictureError, match="40 x 50 pixels, more than the 1,999"):
        decode(content, (5, 4, 1), "crop", most=1999)
