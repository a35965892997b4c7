import gzip
import io
import os
import tarfile
import zipfile

import numpy as np
import pytest

from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.errors import UserError

SKIP = DataConfig(on_bad="skip")


def pixels_by_name(data):
    """Every example of the set in the order of its rows, whatever its split."""
    return np.asarray(data.train.rows)


def packed(kind, path, files):
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}[kind]) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def pets(picture):
    """Six pictures in two classes, in an order that is not sorted."""
    return {f"{kind}/{i}.png": picture(10 * i + len(kind)) for i in (2, 0, 1) for kind in ("dog", "goldfish")}


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4) for n in array.shape) + array.tobytes()


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive_is_the_folder_it_was_made_of(kind, pets, write, tmp_path, cache):
    folder = load(write("pets", pets), cache=cache)
    archive = load(packed(kind, tmp_path / f"p.{kind}", {f"top/{n}": c for n, c in pets.items()}), cache=cache / "2")
    assert archive.fingerprint == folder.fingerprint
    assert archive.spec == folder.spec
    assert archive.spec.classes == ("dog", "goldfish")
    assert (pixels_by_name(archive) == pixels_by_name(folder)).all()
    for split in ("train", "validation", "test"):
        assert (getattr(archive, split).index == getattr(folder, split).index).all()


def test_rows_are_sorted_by_name_and_labelled_by_folder(pets, write, cache):
    from PIL import Image

    data = load(write("pets", pets), cache=cache)
    expected = [np.asarray(Image.open(io.BytesIO(pets[name]))) for name in sorted(pets)]
    assert (pixels_by_name(data) == np.stack(expected)).all()
    y = data.train.y(slice(None))
    assert y is not None
    assert y.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_member_that_occurs_twice_is_the_last_one(picture, tmp_path, cache):
    path = tmp_path / "twice.tar"
    with tarfile.open(path, "w") as archive:
        for name, seed in [("a.png", 0), ("b.png", 1), ("a.png", 2)]:
            member = tarfile.TarInfo(name)
            member.size = len(picture(seed))
            archive.addfile(member, io.BytesIO(picture(seed)))
    from PIL import Image

    rows = pixels_by_name(load(path, cache=cache))
    assert len(rows) == 2
    assert (rows[0] == np.asarray(Image.open(io.BytesIO(picture(2))))).all()


def test_other_files_are_ignored_and_counted(picture, write, cache):
    files = {"1.PNG": picture(0), "2.jpeg": picture(1, format="JPEG"), "README.md": b"#", "labels.csv": b"", "x": b""}
    hidden = {".DS_Store": b"", "._1.png": b"fork", "__MACOSX/._1.png": b"fork", ".git/a.png": picture(5)}
    data = load(write("set", files | hidden), cache=cache)
    assert len(data.train) == 2
    assert any("1 .md file" in note and "1 .csv file" in note for note in data.notes)


@pytest.mark.parametrize("files", [{}, {"a.txt": b"1"}])
def test_a_folder_without_images(files, write, tmp_path, cache):
    (tmp_path / "set").mkdir()
    with pytest.raises(UserError, match="holds no images"):
        load(write("set", files), cache=cache)


def test_linked_folders_are_followed_once(picture, write, cache):
    folder = write("set", {"a/1.png": picture(0), "b/1.png": picture(1)})
    os.symlink(folder, folder / "a" / "loop")
    os.symlink(write("elsewhere", {"1.png": picture(2)}), folder / "c")
    data = load(folder, cache=cache)
    assert data.spec.classes == ("a", "b", "c")
    assert len(data.train) == 3


def test_a_dangling_link_is_a_bad_file(picture, write, cache):
    folder = write("set", {"1.png": picture(0), "2.png": picture(1)})
    os.symlink("nowhere.png", folder / "0.png")
    with pytest.raises(UserError, match=r"0\.png"):
        load(folder, cache=cache)
    assert [bad.name for bad in load(folder, SKIP, cache=cache).bad] == ["0.png"]


@pytest.mark.parametrize(("name", "content"), [("a.zip", b"PK\3\4 no"), ("a.tar", b"no tar"), ("a.tar.xz", b"no")])
def test_archives_that_are_none(name, content, tmp_path, cache):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} is not a readable"):
        load(tmp_path / name, cache=cache)


@pytest.mark.parametrize(
    ("kind", "end"),
    # in the tar: nothing, part of a header, a header, part of a file, all files but not the end
    [("tar", 0), ("tar", 1200), ("tar", 1536), ("tar", 1600), ("tar", 6 * 1024), ("tar.gz", 700), ("tar.xz", 700)],
)
def test_an_archive_cut_short(kind, end, pets, tmp_path, cache):
    path = packed(kind, tmp_path / f"p.{kind}", pets)
    assert path.stat().st_size > end
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(UserError, match="not a readable tar"):
        load(path, cache=cache)


def test_a_damaged_member_of_a_zip_is_a_bad_file(pets, tmp_path, cache):
    path = packed("zip", tmp_path / "p.zip", pets)
    content = bytearray(path.read_bytes())
    at = content.index(b"dog/1.png") + 60  # inside its compressed data
    content[at] ^= 0xFF
    path.write_bytes(content)
    assert [bad.name for bad in load(path, SKIP, cache=cache).bad] == ["dog/1.png"]


def test_split_folders(picture, write, cache):
    names = [f"{split}/{c}/{i}.png" for split in ("train", "test") for c in "ab" for i in range(30)]
    files = {name: picture(seed) for seed, name in enumerate(names)}
    data = load(write("set", files), cache=cache)
    assert (len(data.train), len(data.validation), len(data.test)) == (57, 3, 60)
    assert data.spec.classes == ("a", "b")


def test_only_a_test_split_is_nothing_to_train_on(picture, write, cache):
    folder = write("set", {"train/1.png": b"bad", "test/1.png": picture(1)})
    with pytest.raises(UserError, match="no images to train on"):
        load(folder, SKIP, cache=cache)


# Arrays -------------------------------------------------------------------------------------------

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 6, 5), dtype=np.uint8)
LABELS = np.arange(40, dtype=np.uint8) % 4


@pytest.fixture(params=[False, True], ids=["plain", "gz"])
def four_files(request, write):
    files = {
        "train-images-idx3-ubyte": idx(IMAGES[:30]),
        "train-labels-idx1-ubyte": idx(LABELS[:30]),
        "t10k-images-idx3-ubyte": idx(IMAGES[30:]),
        "t10k-labels-idx1-ubyte": idx(LABELS[30:]),
    }
    if request.param:
        files = {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    return write("idx", files)


def test_a_folder_of_four_idx_files(four_files, cache):
    data = load(four_files, cache=cache)
    assert data.spec.shape == (1, 6, 5)
    assert data.spec.classes == ("0", "1", "2", "3")
    assert (len(data.train) + len(data.validation), len(data.test)) == (30, 10)
    assert (data.test.raw(slice(None)).numpy()[..., 0] == IMAGES[30:]).all()
    y = data.test.y(slice(None))
    assert y is not None
    assert (y.numpy() == LABELS[30:]).all()


def test_one_idx_file_finds_its_labels(four_files, cache):
    path = next(four_files.glob("t10k-images*"))
    data = load(path, cache=cache)
    assert len(data.train) + len(data.validation) + len(data.test) == 10
    assert len(data.spec.classes) == 4
    for labels in four_files.glob("t10k-labels*"):
        labels.unlink()
    data = load(path, cache=cache)
    assert data.spec.classes == ()
    assert any("No labels file" in note for note in data.notes)


def test_labels_of_one_split_only_are_no_labels(four_files, cache):
    next(four_files.glob("t10k-labels*")).unlink()
    data = load(four_files, cache=cache)
    assert data.train.y(slice(None)) is None
    assert any("No labels file" in note for note in data.notes)


def test_two_idx_sets_in_one_folder_are_ambiguous(write, cache):
    folder = write("idx", {f"emnist-{s}-train-images-idx3-ubyte": idx(IMAGES) for s in ("letters", "digits")})
    with pytest.raises(UserError, match="two sets"):
        load(folder, cache=cache)
    assert len(load(folder / "emnist-letters-train-images-idx3-ubyte", cache=cache).train.rows) == 40


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (idx(IMAGES)[:-1], "cut short"),
        (idx(IMAGES)[:7], "cut short"),
        (idx(IMAGES) + b"more", "cut short or damaged"),
        (b"\0\0\x0d\3" + bytes(12), "not an IDX file"),
        (b"", "not an IDX file"),
        (gzip.compress(idx(IMAGES))[:-20], "cannot be read"),
    ],
)
def test_damaged_idx(content, said, tmp_path, cache):
    (tmp_path / "a-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(UserError, match=said):
        load(tmp_path / "a-images-idx3-ubyte", cache=cache)


@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_npy_images(channels, tmp_path, cache):
    shape = (20, 6, 5) if channels is None else (20, 6, 5, channels)
    images = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    np.save(tmp_path / "a.npy", images)
    auto = load(tmp_path / "a.npy", cache=cache)
    assert auto.spec.shape == ((1 if channels in (None, 1) else 3), 6, 5)
    if channels == 4:
        auto = load(tmp_path / "a.npy", DataConfig(mode="rgba"), cache=cache)
    assert (pixels_by_name(auto) == images.reshape(20, 6, 5, -1)).all()


@pytest.mark.parametrize("keys", [("images", "labels"), ("x", "y"), ("arr_0", "arr_1"), ("x_train", "y_train")])
def test_npz_keys(keys, tmp_path, cache):
    np.savez(tmp_path / "a.npz", **{keys[0]: IMAGES, keys[1]: LABELS.astype(np.int64)[:, None] * 10})
    data = load(tmp_path / "a.npz", cache=cache)
    assert (pixels_by_name(data)[..., 0] == IMAGES).all()
    assert data.spec.classes == ("0", "10", "20", "30")


def test_npz_splits_and_named_labels(tmp_path, cache):
    names = np.array(["cat", "ape", "dog", "cow"])[LABELS]
    np.savez(tmp_path / "a.npz", x_train=IMAGES[:30], y_train=names[:30], x_test=IMAGES[30:], y_test=names[30:])
    data = load(tmp_path / "a.npz", cache=cache)
    assert data.spec.classes == ("ape", "cat", "cow", "dog")
    assert len(data.test) == 10
    y = data.test.y(slice(None))
    assert y is not None
    assert [data.spec.classes[label] for label in y] == names[30:].tolist()


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"pictures": IMAGES}, "it has pictures"),
        ({"x": IMAGES.astype(np.float32)}, "must be uint8"),
        ({"x": IMAGES.reshape(40, 30)}, "shape"),
        ({"x": np.zeros((5, 3, 8, 8), np.uint8)}, "channels first"),
        ({"x": IMAGES, "y": LABELS[:-1]}, "labels must be 40"),
        ({"x": IMAGES, "y": LABELS / 2}, "labels must be 40"),
        ({"x": IMAGES[:0]}, "shape"),
    ],
)
def test_npz_that_do_not_fit(arrays, said, tmp_path, cache):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UserError, match=said):
        load(tmp_path / "a.npz", cache=cache)


def test_nothing_is_unpickled(tmp_path, cache):
    trap = np.array([{"a": 1}], dtype=object)
    np.save(tmp_path / "a.npy", trap, allow_pickle=True)
    np.savez(tmp_path / "a.npz", images=trap)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(UserError, match="plain numbers"):
            load(tmp_path / name, cache=cache)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_numpy_files_that_are_none(name, tmp_path, cache):
    (tmp_path / name).write_bytes(b"not numpy")
    with pytest.raises(UserError, match="not a readable numpy file"):
        load(tmp_path / name, cache=cache)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_points(dtype, tmp_path, cache):
    points = np.random.default_rng(0).normal(size=(100, 3)).astype(dtype)
    np.savez(tmp_path / "a.npz", x=points, y=np.arange(100) % 2)
    data = load(tmp_path / "a.npz", cache=cache)
    assert data.spec.kind == "points"
    assert data.spec.shape == (3,)
    assert data.spec.classes == ("0", "1")
    assert (len(data.train), len(data.validation), len(data.test)) == (86, 4, 10)
    x = data.train.x(slice(0, 5))
    assert x.dtype.is_floating_point
    assert (x.numpy() == points[data.train.index[:5]].astype(np.float32)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_that_are_not_finite(bad, tmp_path, cache):
    points = np.zeros((20, 2))
    points[7, 1] = bad
    np.save(tmp_path / "a.npy", points)
    with pytest.raises(UserError, match="row 7"):
        load(tmp_path / "a.npy", cache=cache)


# What is asked for --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"), [("mnits", "did you mean mnist"), ("/no/such/place", "give a path, or one")]
)
def test_no_such_source(source, said, cache):
    with pytest.raises(UserError, match=said):
        load(source, cache=cache)


def test_a_file_of_another_kind(tmp_path, cache):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(UserError, match=r"a\.txt is not a kind of data we read"):
        load(tmp_path / "a.txt", cache=cache)


def test_a_name_is_the_known_set_and_a_path_the_folder(picture, write, cache, tmp_path, monkeypatch):
    write("digits", {"1.png": picture(0)})
    monkeypatch.chdir(tmp_path)
    assert load("digits", cache=cache).source == "digits"
    assert load("./digits", cache=cache).source == str(tmp_path / "digits")
