"""Checkpoints: tensors and JSON in one folder, each file's sha256 kept beside it. Nothing is ever unpickled."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from saddlepoint.errors import UserError
from saddlepoint.files import sha256, sync, write_json

Tensors = dict[str, Tensor]
STATE = "state.json"


def write(folder: Path, parts: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]) -> Path:
    """Write `parts` (a name for each .safetensors file) and `state` as the checkpoint `folder`, whole or not at all.

    A temporary folder beside it is filled, brought to disk, and renamed. One already there is kept.
    """
    if folder.exists():
        return folder
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        hashes: dict[str, str] = {}
        for name, tensors in parts.items():
            path = temporary / f"{name}.safetensors"
            plain = {k: v.detach().cpu().clone(memory_format=torch.contiguous_format) for k, v in tensors.items()}
            save_file(plain, path)
            sync(path)
            hashes[path.name] = sha256(path)
        write_json(temporary / STATE, {**state, "sha256": hashes})
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync(folder.parent)
    return folder


def read_state(folder: Path) -> dict[str, Any]:
    """A checkpoint's state.json.

    Raises:
        UserError: it is missing or is not JSON.
    """
    try:
        return json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} is not a checkpoint: its {STATE} cannot be read ({_reason(error)}).") from None


def read_tensors(folder: Path, name: str) -> Tensors:
    """One part of a checkpoint, after its sha256 was found to be the one it was written with.

    Raises:
        UserError: the file is missing or is not what was written.
    """
    path = folder / f"{name}.safetensors"
    expected = read_state(folder).get("sha256", {}).get(path.name)
    if not path.exists() or expected is None:
        raise UserError(f"{path} is missing: the checkpoint is not whole, use another one.")
    if sha256(path) != expected:
        raise UserError(f"{path} is damaged: its sha256 is not the one it was written with, use another checkpoint.")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is not a safetensors file ({error}).") from None


def has_part(folder: Path, name: str) -> bool:
    return f"{name}.safetensors" in read_state(folder).get("sha256", {})


def load_module(module: nn.Module, tensors: Mapping[str, Tensor], where: Path) -> None:
    """Fill a module from tensors that must be exactly its own.

    Raises:
        UserError: a tensor is missing, unknown or of another shape; it names the first.
    """
    own = module.state_dict()
    for key in [*own, *tensors]:
        if key not in tensors or key not in own or own[key].shape != tensors[key].shape:
            have = tuple(tensors[key].shape) if key in tensors else "missing"
            want = tuple(own[key].shape) if key in own else "no such tensor"
            raise UserError(f"{where} does not fit this model: {key} is {have} there, {want} here.")
    module.load_state_dict(dict(tensors))


def _reason(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "not JSON"
