"""What a run's features are worth to a classifier that has few labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from saddlepoint import runs
from saddlepoint.api import Checkpoint, Run, load
from saddlepoint.assembly import build_recipe, check_seed, configs_of, heard, read_data, record, spec_of
from saddlepoint.checkpoint import read_state
from saddlepoint.config import DataConfig
from saddlepoint.data.dataset import Data
from saddlepoint.data.labels import known_labels
from saddlepoint.engine.events import Reporter
from saddlepoint.errors import UserError
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.metrics.representation import Part, worth
from saddlepoint.recipe import Classifies, Recipe


def classify(
    run: str | Path | Run,
    *,
    labels: int = 0,
    part: Part = "auto",
    images: int = 20_000,
    seed: int = 0,
    weights: Literal["average", "raw"] = "average",
    checkpoint: Checkpoint = "latest",
    data: str | Path | None = None,
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
) -> list[Measurement]:
    """Test accuracies of classifiers from a run's features and of the same network from scratch; kept in metrics.jsonl.

    labels: how many training labels they see, as many of each class; 0: all. data: where labelled data lies, if not
    the run's own. The rest is as in `saddlepoint.metrics.representation.worth`. Each protocol has `run_labels` too, how
    many labels the run itself was trained with, and `run_seed`, which picked them if they are not all.

    Raises:
        UserError: no such run or checkpoint, data without labels, or a model without features.
    """
    check_seed(seed)
    folder = run.path if isinstance(run, Run) else Path(run)
    manifest = runs.manifest(folder)
    where = runs.find_checkpoint(folder, checkpoint)
    configs = configs_of(manifest, fixed_size=True)
    options = configs["data"]
    assert isinstance(options, DataConfig)
    configs["data"] = options.model_copy(update={"labels": labels})
    examples = read_data(manifest["data"]["source"] if data is None else data, configs, offline, reporter)
    trained = load(folder, weights=weights, checkpoint=checkpoint, device=device)
    scratch = build_recipe(manifest["recipe"], spec_of(manifest), configs, seed).to(trained.device)
    known = known_labels(examples, seed)
    seen = (options.labels or manifest["data"]["train"]) if _taught(trained, examples) else 0
    progress = heard(reporter).working
    measured = worth(trained, scratch, examples, known, part=part, images=images, seed=seed, progress=progress)
    own = {"run_labels": seen, "run_seed": manifest["seed"]}
    measured = [replace(m, protocol=m.protocol | own) for m in measured]
    state = read_state(where)
    record(folder, state["step"], state["images"], measured)
    return measured


def _taught(recipe: Recipe[Any], data: Data) -> bool:
    """Whether it learned from labels: it needs them, or can name a class."""
    if recipe.conditional or not isinstance(recipe, Classifies):
        return recipe.conditional
    try:
        recipe.classify(data.test.x(np.arange(1)).to(recipe.device))
    except UserError:  # its options left the classes out
        return False
    return True
