"""What the front door is made of: from options and data to a trainer, and what a run's manifest says of both."""

from __future__ import annotations

import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

import saddlepoint
from saddlepoint import catalogue, runs
from saddlepoint.config import Config, DataConfig, TrainConfig, build, split
from saddlepoint.data.dataset import Data
from saddlepoint.data.load import load as load_data
from saddlepoint.distributed import launched
from saddlepoint.engine import memory
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.events import Reporter, Silent, check_track
from saddlepoint.engine.trainer import Evaluate, Trainer
from saddlepoint.errors import UserError
from saddlepoint.files import append_json
from saddlepoint.metrics.evaluate import DEFAULT, METRICS, OF_MODELS, Measurement
from saddlepoint.metrics.evaluate import evaluate as measure
from saddlepoint.recipe import Recipe
from saddlepoint.types import DataSpec

DRAWS = 50
"""Of the metric `iwae` while training: enough to choose by, at a hundredth of what the reported number takes."""


def configure(name: str, options: dict[str, Any]) -> dict[str, Config]:
    """The configs of recipe, training and data from a flat mapping of options."""
    own = catalogue.recipe_class(name).Config
    recipe, training, data = split(options, own, TrainConfig, DataConfig)
    return {
        "recipe": catalogue.configure(name, recipe),
        "train": build(TrainConfig, training),
        "data": build(DataConfig, data),
    }


def check_seed(seed: int) -> None:
    """Raises UserError for a seed that cannot be one."""
    if not 0 <= seed < 2**63:
        raise UserError(f"--seed {seed} must be a whole number from 0 to 2^63 - 1.")


def check_together(configs: dict[str, Config], budget: Budget) -> None:
    """Raises UserError for options that exclude one another."""
    config = configs["train"]
    assert isinstance(config, TrainConfig)
    if config.decay != "none" and (budget.minutes or budget.cpu_minutes):
        raise UserError(f"decay={config.decay} needs a budget in steps or images, and this is {budget}.")
    if config.best != "fd" and not config.evaluate_every:
        raise UserError(f"best={config.best} needs evaluate_every: without it nothing is evaluated in training.")
    size = launched().size
    if config.batch % size:
        near = max(size, round(config.batch / size) * size)
        raise UserError(f"batch={config.batch} cannot be dealt to {size} processes: batch={near} can.")
    if config.best not in METRICS:
        raise UserError(f"There is no metric best={config.best}: choose among {', '.join(METRICS)}.")
    check_track(config.track)


def configs_of(manifest: dict[str, Any], fixed_size: bool = False) -> dict[str, Config]:
    """The configs a run was made with. `fixed_size`: data options that give the run's own shape from any source."""
    recipe, training, data = (manifest["config"][key] for key in ("recipe", "train", "data"))
    spec = spec_of(manifest)
    if fixed_size and spec.kind == "image":
        channels, height, width = spec.shape
        data = {**data, "size": f"{height}x{width}", "mode": {1: "grey", 3: "rgb", 4: "rgba"}[channels]}
    try:
        return {
            "recipe": catalogue.configure(manifest["recipe"], recipe),
            "train": build(TrainConfig, training),
            "data": build(DataConfig, data),
        }
    except UserError as error:
        by = manifest["versions"].get("saddlepoint", "an unknown version")
        ours = saddlepoint.__version__
        raise UserError(f"This run's {runs.MANIFEST}, of saddlepoint {by}, does not fit {ours}: {error}") from None


def spec_of(manifest: dict[str, Any]) -> DataSpec:
    """What a run was trained on."""
    spec = manifest["data"]["spec"]
    return DataSpec(
        kind=spec["kind"], shape=tuple(spec["shape"]), classes=tuple(spec["classes"]), levels=spec.get("levels", 256)
    )


def read_data(source: str | Path, configs: dict[str, Config], offline: bool, reporter: Reporter | None) -> Data:
    """The data; its notes go to the reporter."""
    options = configs["data"]
    assert isinstance(options, DataConfig)
    data = load_data(str(source), options, offline=offline, progress=heard(reporter).working)
    for note in data.notes:
        heard(reporter).note(note)
    return data


def data_of(
    manifest: dict[str, Any],
    source: str | Path | None = None,
    *,
    offline: bool = False,
    reporter: Reporter | None = None,
) -> Data:
    """A run's own data again, or another source's as the run's model takes it."""
    chosen: str | Path = manifest["data"]["source"] if source is None else source
    return read_data(chosen, configs_of(manifest, fixed_size=True), offline, reporter)


def heard(reporter: Reporter | None) -> Reporter:
    """Of several processes only the leader's reporter is heard."""
    return reporter if reporter and launched().leads else Silent()


def build_recipe(name: str, spec: DataSpec, configs: dict[str, Config], seed: int) -> Recipe[Any]:
    """The recipe, its weights drawn from a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return catalogue.recipe_class(name)(spec, configs["recipe"])


def make_trainer(
    recipe: Recipe[Any],
    data: Data,
    configs: dict[str, Config],
    seed: int,
    device: torch.device,
    folder: Path | None,
    reporter: Reporter | None,
    offline: bool,
) -> Trainer:
    """The trainer; what memory will not hold is said."""
    config = configs["train"]
    assert isinstance(config, TrainConfig)
    judge = _judge(folder, data, config, offline, reporter) if folder and config.evaluate_every else None
    made = Trainer(
        recipe, data, config, seed=seed, device=device, folder=folder, reporter=heard(reporter), evaluate=judge
    )
    if warning := memory.check(made.probe, config.batch // launched().size, config.micro_batch):
        made.reporter.note(warning)
    return made


def _judge(folder: Path, data: Data, config: TrainConfig, offline: bool, reporter: Reporter | None) -> Evaluate:
    """Evaluation during training: on the validation split, which is never the one reported."""
    metrics = (config.best,) if config.best in OF_MODELS else DEFAULT

    def judge(model: Recipe[Any], step: int, images: int) -> dict[str, float]:
        weights = "average" if config.ema else "raw"
        progress = heard(reporter).working
        measured = measure(
            model,
            data,
            metrics=metrics,
            k=DRAWS,
            split="validation",
            weights=weights,
            offline=offline,
            progress=progress,
        )
        record(folder, step, images, measured)
        return {m.metric: m.value for m in measured}

    return judge


def record(folder: Path, step: int, images: int, measured: list[Measurement]) -> None:
    """Append measurements to the run."""
    for m in measured if launched().leads else ():
        append_json(folder / "metrics.jsonl", {"step": step, "images": images, **asdict(m)})


def make_manifest(
    name: str, configs: dict[str, Config], data: Data, seed: int, budget: Budget, trainer: Trainer
) -> dict[str, Any]:
    """What run.json holds: all that a training depends on."""
    return {
        "recipe": name,
        "config": {key: config.model_dump() for key, config in configs.items()},
        "data": {
            "source": _absolute(data.source),
            "fingerprint": data.fingerprint,
            "spec": asdict(data.spec),
            "train": len(data.train),
            "bad": [asdict(bad) for bad in data.bad],
            "notes": data.notes,
        },
        "seed": seed,
        "budget": asdict(budget),
        "device": str(trainer.device),
        "precision": trainer.precision,
        "compile": trainer.compiled,
        "versions": {
            "saddlepoint": saddlepoint.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "threads": torch.get_num_threads(),
        "processes": launched().size,
        "command": sys.argv,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _absolute(source: str) -> str:
    """A path made independent of the folder one stands in; a data set's name as it is."""
    return str(Path(source).resolve()) if Path(source).exists() else source
