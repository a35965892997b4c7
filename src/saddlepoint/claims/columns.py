"""What a row of results says of a training: how long, where, and of which options."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

import saddlepoint
from saddlepoint import catalogue, runs
from saddlepoint.api import Run
from saddlepoint.checkpoint import read_state
from saddlepoint.config import Config, DataConfig, TrainConfig, build, split
from saddlepoint.metrics.measurement import FLOOR, Measurement


def about(run: Run) -> dict[str, Any]:
    """The columns of a row that a run fills."""
    manifest, state = runs.manifest(run.path), read_state(runs.find_checkpoint(run.path))
    return {
        "images": run.images,
        "minutes": state["seconds"] / 60,
        "cpu_minutes": state["cpu_seconds"] / 60 or None,
        "hardware": hardware(torch.device(manifest["device"]), manifest["threads"]),
        "precision": manifest["precision"],
        "config": config_digest(manifest["config"]),
        **_versions(),
    }


class Stopwatch:
    """Started when it is made: the same columns of what was trained in this process, without a run."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.monotonic(), time.process_time()

    def about(self, images: int) -> dict[str, Any]:
        return {
            "images": images,
            "minutes": (time.monotonic() - self.wall) / 60,
            "cpu_minutes": (time.process_time() - self.cpu) / 60,
            "hardware": hardware(torch.device("cpu"), torch.get_num_threads()),
            "precision": "fp32",
            **_versions(),
        }


def _versions() -> dict[str, str]:
    return {"torch": torch.__version__, "saddlepoint": saddlepoint.__version__}


def numbers(measured: Iterable[Measurement]) -> Iterable[dict[str, Any]]:
    """Every measurement with its floor, as the columns of a row that they fill."""
    by_name = {m.metric: m for m in measured}
    for name, m in by_name.items():
        if name.endswith(FLOOR):
            continue
        floor = by_name.get(name + FLOOR)
        yield {
            "measure": m.label(),
            "value": m.value,
            "error": m.error,
            "floor": floor.value if floor else None,
            "n": m.protocol.get("n"),
            "reference": m.protocol.get("reference", ""),
            "weights": m.protocol.get("weights", ""),
        }


def options_text(options: Mapping[str, Any]) -> str:
    """`key=value` in the order of the keys."""
    return " ".join(f"{k}={_value(v)}" for k, v in sorted(options.items()))


def _value(value: Any) -> str:
    return str(list(value)).replace(" ", "") if isinstance(value, tuple | list) else str(value)


def config_of(name: str, options: Mapping[str, Any]) -> str:
    """The digest that a training of these options will have."""
    recipe = catalogue.recipe_class(name).Config
    own, training, data = split(options, recipe, TrainConfig, DataConfig)
    configs: dict[str, Config] = {
        "recipe": catalogue.configure(name, own),
        "train": build(TrainConfig, training),
        "data": build(DataConfig, data),
    }
    return config_digest({key: config.model_dump() for key, config in configs.items()})


LATER: Mapping[str, Any] = {
    "binarise": "none",
    "beta": 1.0,
    "dilation_cycle": 1,
    "free_bits": 0.0,
    "flows": 0,
    "kl_warmup": 0,
    "layers": 1,
    "shift": 0,
    "validation": 0,
}
"""Options that came when there were rows already, with the value by which all is as it was before."""


def config_digest(config: Mapping[str, Mapping[str, Any]]) -> str:
    """Digits of the sha256 of all options, defaults included, save those that change nothing since `LATER`."""
    old = {
        part: {key: value for key, value in options.items() if key not in LATER or value != LATER[key]}
        for part, options in config.items()
    }
    return sha256(json.dumps(old, sort_keys=True).encode()).hexdigest()[:8]


def hardware(device: torch.device, threads: int) -> str:
    """The device's model, for people to judge minutes by."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, {threads} of them used"
