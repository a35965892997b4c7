"""One odd file in a folder of good ones: named, and left out if asked; never a crash."""

import io
import os
import socket
import struct
import tempfile
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saddlepoint.config import DataConfig
from saddlepoint.data.load import inspect, load
from saddlepoint.errors import UserError

SKIP = DataConfig(on_bad="skip")


def encoded(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(height, width, depth, colour, rows, *extra):
    """A PNG of these raw rows, for the kinds that Pillow does not write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + body + chunk(b"IEND", b"")


@pytest.fixture
def folder(picture, write):
    """Twenty good pictures; put an odd one beside them."""
    return write("set", {f"{i:02}.png": picture(i) for i in range(20)})


def is_bad(folder, cache, name, reason):
    """It stops a load by its name and reason; is left out and recorded on demand; is listed by an inspection."""
    with pytest.raises(UserError) as stopped:
        load(folder, cache=cache)
    message = str(stopped.value)
    assert message.startswith(f"{name} of {folder} cannot be decoded (")
    assert reason in message
    assert "on_bad=skip" in message
    data = load(folder, SKIP, cache=cache)
    assert [bad.name for bad in data.bad] == [name]
    assert reason in data.bad[0].reason
    assert len(data.train) + len(data.validation) + len(data.test) == 20
    assert [bad.name for bad in inspect(folder, cache=cache).bad] == [name]


# Broken -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("part", [0.1, 0.6])
def test_truncated(kind, part, picture, folder, cache):
    whole = picture(99, 60, 60, format=kind)
    (folder / "odd.png").write_bytes(whole[: int(part * len(whole))])
    is_bad(folder, cache, "odd.png", "")


def test_zero_bytes(folder, cache):
    (folder / "odd.png").touch()
    is_bad(folder, cache, "odd.png", "empty file")


@pytest.mark.parametrize(
    "content", [b"just a note", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"\0" * 999]
)
def test_not_an_image(content, folder, cache):
    (folder / "odd.png").write_bytes(content)
    is_bad(folder, cache, "odd.png", "not an image")


def test_a_decompression_bomb(folder, cache):
    side = 50_000
    zeros = zlib.compress(bytes(10**6), 9)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")
    assert len(bomb) < 2000  # and would be 7.5 GB
    (folder / "odd.png").write_bytes(bomb)
    is_bad(folder, cache, "odd.png", "DecompressionBombError")


def test_a_bomb_of_text(folder, cache):
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100 * 2**20), 9))
    (folder / "odd.png").write_bytes(raw_png(8, 8, 8, 0, [bytes(8)] * 8, text))
    is_bad(folder, cache, "odd.png", "ecompressed")


@contextmanager
def as_nobody():
    """Without the rights of the superuser, whom no file refuses."""
    if os.geteuid():
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def shared(picture):
    """A folder of twenty pictures that everybody can reach and change, and a cache beside it."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        (root / "set" / "sub").mkdir(parents=True)
        for i in range(20):
            (root / "set" / "sub" / f"{i:02}.png").write_bytes(picture(i))
        load(root / "set", cache=root / "first")  # what is imported late is imported now
        for path in (root, root / "set", root / "set" / "sub"):
            path.chmod(0o777)
        yield root


def test_an_unreadable_file(shared, picture):
    odd = shared / "set" / "sub" / "odd.png"
    odd.write_bytes(picture(99))
    odd.chmod(0)
    with as_nobody():
        is_bad(shared / "set", shared / "cache", "sub/odd.png", "Permission denied")


def test_an_unreadable_folder(shared):
    locked = shared / "set" / "locked"
    locked.mkdir()
    locked.chmod(0)
    with as_nobody(), pytest.raises(UserError, match=rf"{locked} cannot be read: Permission denied"):
        load(shared / "set", SKIP, cache=shared / "cache")


def test_a_source_that_cannot_be_reached(shared):
    (shared / "set").chmod(0)
    with as_nobody(), pytest.raises(UserError, match="sub cannot be read: Permission denied"):
        load(shared / "set" / "sub", cache=shared / "cache")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.npy", "a.npz", "a.parquet", "a.arrow", "a-images-idx3-ubyte"])
def test_an_unreadable_source(name, shared):
    (shared / name).write_bytes(b"content")
    (shared / name).chmod(0)
    with as_nobody(), pytest.raises(UserError, match=rf"{shared / name} .*Permission denied"):
        load(shared / name, cache=shared / "cache")


def test_a_dangling_link(folder, cache):
    (folder / "odd.png").symlink_to("nowhere.png")
    is_bad(folder, cache, "odd.png", "No such file")


def test_a_link_to_itself(folder, cache):
    (folder / "odd.png").symlink_to("odd.png")
    is_bad(folder, cache, "odd.png", "symbolic links")
    with pytest.raises(UserError, match="There is no file"):
        load(folder / "odd.png", cache=cache)


def test_a_pipe(folder, cache):
    os.mkfifo(folder / "odd.png")
    is_bad(folder, cache, "odd.png", "pipe, socket or device")


def test_a_device(folder, cache):
    (folder / "odd.png").symlink_to("/dev/zero")
    is_bad(folder, cache, "odd.png", "pipe, socket or device")


def test_a_socket(folder, cache, monkeypatch):
    monkeypatch.chdir(folder)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("odd.png")
        is_bad(folder, cache, "odd.png", "pipe, socket or device")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.npy", "a.parquet", "plain"])
def test_a_pipe_as_the_source(name, tmp_path, cache):
    os.mkfifo(tmp_path / name)
    with pytest.raises(UserError, match=f"{name} is neither a file nor a folder"):
        load(tmp_path / name, cache=cache)


def test_a_folder_with_the_name_of_an_image(folder, picture, cache):
    (folder / "odd.png").mkdir()
    (folder / "odd.png" / "in.png").write_bytes(picture(99))
    assert len(load(folder, cache=cache).train.rows) == 21


# Names --------------------------------------------------------------------------------------------


def test_a_wrong_extension_of_an_image_does_no_harm(folder, picture, cache):
    (folder / "20.png").write_bytes(picture(99, format="JPEG"))
    (folder / "21.jpg").write_bytes(picture(98))
    assert len(load(folder, cache=cache).train.rows) == 22


def test_an_image_that_is_not_named_as_one_is_counted(folder, picture, cache):
    (folder / "20.txt").write_bytes(picture(99))
    (folder / "21").write_bytes(picture(98))
    data = load(folder, cache=cache)
    assert len(data.train.rows) == 20
    assert "Ignored by their names: 1 .txt file, 1 nameless file." in data.notes


def test_upper_case_extensions(picture, write, cache):
    files = {"A.PNG": picture(0), "B.JPG": picture(1, format="JPEG"), "C.Jpeg": picture(2, format="JPEG")}
    assert len(load(write("set", files), cache=cache).train.rows) == 3


def test_names_that_are_no_utf8(folder, picture, cache):
    (Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png"))).write_bytes(picture(99))
    Path(os.fsdecode(os.fsencode(folder) + b"/th\xe9.png")).touch()
    is_bad_name = "th\\xe9.png"
    with pytest.raises(UserError, match=r"th\\xe9\.png of"):
        load(folder, cache=cache)
    data = load(folder, SKIP, cache=cache)
    assert [bad.name for bad in data.bad] == [is_bad_name]
    assert len(data.train) + len(data.validation) + len(data.test) == 21
    str(data.bad).encode()  # it can be printed


def test_a_class_whose_name_is_no_utf8(picture, write, cache):
    folder = write("set", {"a/1.png": picture(0)})
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9"))
    odd.mkdir()
    (odd / "1.png").write_bytes(picture(1))
    assert load(folder, cache=cache).spec.classes == ("a", "caf\\xe9")


def test_a_source_whose_name_is_no_utf8(picture, tmp_path, cache):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    (odd / "1.png").write_bytes(picture(1))
    with pytest.raises(UserError, match=r"caf\\xe9: .*name .*UTF-8"):
        load(odd, cache=cache)


def test_a_name_that_is_too_long(cache):
    with pytest.raises(UserError, match="cannot be read: File name too long"):
        load("x" * 5000, cache=cache)


def test_hidden_files_and_what_macs_leave(folder, picture, cache):
    (folder / ".hidden.png").write_bytes(b"no picture")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._00.png").write_bytes(b"no picture")
    assert len(load(folder, cache=cache).train.rows) == 20


def test_a_zip_whose_names_are_damaged(picture, tmp_path, cache):
    content = zipped({"caf\xe9.png": picture(0)})
    (tmp_path / "a.zip").write_bytes(content.replace("caf\xe9".encode(), b"caf\xe9\xff"))
    with pytest.raises(UserError, match=r"a\.zip is not a readable zip archive"):
        load(tmp_path / "a.zip", cache=cache)


# How many -----------------------------------------------------------------------------------------


def test_no_image(tmp_path, cache):
    (tmp_path / "set").mkdir()
    with pytest.raises(UserError, match=r"set holds no images: known extensions are \.avif"):
        load(tmp_path / "set", cache=cache)


def test_one_image(picture, write, cache):
    data = load(write("set", {"a.png": picture(0)}), cache=cache)
    assert (len(data.train), len(data.validation), len(data.test)) == (1, 0, 0)
    assert any("too few to hold any out" in note for note in data.notes)
    assert any("1 training images are few" in note for note in data.notes)


def test_copies_are_named_and_stay_on_one_side(picture, write, cache):
    files = {f"{i:03}.png": picture(i % 30) for i in range(120)}  # every picture four times
    data = load(write("set", files), cache=cache)
    rows = np.asarray(data.train.rows).reshape(120, -1)
    sides = [{rows[i].tobytes() for i in part.index} for part in (data.train, data.validation, data.test)]
    assert all(sides)
    assert sum(map(len, sides)) == 30
    note = next(note for note in data.notes if "exact copies" in note)
    assert "90 images are exact copies of others (first 030.png of 000.png)" in note
    assert "0 in another split" in note


def test_copies_that_the_source_itself_keeps_apart_are_told(picture, write, cache):
    files = {f"train/{i:02}.png": picture(i) for i in range(10)} | {
        "test/00.png": picture(3),
        "test/01.png": picture(50),
    }
    data = load(write("set", files), cache=cache)
    assert len(data.test) == 2
    assert any("1 images are exact copies" in note and "1 in another split" in note for note in data.notes)


# Archives within ----------------------------------------------------------------------------------


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("outer", ["folder", "zip", "tar"])
@pytest.mark.parametrize("name", ["deep/inner.zip", "inner.7z"])
def test_only_an_archive_within(outer, name, picture, write, tmp_path, cache):
    from test_shards import tar

    files = {name: zipped({"a.png": picture(0)}), "readme.txt": b"read"}
    if outer == "folder":
        source = write("set", files)
    elif outer == "zip":
        source = tmp_path / "outer.zip"
        source.write_bytes(zipped(files))
    else:
        source = tar(tmp_path / "outer.tar", files.items())
    with pytest.raises(UserError, match=rf"{source} holds no images, only {name}, .*not opened: unpack it, or give it"):
        load(source, cache=cache)


def test_a_tar_within_a_zip(picture, tmp_path, cache):
    (tmp_path / "outer.zip").write_bytes(zipped({"inner.tar.gz": b"anything"}))
    with pytest.raises(UserError, match=r"only inner\.tar\.gz, "):
        load(tmp_path / "outer.zip", cache=cache)


def test_archives_beside_images_are_mentioned(folder, picture, cache):
    (folder / "more.zip").write_bytes(zipped({"a.png": picture(99)}))
    (folder / "old.tar").write_bytes(b"anything")
    data = load(folder, cache=cache)
    assert len(data.train.rows) == 20
    assert "Archives within are not opened: more.zip and 1 more." in data.notes


# Pictures of every kind ---------------------------------------------------------------------------

FRAMES = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]


@pytest.mark.parametrize(("kind", "suffix"), [("GIF", "gif"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tif")])
def test_of_several_frames_the_first_is_taken_and_that_is_said(kind, suffix, folder, cache):
    moving = encoded(FRAMES[0], kind, save_all=True, append_images=FRAMES[1:])
    (folder / f"20.{suffix}").write_bytes(moving)
    (folder / f"21.{suffix}").write_bytes(moving)
    data = load(folder, cache=cache)
    assert np.abs(data.train.rows[20].astype(int) - (255, 0, 0)).max() <= 2
    said = f"2 images have several frames or pages (first 20.{suffix}): their first is taken."
    assert said in data.notes


def test_the_preview_in_a_photograph_is_no_second_page(folder, cache):
    (folder / "20.jpg").write_bytes(encoded(FRAMES[0], "MPO", save_all=True, append_images=FRAMES[1:]))
    assert "several frames" not in " ".join(load(folder, cache=cache).notes)


GRADIENT = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)


def adam7(rgb):
    """A PNG in the seven passes of Adam7, which Pillow reads but does not write."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    body = b"".join(b"\0" + row.tobytes() for y, x, dy, dx in passes for row in rgb[y::dy, x::dx])
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", rgb.shape[1], rgb.shape[0], 8, 2, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def test_an_interlaced_png(folder, cache):
    (folder / "20.png").write_bytes(adam7(GRADIENT))
    assert (load(folder, cache=cache).train.rows[20] == GRADIENT).all()


def test_a_progressive_jpeg(folder, cache):
    (folder / "20.jpg").write_bytes(
        encoded(Image.fromarray(GRADIENT), "JPEG", progressive=True, quality=100, subsampling=0)
    )
    assert np.abs(load(folder, cache=cache).train.rows[20].astype(int) - GRADIENT).max() <= 3


def test_16_bits_of_colour(folder, cache):
    pixels = GRADIENT.astype(">u2") * 257
    (folder / "20.png").write_bytes(raw_png(8, 8, 16, 2, [row.tobytes() for row in pixels]))
    assert (load(folder, cache=cache).train.rows[20] == GRADIENT).all()


@pytest.mark.parametrize(("mode", "expected"), [("rgb", [255, 255, 255]), ("rgba", [200, 200, 200, 0])])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_grey_level_that_is_transparent(depth, mode, expected, folder, cache):
    clear = 200 if depth == 8 else 257 * 200
    values = np.full((8, 8), clear, f">u{depth // 8}")
    values[4:] = 0
    extra = chunk(b"tRNS", struct.pack(">H", clear))
    (folder / "20.png").write_bytes(raw_png(8, 8, depth, 0, [row.tobytes() for row in values], extra))
    data = load(folder, DataConfig(mode=mode), cache=cache)
    assert (data.train.rows[20, :4] == expected).all()
    assert (data.train.rows[20, 4:] == [0, 0, 0, 255][: len(expected)]).all()
    if mode == "rgb":
        assert "1 images have transparency, laid over white; mode=rgba keeps it." in data.notes


@pytest.mark.parametrize("adobe", [True, False], ids=["with Adobe's mark", "without"])
def test_a_cmyk_jpeg_is_read_as_adobe_writes_it(adobe, folder, cache):
    content = encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100)
    at = content.index(b"\xff\xee")
    assert content[at + 4 : at + 9] == b"Adobe"
    if not adobe:
        content = content[:at] + content[at + 2 + int.from_bytes(content[at + 2 : at + 4]) :]
    (folder / "20.jpg").write_bytes(content)
    assert np.abs(load(folder, cache=cache).train.rows[20].astype(int) - (255, 0, 0)).max() <= 3


def test_floating_point_tiff(folder, cache):
    (folder / "odd.tif").write_bytes(encoded(Image.new("F", (8, 8), 0.5), "TIFF"))
    is_bad(folder, cache, "odd.tif", "floating-point pixels have no agreed range")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_damaged_colour_profile_does_no_harm(kind, folder, cache):
    (folder / "20.png").write_bytes(encoded(FRAMES[0], kind, icc_profile=b"no profile"))
    assert np.abs(load(folder, cache=cache).train.rows[20].astype(int) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_damaged_exif(kind, folder, cache):
    (folder / "20.png").write_bytes(encoded(FRAMES[0], kind, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow's
        assert len(load(folder, cache=cache).train.rows) == 21
