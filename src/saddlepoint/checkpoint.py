"""Checkpoints: tensors and JSON in one folder, each file's sha256 kept beside it. Nothing is ever unpickled."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from saddlepoint.errors import UserError
from saddlepoint.files import naming, read_json, save_tensors, sha256, sync, write_json

Tensors = dict[str, Tensor]
STATE = "state.json"
NUMBERS: dict[str, type[int] | type[float] | tuple[type[int], type[float]]] = {
    "step": int,
    "images": int,
    "position": int,
    "seconds": (int, float),
    "cpu_seconds": (int, float),
}
LARGEST = 2**62
ELSE = "delete this checkpoint to go on from the one before it, or name another with --checkpoint"


def write(folder: Path, parts: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]) -> Path:
    """Write `parts` (a name for each .safetensors file) and `state` as the checkpoint `folder`, whole or not at all.

    A temporary folder beside it is filled, brought to disk, and renamed. One already there is kept.

    Raises:
        OSError: the disk is full or refuses; nothing is left of what was begun.
    """
    if folder.exists():
        return folder
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        with naming(folder):
            temporary.mkdir(parents=True)
            _fill(temporary, parts, state)
            temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync(folder.parent)
    return folder


def remove(folder: Path) -> None:
    """Delete a checkpoint, first its name: a kill on the way leaves no part that looks like a whole."""
    doomed = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed)


def read_state(folder: Path) -> dict[str, Any]:
    """A checkpoint's state.json.

    Raises:
        UserError: it is missing, or is not what was written.
    """
    path = folder / STATE
    if not path.is_file():
        raise UserError(f"{folder} is not a checkpoint: it has no {STATE}.")
    state: dict[str, Any] = {"cpu_seconds": 0.0, **read_json(path)}  # which early versions did not count
    for key, kind in NUMBERS.items():
        value = state.get(key)
        if not isinstance(value, kind) or isinstance(value, bool) or not 0 <= value < LARGEST:
            raise UserError(f"{path} is damaged: {key} is {value!r}, and must be a number from 0 up; {ELSE}.")
    if not isinstance(state.get("sha256"), dict):
        raise UserError(f"{path} is damaged: it does not give the sha256 of each file; {ELSE}.")
    return state


def read_tensors(folder: Path, name: str) -> Tensors:
    """One part of a checkpoint, after its sha256 was found to be the one it was written with.

    Raises:
        UserError: the file is missing or is not what was written.
    """
    path = folder / f"{name}.safetensors"
    expected = read_state(folder)["sha256"].get(path.name)
    if not path.is_file() or expected is None:
        raise UserError(f"{path} is missing: the checkpoint is not whole; {ELSE}.")
    if sha256(path) != expected:
        raise UserError(f"{path} is damaged: its sha256 is not the one it was written with; {ELSE}.")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is not a safetensors file ({error}); {ELSE}.") from None


def has_part(folder: Path, name: str) -> bool:
    return f"{name}.safetensors" in read_state(folder)["sha256"]


def load_module(module: nn.Module, tensors: Mapping[str, Tensor], where: Path) -> None:
    """Fill a module from tensors that must be exactly its own.

    Raises:
        UserError: a tensor is missing, unknown or of another shape or type; it names the first.
    """
    own = module.state_dict()
    for key in [*own, *tensors]:
        have, want = (_describe(held.get(key)) for held in (tensors, own))
        if have != want:
            raise UserError(f"{where} does not fit this model: {key} is {have} there, {want} here.")
    module.load_state_dict(dict(tensors))


def _describe(tensor: Tensor | None) -> str:
    """`float32 (64, 100)`."""
    return "missing" if tensor is None else f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _fill(folder: Path, parts: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]) -> None:
    hashes: dict[str, str] = {}
    for name, tensors in parts.items():
        path = folder / f"{name}.safetensors"
        save_tensors(
            {k: v.detach().cpu().clone(memory_format=torch.contiguous_format) for k, v in tensors.items()}, path
        )
        sync(path)
        hashes[path.name] = sha256(path)
    write_json(folder / STATE, {**state, "sha256": hashes})  # which brings the folder itself to disk
