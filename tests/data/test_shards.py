import io
import tarfile

import numpy as np
import pytest

from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.data.shards import expand
from saddlepoint.errors import UserError

SKIP = DataConfig(on_bad="skip")


def tar(path, members):
    """A tar of these (name, content), in this order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def samples(picture, start, count, label=lambda i: str(i % 3), suffix="png"):
    for i in range(start, start + count):
        yield f"{i:05d}.{suffix}", picture(i)
        yield f"{i:05d}.cls", label(i).encode()


@pytest.fixture
def three(picture, tmp_path):
    """`shards-000.tar` to `shards-002.tar` of eight samples each."""
    for i in range(3):
        tar(tmp_path / "set" / f"shards-{i:03d}.tar", samples(picture, 8 * i, 8))
    return tmp_path / "set"


# Patterns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a-{000..002}.tar", ["a-000.tar", "a-001.tar", "a-002.tar"]),
        ("a-{8..11}.tar", ["a-8.tar", "a-9.tar", "a-10.tar", "a-11.tar"]),
        ("a-{08..10}.tar", ["a-08.tar", "a-09.tar", "a-10.tar"]),
        ("a-{0..2}", ["a-0", "a-1", "a-2"]),
        ("a-{7..7}", ["a-7"]),
        ("{x,y}-{0..1}.tar", ["x-0.tar", "x-1.tar", "y-0.tar", "y-1.tar"]),
        ("{train,val}/{00..01}.tar", ["train/00.tar", "train/01.tar", "val/00.tar", "val/01.tar"]),
        ("plain.tar", ["plain.tar"]),
        ("a{,b}.tar", ["a.tar", "ab.tar"]),
    ],
)
def test_expand(pattern, names):
    assert expand(pattern) == names


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("a-{000..099.tar", "braces must be closed"),
        ("a-{0..{1,2}}.tar", "not lie in each other"),
        ("a-{5..3}.tar", "must go upwards"),
        ("a-{0..9999999999}.tar", "must go upwards, over"),
        ("{0..9999}{0..9999}", "more than 100,000 files"),
        ("a-{x}.tar", "neither a range"),
        ("a-{}.tar", "neither a range"),
        ("a-{a..c}.tar", "neither a range"),
    ],
)
def test_patterns_that_mean_nothing(pattern, said, cache):
    with pytest.raises(UserError, match=said):
        load(pattern, cache=cache)


# Reading ------------------------------------------------------------------------------------------


def decoded(content):
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)))


def test_a_pattern_a_folder_and_one_shard(three, picture, cache):
    data = load(f"{three}/shards-{{000..002}}.tar", cache=cache)
    assert (np.asarray(data.train.rows) == np.stack([decoded(picture(i)) for i in range(24)])).all()
    assert data.train.labels is not None
    assert data.train.labels.tolist() == [i % 3 for i in range(24)]
    assert data.spec.classes == ("0", "1", "2")
    assert load(three, cache=cache).fingerprint == data.fingerprint
    assert load(str(three / "shards-{000..001}.tar"), cache=cache).fingerprint != data.fingerprint
    one = load(three / "shards-001.tar", cache=cache)
    assert one.spec.classes == ("0", "1", "2")
    assert len(one.train.rows) == 8


def test_the_folder_one_stands_in(three, cache, monkeypatch):
    whole = load(three, cache=cache).fingerprint
    monkeypatch.chdir(three)
    assert load("shards-{000..002}.tar", cache=cache).fingerprint == whole


def test_a_missing_shard_is_named(three, cache):
    (three / "shards-001.tar").unlink()
    with pytest.raises(UserError, match=r"shards-001\.tar is missing\."):
        load(f"{three}/shards-{{000..002}}.tar", cache=cache)
    with pytest.raises(UserError, match=r"shards-001\.tar is missing \(and 2 more of 5\)"):
        load(f"{three}/shards-{{000..004}}.tar", cache=cache)


def test_a_missing_part_of_an_announced_number_is_named(picture, tmp_path, cache):
    for i in (0, 1, 3):
        tar(tmp_path / "set" / f"train-{i:05d}-of-00004.tar", samples(picture, 8 * i, 8))
    with pytest.raises(UserError, match="lacks train-00002-of-00004"):
        load(tmp_path / "set", cache=cache)


def test_nothing_is_fetched_and_no_command_is_run(cache):
    for source in ("https://example.org/{00..01}.tar", "pipe:cat {00..01}.tar"):
        with pytest.raises(UserError, match=r"00\.tar is missing"):
            load(source, cache=cache)


def test_text_labels_other_members_and_compression(picture, tmp_path, cache):
    def members():
        for i in range(6):
            key = f"deep/folder/{i:03d}"
            yield f"{key}.cls", ["cat", "ape"][i % 2].encode() + b"\n"  # the label may come first
            yield f"{key}.WebP", picture(i, format="WEBP")
            yield f"{key}.json", b"{}"
            yield f"{key}.seg.png", b"another member, no picture of the sample"
        yield "999.json", b"{}"
        yield "__MACOSX/._1.jpg", b"fork"

    data = load(tar(tmp_path / "one.tar.gz", members()), cache=cache)
    assert data.spec.classes == ("ape", "cat")
    assert data.train.labels is not None
    assert data.train.labels.tolist() == [1, 0, 1, 0, 1, 0]
    notes = " ".join(data.notes)
    assert "7 .json members" in notes
    assert "6 .seg.png members" in notes
    assert "1 pictureless sample." in notes


def test_numbers_are_sorted_as_numbers(picture, tmp_path, cache):
    path = tar(tmp_path / "a.tar", samples(picture, 0, 12, label=str))
    assert load(path, cache=cache).spec.classes == tuple(str(i) for i in range(12))


@pytest.mark.parametrize("names", [("train-{0..1}.tar", "test-0.tar"), ("train/{0..1}.tar", "validation/0.tar")])
def test_splits_by_name(names, picture, tmp_path, cache):
    for i, name in enumerate([*expand(names[0]), names[1]]):
        tar(tmp_path / "set" / name, samples(picture, 30 * i, 30))
    data = load(tmp_path / "set", cache=cache)
    if "test" in names[1]:
        assert (len(data.train), len(data.validation), len(data.test)) == (57, 3, 30)
    else:
        assert (len(data.train), len(data.validation), len(data.test)) == (54, 30, 6)


def test_splits_and_a_file_that_says_none(picture, tmp_path, cache):
    for i, name in enumerate(["train-0.tar", "test-0.tar", "more-0.tar"]):
        tar(tmp_path / "set" / name, samples(picture, 8 * i, 8))
    with pytest.raises(UserError, match=r"files for test, train, but more-0\.tar says none"):
        load(tmp_path / "set", cache=cache)


def test_a_sample_without_a_label(picture, tmp_path, cache):
    tar(tmp_path / "a.tar", [*samples(picture, 0, 5), ("9.png", picture(9)), ("9.txt", b"x")])
    data = load(tmp_path / "a.tar", cache=cache)
    assert data.spec.classes == ()
    assert any("1 examples have no label (first a.tar/9.png)" in note for note in data.notes)


def test_shards_without_any_label(picture, tmp_path, cache):
    tar(tmp_path / "set" / "a.tar", [(f"{i}.png", picture(i)) for i in range(4)])
    data = load(tmp_path / "set", cache=cache)
    assert data.spec.classes == ()
    assert any("no .cls member" in note for note in data.notes)


def test_one_class_for_all_is_none(picture, tmp_path, cache):
    assert load(tar(tmp_path / "a.tar", samples(picture, 0, 4, lambda i: "cat")), cache=cache).spec.classes == ()


def test_one_bad_picture(picture, tmp_path, cache):
    members = list(samples(picture, 0, 6))
    members[4] = "00002.png", b"no picture"
    path = tar(tmp_path / "set" / "a.tar", members)
    with pytest.raises(UserError, match=r"a\.tar/00002\.png of .* cannot be decoded"):
        load(path.parent, cache=cache)
    assert [bad.name for bad in load(path.parent, SKIP, cache=cache).bad] == ["a.tar/00002.png"]


def test_a_sample_of_two_pictures_is_a_bad_one(picture, tmp_path, cache):
    path = tar(tmp_path / "a.tar", [*samples(picture, 0, 5), ("00004.jpg", picture(50, format="JPEG"))])
    with pytest.raises(UserError, match="the sample has several pictures, png and jpg"):
        load(path, cache=cache)
    assert len(load(path, SKIP, cache=cache).bad) == 1


def test_a_key_in_two_places(picture, tmp_path, cache):
    path = tar(tmp_path / "a.tar", [*samples(picture, 0, 5), *samples(picture, 0, 1)])
    with pytest.raises(UserError, match="has the key 00000 in two places"):
        load(path, cache=cache)


def test_the_same_key_in_two_shards(picture, tmp_path, cache):
    for i in range(2):
        tar(tmp_path / "set" / f"{i}.tar", [("0.png", picture(i)), ("0.cls", b"0")])
    assert len(load(tmp_path / "set", cache=cache).train.rows) == 2


def test_shards_of_no_pictures(tmp_path, cache):
    tar(tmp_path / "set" / "a.tar", [("0.json", b"{}"), ("0.cls", b"1")])
    with pytest.raises(UserError, match=r"no samples with a picture \(there are 1 \.json member"):
        load(tmp_path / "set", cache=cache)


@pytest.mark.parametrize("end", [0, 700, 9000])
def test_a_shard_cut_short(end, three, cache):
    path = three / "shards-001.tar"
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(UserError, match=r"shards-001\.tar is not a readable tar archive"):
        load(three, cache=cache)
    with pytest.raises(UserError, match=r"shards-001\.tar is not a readable tar archive"):
        load(path, cache=cache)


def test_one_sample_is_held_at_a_time(tmp_path, picture):
    """However many there are: nothing but what the consumer keeps, and no list of members."""
    import tracemalloc

    from saddlepoint.data.shards import find_shards

    big = picture(0, 200, 200)  # 120 kB each
    path = tar(tmp_path / "a.tar", [(f"{i}.png", big) for i in range(150)])
    source = find_shards("a", [path])
    tracemalloc.start()
    count = sum(len(read()) > 0 for _, _, read in source.stream())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 150
    assert path.stat().st_size > 15e6
    assert peak < 2e6
