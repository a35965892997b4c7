import io
import os
import pickle
import struct
import tarfile
from contextlib import suppress

import numpy as np
import pytest

from saddlepoint.data.load import load
from saddlepoint.data.pickled import read_pickle
from saddlepoint.errors import UserError

RNG = np.random.default_rng(0)
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def short(text):
    """A `str` of Python 2."""
    return b"U" + bytes([len(text)]) + text.encode()


def python2(images, labels, extra=b""):
    """The opcodes that Python 2's cPickle wrote into the published batches, protocol 2."""
    dtype = b"cnumpy\ndtype\nq\x07U\x02u1K\x00K\x01\x87Rq\x08(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x04cnumpy\nndarray\nq\x05K\x00\x85U\x01b\x87Rq\x06"
        + b"(K\x01M" + struct.pack("<H", len(images)) + b"M\x00\x0c\x86" + dtype + b"\x89"
        + b"T" + struct.pack("<i", images.size) + images.tobytes() + b"tb"
    )  # fmt: skip
    listed = b"]q\x09(" + b"".join(b"K" + bytes([n]) for n in labels) + b"e"
    items = short("batch_label") + short("training batch") + short("labels") + listed + short("data") + array
    return b"\x80\x02}q\x01(" + items + extra + b"u."


def batch(count, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 3072), dtype=np.uint8), rng.integers(0, 10, count).tolist()


BATCHES = {f"data_batch_{i}": batch(6, i) for i in range(1, 6)} | {"test_batch": batch(5, 9)}


def cifar10(write_batch=python2):
    files = {name: write_batch(*BATCHES[name]) for name in BATCHES}
    return files | {"batches.meta": pickle.dumps({"label_names": NAMES, "num_vis": 3072}, 2), "readme.html": b"hello"}


def packed(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def check(data):
    """The loaded set is BATCHES: training batches in turn, planes turned into pixels, labels with their names."""
    images = np.concatenate([BATCHES[name][0] for name in [*sorted(BATCHES)[:-1], "test_batch"]])
    order = np.concatenate([np.arange(5) + 30, np.arange(30)])  # rows are sorted by name: test/... before train/...
    expected = images.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)[order]
    assert (np.asarray(data.train.rows) == expected).all()
    labels = np.concatenate([BATCHES["test_batch"][1], *(BATCHES[f"data_batch_{i}"][1] for i in range(1, 6))])
    assert (data.train.labels == labels).all()
    assert data.spec.classes == tuple(NAMES)
    assert (data.test.index == np.arange(5)).all()
    assert len(data.train) + len(data.validation) == 30


def test_python_batches_in_a_folder(write, cache):
    check(load(write("cifar", cifar10()), cache=cache))


def test_python_batches_as_published_in_a_tar(tmp_path, cache):
    check(load(packed(tmp_path / "cifar-10-python.tar.gz", cifar10()), cache=cache))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("key", [str, str.encode])
@pytest.mark.parametrize("order", ["C", "F"])
def test_batches_written_by_python_3(protocol, key, order, write, cache):
    def write_batch(images, labels):
        names = [key(f"{i}.png") for i in range(len(labels))]
        held = {key("data"): np.asarray(images, order=order), key("labels"): labels, key("filenames"): names}
        return pickle.dumps(held, protocol)

    check(load(write("cifar", cifar10(write_batch)), cache=cache))


def test_labels_as_an_array_and_one_array_twice(write, cache):
    def write_batch(images, labels):
        return pickle.dumps({"again": images, "data": images, "labels": np.array(labels, ">i4")}, 2)

    check(load(write("cifar", cifar10(write_batch)), cache=cache))


def test_cifar_100(write, cache):
    names = [f"thing {i:02}" for i in range(100)]
    images, _ = batch(12, 0)
    fine = RNG.integers(0, 100, 12).tolist()
    held = {"data": images, "fine_labels": fine, "coarse_labels": [0] * 12}
    files = {"train": pickle.dumps(held, 2), "test": pickle.dumps(held, 2)}
    files |= {"meta": pickle.dumps({"fine_label_names": names, "coarse_label_names": ["any"]}, 2), "file.txt~": b""}
    data = load(write("cifar-100-python", files), cache=cache)
    assert data.spec.classes == tuple(names)
    assert len(data.test) == 12
    assert data.train.labels is not None
    assert data.train.labels.tolist() == fine * 2


def test_without_the_names_the_labels_name_themselves(write, cache):
    files = cifar10()
    del files["batches.meta"]
    assert load(write("cifar", files), cache=cache).spec.classes == tuple(str(n) for n in range(10))


def test_a_missing_batch_is_told(write, cache):
    files = cifar10()
    del files["data_batch_2"], files["data_batch_4"]
    data = load(write("cifar", files), cache=cache)
    assert any("data_batch_2, data_batch_4 are missing" in note for note in data.notes)
    assert len(data.train) + len(data.validation) == 18


def test_binary_batches_in_a_folder(write, cache):
    def write_batch(images, labels):
        return np.column_stack([np.array(labels, np.uint8), images]).tobytes()

    files = {f"{name}.bin": write_batch(*BATCHES[name]) for name in BATCHES}
    data = load(write("cifar", files), cache=cache)
    assert data.spec.classes == tuple(str(n) for n in range(10))
    assert len(data.test) == 5
    with pytest.raises(UserError, match=r"data_batch_1\.bin of .* is cut short"):
        load(write("cifar", {"data_batch_1.bin": files["data_batch_1.bin"][:-1]}), cache=cache)


# What is refused ----------------------------------------------------------------------------------


class Trap:
    """Unpickled, it would write a file."""

    def __init__(self, call, *arguments):
        self.made = call, arguments

    def __reduce__(self):
        return self.made


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("place", ["data_batch_3", "test_batch", "batches.meta"])
def test_nothing_in_a_batch_is_run(protocol, place, write, tmp_path, cache):
    ran = tmp_path / "ran"
    files = cifar10()
    files[place] = pickle.dumps({"data": Trap(os.system, f"touch {ran}"), "label_names": NAMES}, protocol)
    with pytest.raises(UserError, match=rf"{place} of .* pickle that holds .*nothing of it was run"):
        load(write("cifar", files), cache=cache)
    assert not ran.exists()
    pickle.loads(files[place])  # the trap is one
    assert ran.exists()


def test_the_refusal_names_the_object(write, cache):
    files = cifar10() | {"data_batch_1": pickle.dumps({"data": Trap(eval, "1")}, 2)}
    with pytest.raises(UserError, match=r"data_batch_1 of .* holds the Python object __builtin__\.eval"):
        load(write("cifar", files), cache=cache)


REFUSED = {
    "a global hidden in extras": python2(*batch(2, 0), extra=short("x") + b"cos\nsystem\n(U\x04true\x85R"),
    "an instance, protocol 0": b"(ios\nsystem\n.",
    "a persistent id": b"\x80\x02U\x01x\x51.",
    "an extension": b"\x80\x02\x82\x01.",
    "a new object": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "a call of ndarray": b"\x80\x02cnumpy\nndarray\n)R.",
    "a call of text": b"\x80\x02U\x01x)R.",
    "a state for a list": b"\x80\x02]}b.",
    "objects in an array": pickle.dumps(np.array([{}]), 2),
    "floats": pickle.dumps(np.zeros(3), 2),
    "other encodings": b"\x80\x02c_codecs\nencode\nU\x01xU\x05rot13\x86R.",
    "a tuple as a key": pickle.dumps({(1, 2): 3}, 2),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_more_than_plain_data_is_refused(content):
    with pytest.raises(UserError, match=r"x is a pickle that holds .*nothing of it was run"):
        read_pickle(content, "x")


def bomb():
    """Lists that hold the list before twice: tiny to write, endless to walk through."""
    held = []
    for _ in range(200):
        held = [held, held]
    return held


def test_a_bomb_of_references_ends(write, cache):
    for held in ({"data": bomb(), "labels": bomb()}, bomb()):
        with pytest.raises(UserError, match=r"data_batch_1 of .* is not a CIFAR"):
            load(write("cifar", cifar10() | {"data_batch_1": pickle.dumps(held, 4)}), cache=cache)


WHOLE = python2(*batch(3, 0))


@pytest.mark.parametrize("end", [0, 1, 2, 20, 60, 200, 5000, len(WHOLE) - 2, len(WHOLE) - 1])
def test_a_batch_cut_short(end, write, cache):
    with pytest.raises(UserError, match=r"data_batch_1 of .* is no"):
        load(write("cifar", cifar10() | {"data_batch_1": WHOLE[:end]}), cache=cache)


def test_any_damage_is_a_sentence_or_harmless():
    rng = np.random.default_rng(1)
    small = python2(np.zeros((1, 3072), np.uint8), [1])
    for _ in range(400):
        broken = bytearray(small)
        for at in rng.integers(0, 260, 3):
            broken[at] = rng.integers(0, 256)
        with suppress(UserError):  # and no other exception
            read_pickle(bytes(broken), "x")


@pytest.mark.parametrize(
    "held",
    [
        [],
        {"labels": [1]},
        {"data": np.zeros((2, 10), np.uint8), "labels": [0, 0]},
        {"data": np.zeros((2, 3072), np.int64), "labels": [0, 0]},
        {"data": np.zeros((2, 3072), np.uint8), "labels": [0]},
        {"data": np.zeros((2, 3072), np.uint8), "labels": ["a", "b"]},
        {"data": np.zeros((2, 3072), np.uint8), "labels": [0, -1]},
        {"data": np.zeros((2, 3072), np.uint8)},
    ],
)
def test_plain_data_that_is_no_batch(held, write, cache):
    with pytest.raises(UserError, match=r"data_batch_1 of .* is not a CIFAR"):
        load(write("cifar", cifar10() | {"data_batch_1": pickle.dumps(held, 2)}), cache=cache)


def test_a_label_without_a_name(write, cache):
    files = cifar10() | {"batches.meta": pickle.dumps({"label_names": NAMES[:3]}, 2)}
    with pytest.raises(UserError, match="has the label 9, and names for 3 only"):
        load(write("cifar", files), cache=cache)


def test_names_that_are_none(write, cache):
    files = cifar10() | {"batches.meta": pickle.dumps({"names": NAMES}, 2)}
    with pytest.raises(UserError, match=r"batches\.meta of .* has no label_names"):
        load(write("cifar", files), cache=cache)


def test_a_tar_named_cifar_that_holds_pictures(picture, tmp_path, cache):
    path = packed(tmp_path / "my_cifar_cats.tar.gz", {f"{i}.png": picture(i) for i in range(3)})
    assert len(load(path, cache=cache).train.rows) == 3
    (tmp_path / "cifar.tar").write_bytes(b"no")
    with pytest.raises(UserError, match=r"cifar\.tar is not a readable tar"):
        load(tmp_path / "cifar.tar", cache=cache)


def test_a_folder_of_images_may_hold_a_file_named_meta(picture, write, cache):
    assert len(load(write("set", {"1.png": picture(1), "meta": b"no pickle"}), cache=cache).train.rows) == 1
