"""What is not finite never moves the weights, is named, and is answered as the user chose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from saddlepoint import runs
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.trainer import NonFiniteError, Trainer
from saddlepoint.objectives.penalties import gradient_norm_squared
from saddlepoint.types import Batch, Losses
from support import Toy, equal, tensors, toy, trainer

NAN = float("nan")


class Poisoned(Toy):
    """A toy with a gradient penalty, poisoned at chosen steps."""

    where = "loss"
    steps: tuple[int, ...] = ()

    def step(self, batches, update, t):
        self.now = t
        super().step(batches, update, t)

    def d_objective(self, batch: Batch) -> Losses:
        ill = self.now in self.steps
        x = batch.x.detach().requires_grad_()
        penalty = gradient_norm_squared(self.discriminator(x), x).mean()
        if ill and self.where == "penalty":
            penalty = penalty * NAN
        adversarial = super().d_objective(batch)["loss"]
        if ill and self.where == "gradient":  # the slope of sqrt at 0 is infinite, its value is not
            weight = self.discriminator[0].weight
            adversarial = adversarial + (weight - weight.detach()).square().sum().sqrt()
        loss = adversarial + penalty
        return {"loss": loss * NAN if ill and self.where == "loss" else loss, "penalty": penalty}


def poisoned(where: str, steps: tuple[int, ...], **config: object) -> Trainer:
    torch.manual_seed(0)
    plain = toy()
    recipe = Poisoned(plain.spec, plain.config)
    t = trainer(recipe, **config)  # type: ignore[arg-type]
    recipe.where, recipe.steps = where, steps
    if where == "data":
        t.batches = with_a_bad_row(t, t.batches)
    return t


def with_a_bad_row(t: Trainer, batches: Iterator[Batch]) -> Iterator[Batch]:
    """Row 3 of every batch that is drawn in a poisoned step."""
    for batch in batches:
        if t.step in t.recipe.steps:
            x = batch.x.clone()
            x[3, 0, 2, 2] = NAN
            batch = replace(batch, x=x)
        yield batch


@pytest.mark.parametrize("where", ["data", "loss", "gradient", "penalty"])
def test_a_poisoned_update_changes_nothing_and_is_named(where):
    t = poisoned(where, (2,), on_nonfinite="skip")
    for _ in range(2):
        t.one_step(Budget(steps=9))
    assert t.update.guard.look() == []
    before = tensors(t.recipe.discriminator)
    moments = {k: v.clone() for k, v in optimiser_state(t).items()}
    batch = next(t.batches)
    t.update.begin(2)
    t.recipe.now = 2
    t.update("discriminator", t.recipe.d_objective, batch)
    assert equal(before, tensors(t.recipe.discriminator)), "running statistics included"
    assert equal(moments, optimiser_state(t)), "the count of steps included"
    (call,) = t.update.guard.look()
    fault = call.fault()
    assert (fault.player, fault.step) == ("discriminator", 2)
    terms = {"data": ("loss", "penalty"), "loss": ("loss",), "gradient": ("gradient",), "penalty": ("loss", "penalty")}
    assert fault.terms == terms[where]
    assert fault.themselves == (where == "data")
    assert list(fault.examples) == (batch.index[3:4] if where == "data" else batch.index).tolist()
    t.recipe.steps = ()
    t.update("discriminator", t.recipe.d_objective, next(with_a_bad_row(t, t.batches)))
    assert not equal(before, tensors(t.recipe.discriminator)), "the next one moves again"


def optimiser_state(t: Trainer) -> dict[str, torch.Tensor]:
    state = t.update.seats["discriminator"].optimizer.state
    return {f"{i}/{k}": v.clone() for i, fields in enumerate(state.values()) for k, v in fields.items()}


def test_a_look_now_and_then_misses_nothing():
    """As on a GPU, where the host looks every log_every steps only."""
    t = poisoned("loss", (1, 2), on_nonfinite="skip")
    for _ in range(5):
        t.one_step(Budget(steps=9))
    assert [(call.step, call.player) for call in t.update.guard.look()] == [(1, "discriminator"), (2, "discriminator")]
    assert t.update.guard.look() == []
    assert t.update.guard.in_a_row["discriminator"] == 0


def fitted(folder: Path, where: str, steps: tuple[int, ...], budget: int, **config: object) -> Trainer:
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    t = poisoned(where, steps, checkpoint_every=2, keep=9, **config)
    t.folder = folder
    t.fit(Budget(steps=budget))
    return t


def events(folder: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return [line for line in lines if "event" in line]


def test_stop_keeps_everything(tmp_path):
    with pytest.raises(
        NonFiniteError, match=r"At step 3 the discriminator's loss and penalty was not finite, with exa"
    ):
        fitted(tmp_path, "penalty", (3,), 9)
    assert [p.name for p in runs.checkpoints(tmp_path)] == ["32", "64"]
    (event,) = events(tmp_path)
    assert (event["event"], event["player"], event["step"]) == ("nonfinite", "discriminator", 3)
    assert len(event["examples"]) == 16
    assert not event["themselves"]


def test_skip_goes_on_but_not_for_ever(tmp_path):
    t = fitted(tmp_path / "one", "loss", (3,), 6, on_nonfinite="skip")
    assert t.step == 6
    assert len(events(tmp_path / "one")) == 1
    ill = tuple(range(2, 99))
    with pytest.raises(NonFiniteError, match="The discriminator met it 20 times in a row"):
        fitted(tmp_path / "all", "loss", ill, 99, on_nonfinite="skip")
    assert runs.find_checkpoint(tmp_path / "all").name == str(22 * 16)


class Once(tuple):
    """Steps that are poisoned the first time only: the lower rate is the cure."""

    def __contains__(self, step: object) -> bool:
        found = super().__contains__(step) and not getattr(self, "over", False)
        self.over = getattr(self, "over", False) or found
        return found


def test_rollback_goes_back_once_with_half_the_rates(tmp_path):
    t = fitted(tmp_path, "loss", Once((5,)), 10, on_nonfinite="rollback", log_every=1)
    assert t.step == 10
    assert t.rate == 0.5
    assert t.update.seats["generator"].optimizer.param_groups[0]["lr"] == pytest.approx(0.5e-2)
    nonfinite, rollback = events(tmp_path)
    assert (nonfinite["event"], nonfinite["step"]) == ("nonfinite", 5)
    assert rollback == {"event": "rollback", "step": 4, "images": 64, "from_images": 96, "factor": 0.5}
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "event" not in line] == list(range(1, 11)), "no step is told twice"

    # The same by hand: four steps, then half the rates.
    plain = poisoned("loss", ())
    for _ in range(4):
        plain.one_step(Budget(steps=10))
    plain.rate = 0.5
    for _ in range(6):
        plain.one_step(Budget(steps=10))
    assert equal(tensors(plain.recipe), tensors(t.recipe))

    again = poisoned("loss", ())
    again.restore(runs.find_checkpoint(tmp_path))
    assert again.rate == 0.5, "a resumed run keeps the lower rate"


def test_rollback_before_any_checkpoint_goes_back_to_the_start(tmp_path):
    t = fitted(tmp_path, "loss", Once((1,)), 3, on_nonfinite="rollback")
    assert t.step == 3
    assert events(tmp_path)[1]["images"] == 0
    plain = poisoned("loss", ())
    plain.rate = 0.5
    for _ in range(3):
        plain.one_step(Budget(steps=3))
    assert equal(tensors(plain.recipe), tensors(t.recipe))


def test_rollback_that_does_not_help_stops(tmp_path):
    with pytest.raises(NonFiniteError, match=r"It had gone back once already, with 0\.5 of the learning rates"):
        fitted(tmp_path, "data", (5,), 9, on_nonfinite="rollback")
    found = events(tmp_path)
    assert [event["event"] for event in found] == ["nonfinite", "rollback", "nonfinite"]
    assert len(found[-1]["examples"]) == 1, "the one bad example is named"
    assert runs.find_checkpoint(tmp_path).name == "96"
