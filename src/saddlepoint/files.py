"""Writing so that a kill or a full disk leaves the old or the new, never a half; and reading what was written."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

REFUSALS = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EFBIG,
    errno.EMFILE,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
}
"""What an operating system says no with for reasons of the user's machine, not of our code."""


def sha256(path: Path) -> str:
    """The file's sha256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have a file or folder reach the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Generator[Path]:
    """Give the name of a temporary file beside `path`, which takes its place whole or, after an error, goes away.

    durable: bring it to disk, which takes milliseconds; not worth it for one of many.

    Raises:
        OSError: it cannot be written; the error names `path`.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with naming(path):
            yield temporary
            if durable:
                sync(temporary)
            temporary.replace(path)
            if durable:
                sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def naming(path: Path) -> Generator[None]:
    """Have an operating system's error name this path: writing itself knows only a descriptor's number."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def save_png(picture: Image, path: Path, *, durable: bool = True) -> None:
    """Save a Pillow image as a PNG, whole or not at all."""
    with replacing(path, durable=durable) as temporary:
        picture.save(temporary, format="PNG")


def save_tensors(tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file.

    Raises:
        OSError: the operating system's refusal, which safetensors gives as text only.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file(dict(tensors), path, dict(metadata) if metadata else None)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if not number:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error


def write_text(path: Path, text: str) -> None:
    """Replace a file whole."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """A file of one JSON object.

    Raises:
        UserError: it cannot be read, or holds something else.
    """
    try:
        return _object(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise UserError(f"{path} is damaged: {error}.") from None


def append_json(path: Path, line: Mapping[str, Any]) -> None:
    """Append one line, in place of one that a kill or a full disk cut short.

    JSON has no NaN, so a number that is not finite becomes null.
    """
    clean = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in line.items()}
    content = json.dumps(clean, allow_nan=False).encode() + b"\n"
    with naming(path), path.open("ab+") as file:
        _mend(file)
        file.write(content)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The lines of a log, none if it is missing; the last is left out if a kill cut it short.

    Raises:
        UserError: another line is not a JSON object.
    """
    if not path.exists():
        return []
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None
    texts = content.split(b"\n")
    lines: list[dict[str, Any]] = []
    for number, text in enumerate(texts, 1):
        try:
            lines.append(_object(text))
        except ValueError as error:
            if number < len(texts):
                raise UserError(f"{path}, line {number}, is damaged: {error}; delete that line.") from None
    return lines


def _object(text: bytes) -> dict[str, Any]:
    """
    Raises:
        ValueError: not a JSON object.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return found


def _mend(file: IO[bytes]) -> None:
    """End the last line, or drop it if it was cut short."""
    if not file.seek(0, os.SEEK_END):
        return
    file.seek(-1, os.SEEK_END)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    content = file.read()
    start = content.rfind(b"\n") + 1
    try:
        _object(content[start:])
    except ValueError:
        file.truncate(start)
    else:
        file.write(b"\n")
