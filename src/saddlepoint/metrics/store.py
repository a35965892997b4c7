"""The cache folder: features of fixed data, trained classifiers, downloaded weights. All of it can be made again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.files import save_tensors, sync

Tensors = dict[str, Tensor]


def cache_folder(cache: Path | None) -> Path:
    """The folder asked for, else SADDLE_CACHE, else ~/.cache/saddlepoint."""
    return cache or Path(os.environ.get("SADDLE_CACHE") or Path.home() / ".cache" / "saddlepoint")


def write(path: Path, put: Callable[[Path], None]) -> None:
    """Have `put` write a temporary file and give it its name at once: readers see all of it or nothing.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            temporary = Path(folder) / path.name
            put(temporary)
            sync(temporary)
            temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror}): set SADDLE_CACHE to a folder of yours."
        ) from None


def save(path: Path, tensors: Tensors, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors atomically, as safetensors."""
    kept = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write(path, lambda temporary: save_tensors(kept, temporary, metadata))


def load(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Tensors and metadata of a safetensors file.

    Raises:
        UserError: no such file, or not one of safetensors.
    """
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} is no readable safetensors file ({error}): delete or replace it.") from None


def hash_tensor(tensor: Tensor) -> str:
    """The sha256 of a tensor's numbers, in hex."""
    return sha256(tensor.contiguous().numpy().tobytes()).hexdigest()
