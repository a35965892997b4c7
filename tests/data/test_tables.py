import io
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.errors import UserError

SKIP = DataConfig(on_bad="skip")
NAMES = ["ape", "cat", "dog"]
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def hub(**features):
    """The schema metadata that the `datasets` package writes."""
    return {"huggingface": json.dumps({"info": {"features": features}})}


LABELLED = hub(image={"_type": "Image"}, label={"_type": "ClassLabel", "names": NAMES})


def table(images, labels=None, metadata=LABELLED, name="image", kind=IMAGE):
    values = [{"bytes": image, "path": f"{i}.png"} for i, image in enumerate(images)] if kind is IMAGE else images
    columns = {name: pa.array(values, kind)}
    if labels is not None:
        columns["label"] = pa.array(labels)
    made = pa.table(columns | {"text": pa.array(["a caption"] * len(images))})
    return made.replace_schema_metadata(metadata)


def parquet(path, made, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(made, path, **options)
    return path


def arrow(path, made):
    """What `save_to_disk` writes: a stream of record batches and, beside it, the list of such files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, made.schema) as writer:
        writer.write_table(made, max_chunksize=7)
    state = path.with_name("state.json")
    listed = json.loads(state.read_text())["_data_files"] if state.exists() else []
    state.write_text(json.dumps({"_data_files": [*listed, {"filename": path.name}], "_split": None}))
    path.with_name("dataset_info.json").write_text("{}")
    return path


@pytest.fixture
def images(picture):
    return [picture(i) for i in range(40)]


LABELS = [i % 3 for i in range(40)]


def decoded(contents):
    return np.stack([np.asarray(Image.open(io.BytesIO(content))) for content in contents])


def check(data, images, labels=LABELS):
    assert (np.asarray(data.train.rows) == decoded(images)).all()
    assert data.spec.classes == tuple(NAMES)
    assert data.train.labels is not None
    assert data.train.labels.tolist() == labels


def test_one_parquet_file(images, tmp_path, cache):
    check(load(parquet(tmp_path / "a.parquet", table(images, LABELS)), cache=cache), images)


def test_parts_are_one_set_however_it_is_cut_and_packed(images, tmp_path, cache):
    whole = load(parquet(tmp_path / "a.parquet", table(images, LABELS)), cache=cache)
    for name, write in (("p", parquet), ("a", arrow)):
        for i, start in enumerate((0, 15, 17)):
            rows = slice(start, (15, 17, 40)[i])
            suffix = "parquet" if name == "p" else "arrow"
            write(tmp_path / name / f"data-{i:05d}-of-00003.{suffix}", table(images[rows], LABELS[rows]))
        data = load(tmp_path / name, cache=cache)
        check(data, images)
        assert data.fingerprint == whole.fingerprint


@pytest.mark.parametrize(
    ("train", "test", "validation"),
    [
        ("data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet", None),
        ("plain/train/0000.parquet", "plain/test/0000.parquet", "plain/validation/0000.parquet"),
        ("train-00000-of-00001-0123abc.parquet", "test-00000-of-00001-77.parquet", "valid-00000-of-00001-9.parquet"),
    ],
)
def test_splits_of_the_hub(train, test, validation, images, tmp_path, cache):
    parquet(tmp_path / "set" / train, table(images[:20], LABELS[:20]))
    parquet(tmp_path / "set" / test, table(images[20:32], LABELS[20:32]))
    if validation:
        parquet(tmp_path / "set" / validation, table(images[32:], LABELS[32:]))
    (tmp_path / "set" / "README.md").write_text("card")
    data = load(tmp_path / "set", cache=cache)
    assert (len(data.train), len(data.validation)) == ((20, 8) if validation else (19, 1))
    assert (data.test.raw(slice(None)).numpy() == decoded(images[20:32])).all()
    y = data.test.y(slice(None))
    assert y is not None
    assert y.tolist() == LABELS[20:32]


def test_save_to_disk_of_a_dict_of_splits(images, tmp_path, cache):
    arrow(tmp_path / "set" / "train" / "data-00000-of-00001.arrow", table(images[:30], LABELS[:30]))
    arrow(tmp_path / "set" / "test" / "data-00000-of-00001.arrow", table(images[30:], LABELS[30:]))
    (tmp_path / "set" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    scratch = table(images[:5], LABELS[:5])
    earlier = str(tmp_path / "set" / "train" / "cache-0123.arrow")  # the result of a `map`, kept by `datasets`
    with pa.OSFile(earlier, "wb") as file, pa.ipc.new_stream(file, scratch.schema) as writer:
        writer.write_table(scratch)
    data = load(tmp_path / "set", cache=cache)
    assert (len(data.train), len(data.validation), len(data.test)) == (29, 1, 10)
    assert len(load(earlier, cache=cache).train.rows) == 5  # named itself, it is what is meant
    (tmp_path / "set" / "train" / "state.json").write_text("{}")
    with pytest.raises(UserError, match=r"state\.json is not what save_to_disk writes"):
        load(tmp_path / "set", cache=cache)


def test_an_arrow_file_with_a_footer(images, tmp_path, cache):
    made = table(images, LABELS)
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_file(file, made.schema) as writer:
        writer.write_table(made)
    check(load(tmp_path / "a.arrow", cache=cache), images)


def test_a_part_that_is_missing_is_named(images, tmp_path, cache):
    for i in (0, 1, 3):
        parquet(tmp_path / "set" / "data" / f"train-{i:05d}-of-00004.parquet", table(images[:5], LABELS[:5]))
    with pytest.raises(UserError, match=r"lacks data/train-00002-of-00004, though"):
        load(tmp_path / "set", cache=cache)


# Columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [IMAGE, pa.binary(), pa.large_binary()])
@pytest.mark.parametrize("name", ["image", "img", "picture"])
def test_without_metadata_types_and_names_decide(kind, name, images, tmp_path, cache):
    made = table(images, LABELS, None, name, kind)
    data = load(parquet(tmp_path / "a.parquet", made), cache=cache)
    assert (np.asarray(data.train.rows) == decoded(images)).all()
    assert data.spec.classes == ("0", "1", "2")


@pytest.mark.parametrize("encode", [False, True])
def test_labels_that_are_text(encode, images, tmp_path, cache):
    labels = pa.array([NAMES[n] for n in LABELS])
    made = table(images, labels.dictionary_encode() if encode else labels, None)
    check(load(parquet(tmp_path / "a.parquet", made), cache=cache), images)


def test_no_labels(images, tmp_path, cache):
    data = load(parquet(tmp_path / "a.parquet", table(images)), cache=cache)
    assert data.spec.classes == ()


@pytest.mark.parametrize("missing", [None, -1])
def test_a_row_without_a_label(missing, images, tmp_path, cache):
    data = load(parquet(tmp_path / "a.parquet", table(images, [*LABELS[:-1], missing])), cache=cache)
    assert data.spec.classes == ()
    assert any("1 examples have no label (first train/000000039)" in note for note in data.notes)


def test_a_label_without_a_name(images, tmp_path, cache):
    path = parquet(tmp_path / "a.parquet", table(images, [*LABELS[:-1], 3]))
    with pytest.raises(UserError, match=r"row train/000000039 of .*a\.parquet has the label 3, .*names for 3 only"):
        load(path, cache=cache)


def test_fine_labels_are_taken_before_coarse_ones(images, tmp_path, cache):
    coarse = {"_type": "ClassLabel", "names": ["any"]}
    metadata = hub(image={"_type": "Image"}, coarse_label=coarse, fine_label={"_type": "ClassLabel", "names": NAMES})
    made = table(images, None, metadata).append_column("coarse_label", pa.array([0] * 40))
    made = made.append_column("fine_label", pa.array(LABELS)).replace_schema_metadata(metadata)
    check(load(parquet(tmp_path / "a.parquet", made), cache=cache), images)


def test_several_columns_of_images(images, tmp_path, cache):
    made = table(images).append_column("mask", table(images)["image"])
    two = hub(image={"_type": "Image"}, mask={"_type": "Image"})
    path = parquet(tmp_path / "a.parquet", made.replace_schema_metadata(two))
    with pytest.raises(UserError, match=r"a\.parquet has several columns of images, image, mask"):
        load(path, cache=cache)


def test_no_column_of_images(tmp_path, cache):
    made = pa.table({"pixels": pa.array([[1, 2]]), "text": pa.array(["x"])})
    with pytest.raises(UserError, match=r"has no column of encoded images .* its columns are pixels, text\."):
        load(parquet(tmp_path / "a.parquet", made), cache=cache)


def test_parts_that_do_not_agree(images, tmp_path, cache):
    parquet(tmp_path / "set" / "a.parquet", table(images, LABELS))
    other = hub(image={"_type": "Image"}, label={"_type": "ClassLabel", "names": NAMES[::-1]})
    parquet(tmp_path / "set" / "b.parquet", table(images, LABELS, other))
    with pytest.raises(UserError, match=r"b\.parquet has other columns or classes than .*a\.parquet"):
        load(tmp_path / "set", cache=cache)


def test_metadata_that_say_nothing(images, tmp_path, cache):
    wrong = hub(text={"_type": "Image"}, label={"_type": "ClassLabel"})["huggingface"]  # no image, no names
    for i, held in enumerate(
        [wrong, "no json", "[]", '{"info": {"features": []}}', '{"info": {"features": {"image": 3}}}']
    ):
        made = table(images, LABELS, {"huggingface": held})
        assert load(parquet(tmp_path / f"{i}.parquet", made), cache=cache).spec.classes == ("0", "1", "2")


# Odd rows and files -------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [parquet, arrow])
def test_a_row_without_its_picture(write, images, tmp_path, cache):
    path = write(tmp_path / f"a.{write.__name__}", table([None, b"", b"text", *images[3:]], LABELS))
    with pytest.raises(UserError, match=r"train/000000000 of .* cannot be decoded \(.*no image in it"):
        load(path, cache=cache)
    data = load(path, SKIP, cache=cache)
    assert [bad.name for bad in data.bad] == [f"train/{i:09d}" for i in range(3)]
    assert data.spec.classes == tuple(NAMES)
    made = pa.table({"image": pa.array([None, *({"bytes": x, "path": None} for x in images)], IMAGE)})
    assert [bad.name for bad in load(write(tmp_path / f"b.{write.__name__}", made), SKIP, cache=cache).bad] == [
        "train/000000000"
    ]


def test_no_rows(tmp_path, cache):
    with pytest.raises(UserError, match="holds no rows"):
        load(parquet(tmp_path / "a.parquet", table([], [])), cache=cache)


@pytest.mark.parametrize("write", [parquet, arrow])
@pytest.mark.parametrize("end", [0, 5, 100, -100])
def test_a_table_cut_short(write, end, images, tmp_path, cache):
    path = write(tmp_path / f"a.{write.__name__}", table(images, LABELS))
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(UserError, match=rf"a\.{write.__name__} is not a readable table"):
        load(path, cache=cache)


@pytest.mark.parametrize("kind", [IMAGE, pa.binary()])
def test_an_arrow_file_whose_offsets_are_damaged(kind, images, tmp_path, cache):
    """Arrow itself would read anywhere in memory."""
    path = arrow(tmp_path / "a.arrow", table(images[:5], metadata=None, kind=kind))
    offsets = np.cumsum([0, *map(len, images[:5])], dtype="<i4")
    content = path.read_bytes()
    assert offsets.tobytes() in content
    offsets[2:] += 2**30
    path.write_bytes(content.replace(np.cumsum([0, *map(len, images[:5])], dtype="<i4").tobytes(), offsets.tobytes()))
    with pytest.raises(UserError, match=r"a\.arrow is not a readable table"):
        load(path, cache=cache)


def test_images_come_before_a_table_that_lies_beside_them(images, tmp_path, cache):
    parquet(tmp_path / "set" / "metadata.parquet", pa.table({"file_name": ["a.png"]}))
    (tmp_path / "set" / "train").mkdir()
    (tmp_path / "set" / "train" / "a.png").write_bytes(images[0])
    data = load(tmp_path / "set", cache=cache)
    assert len(data.train) == 1
    assert any("1 .parquet file" in note for note in data.notes)


def test_a_link_keeps_its_name(images, tmp_path, cache):
    """The hub's own cache links `train.parquet` to a file that is named by its hash."""
    (tmp_path / "blobs").mkdir()
    parquet(tmp_path / "a.parquet", table(images, LABELS)).rename(tmp_path / "blobs" / "0123")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.parquet").symlink_to(tmp_path / "blobs" / "0123")
    check(load(tmp_path / "set", cache=cache), images)
    check(load(tmp_path / "set" / "train.parquet", cache=cache), images)


def test_pyarrow_is_asked_for_by_name(images, tmp_path, cache, monkeypatch):
    path = parquet(tmp_path / "a.parquet", table(images, LABELS))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"a\.parquet needs pyarrow.*pip install 'saddlepoint\[data\]'"):
        load(path, cache=cache)


def test_an_extension_type_is_not_run(images, tmp_path, cache):
    """Its name and bytes are written into the file as they would be by a program that had registered it."""
    claimed = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": b"cos\nabort\n)R."}
    field = pa.field("image", pa.binary(), metadata=claimed)
    made = pa.Table.from_arrays([pa.array(images, pa.binary())], schema=pa.schema([field]))
    data = load(parquet(tmp_path / "a.parquet", made), cache=cache)
    assert (np.asarray(data.train.rows) == decoded(images)).all()


def test_few_rows_are_held_at_a_time(tmp_path, picture):
    import tracemalloc

    from saddlepoint.data.find import find

    big = picture(0, 200, 200)  # 120 kB each
    path = parquet(tmp_path / "a.parquet", table([big] * 600, [0] * 600), row_group_size=300, compression=None)
    before = pa.total_allocated_bytes()
    source = find(path, tmp_path, offline=True, progress=print)
    tracemalloc.start()
    most = max(pa.total_allocated_bytes() - before for _, _, read in source.stream() if read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15e6  # of 70 MB
    assert most < 40e6
