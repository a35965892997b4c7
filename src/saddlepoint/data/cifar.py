"""CIFAR-10 and CIFAR-100 as published: the Python version of both, and the binary one of CIFAR-10 (Krizhevsky 2009)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint.data.pickled import read_pickle
from saddlepoint.data.sources import Arrays, Part, tar_members
from saddlepoint.errors import UserError

BATCH = re.compile(r"(data_batch_[1-5]|test_batch)(\.bin)?|train|test")
META = {"batches.meta": "label_names", "meta": "fine_label_names"}  # of CIFAR-10 and of CIFAR-100
LABELS = ("labels", "fine_labels")
PIXELS = (3, 32, 32)


def find_cifar(path: Path) -> Arrays | None:
    """The set in a folder or a tar of batches; None if there is none in it.

    Raises:
        UserError: the file that names the classes is damaged, or holds more than plain data.
    """
    names = {name for name, _ in _files(path)}
    if not any(name.startswith(("data_batch_", "test_batch")) for name in names) and not names >= {"train", "meta"}:
        return None
    classes: tuple[str, ...] = ()
    for name, read in _files(path):
        if name in META:
            classes = _class_names(f"{name} of {path}", read(), META[name])
    ten = "train" not in names
    lacking = [
        f"data_batch_{i}" for i in range(1, 6) if ten and names.isdisjoint((f"data_batch_{i}", f"data_batch_{i}.bin"))
    ]
    notes = (f"CIFAR-10 has five training batches, and {', '.join(lacking)} are missing.",) if lacking else ()
    held = tuple(path / name for name in sorted(names)) if path.is_dir() else (path,)
    return Arrays(str(path), held, lambda: read_cifar(path), classes, notes)


def read_cifar(path: Path) -> dict[str, Part]:
    """Images and labels by split, of a folder or a tar of batches.

    Raises:
        UserError: a damaged batch, or a pickle of anything but plain data.
    """
    parts: dict[str, dict[str, Part]] = {}
    for name, read in _files(path):
        if name not in META:
            part = (_binary if name.endswith(".bin") else _python)(f"{name} of {path}", read())
            parts.setdefault("test" if "test" in name else "train", {})[name] = part
    return {split: _joined([batches[name] for name in sorted(batches)]) for split, batches in sorted(parts.items())}


def _files(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The batches and the file that names the classes, each with a reader to be called before the next is asked for."""
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if _known(file.name) and file.is_file():
                yield file.name, file.read_bytes
        return
    for member, _, read in tar_members(path):
        name = member.rpartition("/")[2]
        if _known(name):
            yield name, read


def _known(name: str) -> bool:
    return name in META or BATCH.fullmatch(name) is not None


def _class_names(title: str, content: bytes, key: str) -> tuple[str, ...]:
    names = _plain(title, content).get(key)
    if not isinstance(names, list) or not names:
        raise UserError(f"{title} has no {key}: it is not what CIFAR publishes under this name.")
    return tuple(_text(name) for name in names)


def _python(title: str, content: bytes) -> Part:
    """A pickled dictionary: `data`, uint8 (N, 3072), colour planes one after the other, and a list of N labels."""
    held = _plain(title, content)
    data = held.get("data")
    labels = next((held[key] for key in LABELS if key in held), None)
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != 3072:
        raise UserError(f"{title} is not a CIFAR batch: `data` is no array of N x 3,072 bytes.")
    count = len(data)
    if isinstance(labels, np.ndarray):
        labels = labels.ravel().tolist()
    if not isinstance(labels, list) or len(labels) != count or any(type(n) is not int or n < 0 for n in labels):
        raise UserError(
            f"{title} is not a CIFAR batch: `{LABELS[0]}` or `{LABELS[1]}` is no list of {count:,} numbers."
        )
    return _part(data, np.array(labels, np.int64))


def _binary(title: str, content: bytes) -> Part:
    """Records of one label byte and 3 x 32 x 32 bytes."""
    if not content or len(content) % 3073:
        raise UserError(f"{title} is cut short or damaged: {len(content):,} bytes are no whole number of records.")
    records = np.frombuffer(content, np.uint8).reshape(-1, 3073)
    return _part(records[:, 1:], records[:, 0].astype(np.int64))


def _part(data: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> Part:
    return Part(data.reshape(-1, *PIXELS).transpose(0, 2, 3, 1), labels)


def _joined(parts: list[Part]) -> Part:
    labels = [part.labels for part in parts if part.labels is not None]
    return Part(np.concatenate([part.rows for part in parts]), np.concatenate(labels))


def _plain(title: str, content: bytes) -> dict[str, Any]:
    held = read_pickle(content, title)
    if not isinstance(held, dict):
        raise UserError(f"{title} is not a CIFAR file: it holds no dictionary.")
    return {_text(key): value for key, value in held.items()}


def _text(name: Any) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else str(name)
