"""Images in the tables of Hugging Face: parquet files, and what `save_to_disk` writes. Read by pyarrow, row by row.

Nothing in a table is run: pyarrow gives an extension type that nobody registered as its storage, and since 14.0.1 it
no longer unpickles any (CVE-2023-47248).
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from saddlepoint.data.layout import Layout, check_whole, file_splits, label
from saddlepoint.data.picture import Encoded
from saddlepoint.data.sources import Read, stamp_of
from saddlepoint.errors import UserError

SUFFIXES = (".parquet", ".arrow")
ROWS = 64  # read at a time
IMAGE_NAMES = ("image", "img")
LABEL_NAMES = ("label", "labels", "fine_label")


@dataclass(frozen=True)
class Columns:
    """The column of encoded images, and the one of labels with the names of their values, if there are."""

    image: str
    label: str | None
    classes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [self.image, self.label] if self.label else [self.image]


@dataclass
class Tables:
    """Rows of parquet or Arrow files. The name of an example is its split and its row there."""

    title: str
    files: tuple[Path, ...]
    splits: tuple[str, ...]
    _columns: Columns | None = None
    _labels: dict[str, int | str | None] = field(default_factory=dict[str, int | str | None])

    def stamp(self) -> list[list[str | int]]:
        return [stamp_of(path) for path in self.files]

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        self._columns = None
        self._labels.clear()
        count = dict.fromkeys(self.splits, 0)
        for split, path in zip(self.splits, self.files, strict=True):
            with _errors(path):
                for columns, batch in _batches(path):
                    self._agree(path, columns)
                    labels = [None] * len(batch) if columns.label is None else batch.column(columns.label).to_pylist()
                    for encoded, value in zip(_encoded(batch.column(columns.image)), labels, strict=True):
                        name = f"{split}/{count[split]:09d}"
                        count[split] += 1
                        self._labels[name] = _checked(value, columns, f"row {name} of {self.title}")
                        yield name, len(encoded) if encoded else 0, partial(_given, encoded)

    def layout(self, names: Sequence[str]) -> Layout:
        if self._columns is None or not names:
            raise UserError(f"{self.title} holds no rows.")
        splits = [name.partition("/")[0] for name in names]
        return label(names, splits, [self._labels[name] for name in names], self._columns.classes)

    def _agree(self, path: Path, columns: Columns) -> None:
        self._columns = self._columns or columns
        if columns != self._columns:
            raise UserError(f"{path} has other columns or classes than {self.files[0]}.")


def find_tables(path: Path, found: Sequence[Path]) -> Tables:
    """The tables of a file, or of these files of a folder.

    Raises:
        UserError: a part is missing, a split is unclear, or pyarrow is.
    """
    _pyarrow(path)
    files = [file for file in sorted(found) if file == path or not _is_scratch(file)]
    names = [file.relative_to(path).as_posix() if file != path else file.name for file in files]
    if path.is_dir():
        check_whole(names, str(path))
    return Tables(str(path), tuple(files), tuple(file_splits(names, str(path))))


def _is_scratch(file: Path) -> bool:
    """Whether it is one of the results that `datasets` keeps beside a saved set, whose state.json lists the set's."""
    state = file.with_name("state.json")
    if file.suffix != ".arrow" or not state.is_file():
        return False
    try:
        listed = {entry["filename"] for entry in json.loads(state.read_bytes())["_data_files"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{state} is not what save_to_disk writes: {error}.") from error
    return file.name not in listed


def _pyarrow(path: Path) -> None:
    try:
        import pyarrow  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        raise UserError(f"{path} needs pyarrow, which is not installed: pip install 'saddlepoint[data]'") from None


@contextmanager
def _errors(path: Path) -> Generator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a readable table: {str(error).splitlines()[0]}.") from error


def _batches(path: Path) -> Iterator[tuple[Columns, Any]]:
    """Record batches of a few rows, of the two columns that matter."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix.lower() == ".parquet":
        with pq.ParquetFile(path, memory_map=True) as file:
            columns = _columns(path, file.schema_arrow)
            for batch in file.iter_batches(ROWS, columns=columns.names, use_threads=False):
                yield columns, batch
        return
    with pa.memory_map(str(path)) as mapped:
        head = mapped.read(6)
        mapped.seek(0)
        if head == b"ARROW1":
            file = pa.ipc.open_file(mapped)
            columns, batches = _columns(path, file.schema), map(file.get_batch, range(file.num_record_batches))
        else:
            stream = pa.ipc.open_stream(mapped)
            columns, batches = _columns(path, stream.schema), stream
        for whole in batches:
            batch = whole.select(columns.names)
            batch.validate(full=True)  # these are offsets as they lie on the disk, and damaged ones end the process
            for start in range(0, len(batch), ROWS):
                yield columns, batch.slice(start, ROWS)


def _columns(path: Path, schema: Any) -> Columns:
    """Which columns are meant: what the metadata of Hugging Face says, or else types and usual names.

    Raises:
        UserError: there is no image column, or there are several.
    """
    features = _features(schema)
    possible = [name for name in schema.names if _may_hold_images(schema.field(name).type)]
    said = [name for name in possible if features.get(name, {}).get("_type") == "Image"]
    images = said or possible
    if not said and len(images) > 1:
        images = [name for name in images if name in IMAGE_NAMES] or images
    if not images:
        raise UserError(
            f"{path} has no column of encoded images (binary, or with the fields bytes and path): "
            f"its columns are {', '.join(schema.names)}."
        )
    if len(images) > 1:
        raise UserError(
            f"{path} has several columns of images, {', '.join(images)}: write a copy that has one of them."
        )
    named = {name: feature.get("names") for name, feature in features.items() if feature.get("_type") == "ClassLabel"}
    classes = {name: tuple(map(str, names)) for name, names in named.items() if isinstance(names, list)}
    usual = [name for name in (*LABEL_NAMES, *(classes if len(classes) == 1 else ())) if name in schema.names]
    column = next((name for name in usual if _may_hold_labels(schema.field(name).type)), None)
    return Columns(images[0], column, classes.get(column, ()) if column else ())


def _features(schema: Any) -> dict[str, Any]:
    try:
        held = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = held.get("info", {}).get("features", {})
        return {name: feature for name, feature in features.items() if isinstance(feature, dict)}
    except (ValueError, AttributeError):
        return {}  # not what Hugging Face writes, so it says nothing


def _may_hold_images(kind: Any) -> bool:
    import pyarrow.types as types

    if types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _may_hold_images(kind.field("bytes").type)
    return types.is_binary(kind) or types.is_large_binary(kind)


def _may_hold_labels(kind: Any) -> bool:
    import pyarrow.types as types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return types.is_integer(kind) or types.is_boolean(kind) or types.is_string(kind) or types.is_large_string(kind)


def _encoded(column: Any) -> Iterator[bytes | None]:
    import pyarrow.types as types

    if types.is_struct(column.type):
        column = column.flatten()[column.type.get_field_index("bytes")]
    for value in column:
        yield value.as_py()


def _given(encoded: bytes | None) -> Encoded:
    if encoded is None:
        raise OSError("the row has no image in it, or only the name of a file")
    return encoded


def _checked(value: int | str | None, columns: Columns, where: str) -> int | str | None:
    """The label; None where there is none, which Hugging Face also writes as -1."""
    if value is None or (value == -1 and columns.classes):
        return None
    if not columns.classes:
        return value
    if not isinstance(value, int) or not 0 <= value < len(columns.classes):
        raise UserError(f"{where} has the label {value}, and there are names for {len(columns.classes)} only.")
    return value
