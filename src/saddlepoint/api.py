"""The library's front door: train, resume, load, evaluate, plan. The command line is a thin layer over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from saddlepoint import runs
from saddlepoint.assembly import (
    build_recipe,
    check_seed,
    check_together,
    configs_of,
    configure,
    data_of,
    heard,
    make_manifest,
    make_trainer,
    read_data,
    record,
    spec_of,
)
from saddlepoint.checkpoint import has_part, load_module, read_state, read_tensors
from saddlepoint.distributed import connect, launched, share
from saddlepoint.engine import memory
from saddlepoint.engine.average import load_averaged
from saddlepoint.engine.budget import Budget, make_budget
from saddlepoint.engine.device import pick_device
from saddlepoint.engine.events import Reporter
from saddlepoint.engine.trainer import Trainer
from saddlepoint.errors import UserError
from saddlepoint.files import REFUSALS, write_json
from saddlepoint.metrics.evaluate import DEFAULT, Measurement
from saddlepoint.metrics.evaluate import evaluate as measure
from saddlepoint.recipe import DRAWING, Completes, Recipe
from saddlepoint.types import Noise

Checkpoint = Literal["latest", "best"] | int


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training's folder and how it ended. `stopped_by` names the signal that stopped it early."""

    path: Path
    steps: int
    images: int
    stopped_by: str | None = None

    def model(self, **options: Any) -> Recipe[Any]:
        """The trained model; takes what `load` takes."""
        return load(self.path, **options)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a training would do, and what one real step of it gave."""

    recipe: str
    config: dict[str, dict[str, Any]]
    data: dict[str, Any]
    device: str
    precision: str
    networks: dict[str, int]
    """Parameters of each network."""
    memory: int
    """Bytes that training takes at least; an allocator's gaps come on top."""
    available: int | None
    """Bytes free for it now, where the system says so."""
    steps_per_epoch: float
    losses: dict[str, float]


def train(
    name: str,
    data: str | Path = "digits",
    *,
    out: str | Path | None = None,
    seed: int = 0,
    steps: int | None = None,
    images: int | None = None,
    minutes: float | None = None,
    cpu_minutes: float | None = None,
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
    **options: Any,
) -> Run:
    """Train a recipe on a data source and leave a run folder (default `runs/<name>`).

    Give one of `steps`, `images` (seen), `minutes`, or `cpu_minutes` of one core, which a busy machine does not cut
    short; the default is a million images. `options` are the keys of the recipe, of training and of data, as
    `saddle info NAME` lists them.

    Raises:
        UserError: a mistake in what was asked for; nothing is written then.
        NonFiniteError: a loss or gradient was not finite (with on_nonfinite=stop); a checkpoint is written.
    """
    check_seed(seed)
    configs = configure(name, options)
    budget, where = make_budget(steps, images, minutes, cpu_minutes), pick_device(device)
    check_together(configs, budget)
    folder = Path(out) if out is not None else runs.new_folder(name)
    if launched().leads:
        runs.check_new(folder)
    loaded = read_data(data, configs, offline, reporter)
    recipe = build_recipe(name, loaded.spec, configs, seed)
    with connect(where) as world:
        folder = Path(share(str(folder)))  # a new folder's name is the leader's to choose
        trainer = make_trainer(recipe, loaded, configs, seed, where, folder, reporter, offline)
        if world.leads:
            runs.create(folder, make_manifest(name, configs, loaded, seed, budget, trainer))
        return _fit(trainer, budget, folder, name)


def resume(
    run: str | Path | Run,
    *,
    steps: int | None = None,
    images: int | None = None,
    minutes: float | None = None,
    data: str | Path | None = None,
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
) -> Run:
    """Continue a run from its last checkpoint, to the end of its budget or of a new one.

    On one CPU the result is bit for bit that of a run never stopped. `data` says where the same data is now.

    Raises:
        UserError: no run there, a damaged checkpoint, or data that changed.
    """
    folder = _folder(run)
    manifest = runs.manifest(folder)
    name, seed, configs = manifest["recipe"], manifest["seed"], configs_of(manifest)
    given = steps is not None or images is not None or minutes is not None
    budget = make_budget(steps, images, minutes) if given else Budget(**manifest["budget"])
    check_together(configs, budget)
    runs.best(folder)  # said before anything is written, if it is damaged
    where = pick_device(device)
    source = manifest["data"]["source"] if data is None else data
    loaded = read_data(source, configs, offline, reporter)
    if loaded.fingerprint != manifest["data"]["fingerprint"]:
        raise UserError(f"The data at {loaded.source} is not what {folder} was trained on: its content has changed.")
    recipe = build_recipe(name, loaded.spec, configs, seed)
    with connect(where) as world:
        trainer = make_trainer(recipe, loaded, configs, seed, where, folder, reporter, offline)
        if runs.checkpoints(folder):
            trainer.restore(runs.find_checkpoint(folder))
        if world.leads:
            _reopen(folder, trainer.step, {**manifest, "budget": asdict(budget)} if given else None)
        return _fit(trainer, budget, folder, name)


def _reopen(folder: Path, step: int, manifest: dict[str, Any] | None) -> None:
    """Make a run's folder as it was at its last checkpoint, at `step`; with a new manifest, if one is given."""
    try:
        runs.tidy(folder)
        runs.forget_after(folder, step)
        if manifest:
            write_json(folder / runs.MANIFEST, manifest)
    except OSError as error:
        raise runs.refused(error, folder) from error


def load(
    run: str | Path | Run,
    *,
    weights: Literal["average", "raw"] = "average",
    checkpoint: Checkpoint = "latest",
    device: str = "cpu",
) -> Recipe[Any]:
    """The trained model of a run, in eval mode: `.sample(64, seed=0)` and whatever its recipe can do.

    weights: the running average, or the raw weights. checkpoint: latest, best, or the images it had seen.

    Raises:
        UserError: no such run or checkpoint, or a damaged one.
    """
    folder = _folder(run)
    manifest = runs.manifest(folder)
    recipe = build_recipe(manifest["recipe"], spec_of(manifest), configs_of(manifest), seed=0)
    _fill(recipe, runs.find_checkpoint(folder, checkpoint), weights)
    return recipe.to(pick_device(device)).eval()


def evaluate(
    run: str | Path | Run,
    *,
    metrics: Sequence[str] | None = None,
    features: str = "auto",
    n: int | None = None,
    k: int = 5000,
    seed: int = 0,
    reference: str | Path | None = None,
    weights: Literal["average", "raw"] = "average",
    checkpoint: Checkpoint = "latest",
    weights_file: str | Path | None = None,
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
) -> list[Measurement]:
    """Judge a run's model on held-out data; every number carries its protocol and is kept in metrics.jsonl.

    reference: other data than the run's own, taken at the run's size; k: draws of metric `iwae`. See
    `saddlepoint.metrics.evaluate`.

    Raises:
        UserError: no such run, checkpoint, metric or features.
    """
    folder = _folder(run)
    manifest = runs.manifest(folder)
    where = runs.find_checkpoint(folder, checkpoint)
    data = data_of(manifest, reference, offline=offline, reporter=reporter)
    model = load(folder, weights=weights, checkpoint=checkpoint, device=device)
    with connect(model.device):
        measured = measure(
            model,
            data,
            metrics=DEFAULT if metrics is None else metrics,
            features=features,
            n=n,
            k=k,
            seed=seed,
            weights=weights,
            weights_file=Path(weights_file) if weights_file else None,
            offline=offline,
            progress=heard(reporter).working,
        )
    state = read_state(where)
    record(folder, state["step"], state["images"], measured)
    return measured


def complete(
    run: str | Path | Run,
    *,
    n: int = 8,
    draws: int = 6,
    rows: int | None = None,
    seed: int = 0,
    y: int | None = None,
    reference: str | Path | None = None,
    weights: Literal["average", "raw"] = "average",
    checkpoint: Checkpoint = "latest",
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
) -> Tensor:
    """The first n test images, whose first `rows` rows (by default half) are kept and the rest drawn given them.

    For each the image as it is, as it is given (black below) and `draws` completions: (n, draws + 2, C, H, W) in
    [-1, 1]. y: the class that a conditional model is told; by default the image's own.

    Raises:
        UserError: a recipe that cannot complete, or takes no class or not this one; data of another shape; rows that
            leave nothing given or to draw.
    """
    folder = _folder(run)
    manifest = runs.manifest(folder)
    model = load(folder, weights=weights, checkpoint=checkpoint, device=device)
    name, height = manifest["recipe"], model.spec.shape[-2] if model.spec.kind == "image" else 0
    if not isinstance(model, Completes):
        raise UserError(f"{name} cannot complete images: that takes a recipe that draws pixels in order.")
    rows = height // 2 if rows is None else rows
    if not 0 < rows < height:
        raise UserError(f"--rows {rows}: images have {height} rows, of which 1 to {height - 1} can be given.")
    data = data_of(manifest, reference, offline=offline, reporter=reporter)
    if model.conditional and y is None and data.spec.classes != model.spec.classes:
        raise UserError(f"{name} was trained with classes that {data.source} does not have.")
    test = np.arange(min(n, len(data.test)))
    x = data.test.x(test).to(model.device)
    told = data.test.y(test) if model.conditional and y is None else None
    labels = model.labels_for(len(x) * draws, y=y if told is None else told.repeat_interleave(draws))
    given = x.clone()
    given[:, :, rows:] = -1
    noise = Noise("complete", seed, rows=len(x) * draws, device=model.device, draw_on="cpu")
    model.tell = lambda share: heard(reporter).working(int(share * len(x) * draws), len(x) * draws, DRAWING)
    with torch.no_grad():
        drawn = model.complete(
            given.repeat_interleave(draws, 0), rows, noise, None if labels is None else labels.to(model.device)
        )
    return torch.cat([x[:, None], given[:, None], drawn.unflatten(0, (-1, draws))], 1).float().cpu()


def plan(
    name: str,
    data: str | Path = "digits",
    *,
    seed: int = 0,
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
    **options: Any,
) -> Plan:
    """What `train` would do, with one real step; nothing is written.

    Raises:
        UserError: as `train` would.
    """
    check_seed(seed)
    configs = configure(name, options)
    where = pick_device(device)
    loaded = read_data(data, configs, offline, reporter)
    recipe = build_recipe(name, loaded.spec, configs, seed)
    trainer = make_trainer(recipe, loaded, configs, seed, where, None, reporter, offline)
    config = trainer.config
    needed = memory.estimate(trainer.probe).at(config.batch, config.micro_batch or config.batch)
    with torch.random.fork_rng():
        trainer.one_step(Budget(steps=1))
    return Plan(
        recipe=name,
        config={key: config.model_dump() for key, config in configs.items()},
        data={"source": str(data), "spec": str(loaded.spec), "train": len(loaded.train), "notes": loaded.notes},
        device=str(where),
        precision=trainer.precision,
        networks={key: sum(p.numel() for p in child.parameters()) for key, child in recipe.named_children()},
        memory=needed + memory.held(recipe, trainer.average.recipe),
        available=memory.available(where),
        steps_per_epoch=len(loaded.train) / trainer.images,
        losses={key: values[-1].item() for key, values in trainer.update.logs.items()},
    )


def _folder(run: str | Path | Run) -> Path:
    return run.path if isinstance(run, Run) else Path(run)


def _fit(trainer: Trainer, budget: Budget, folder: Path, name: str) -> Run:
    trainer.reporter.started(folder, name, str(budget))
    share = trainer.config.batch // launched().size
    try:
        with memory.advise(share, trainer.config.micro_batch, trainer.device):
            stopped_by = trainer.fit(budget)
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        raise runs.refused(error, folder) from error
    return Run(path=folder, steps=trainer.step, images=trainer.images, stopped_by=stopped_by)


def _fill(recipe: Recipe[Any], where: Path, weights: str) -> None:
    load_module(recipe, read_tensors(where, "model"), where / "model.safetensors")
    if weights == "average" and has_part(where, "average"):
        load_averaged(recipe, where)
