"""The training loop: feeds a recipe's steps, keeps time, writes what a run leaves behind."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from saddlepoint import checkpoint, distributed, runs
from saddlepoint.config import HIGHER, TrainConfig
from saddlepoint.data.dataset import Data
from saddlepoint.engine import optim
from saddlepoint.engine.average import Average, averaged_state, load_averaged
from saddlepoint.engine.batch_norm import join_batch_norms
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.clock import Clock
from saddlepoint.engine.compile import compile_networks
from saddlepoint.engine.device import pick_precision, seed_draws
from saddlepoint.engine.events import Log, Progress, Reporter, Scalars, Silent
from saddlepoint.engine.guard import Fault
from saddlepoint.engine.probe import Probe
from saddlepoint.engine.signals import StopRequest, stop_on_signals
from saddlepoint.engine.stream import Stream
from saddlepoint.engine.update import Updater
from saddlepoint.errors import LostProcessError, NonFiniteError, UserError
from saddlepoint.files import save_png
from saddlepoint.pictures import wall
from saddlepoint.recipe import Batches, Classifies, Recipe
from saddlepoint.types import derive_seed

Evaluate = Callable[[Recipe[Any], int, int], Mapping[str, float]]
"""Judges a model after (step, images) and returns its metrics by name."""


class Trainer:
    """Trains one recipe on one data set. Without a `folder` nothing is written.

    Connected to other processes (`saddlepoint.distributed`) it takes its slice of every batch, and the leader alone
    writes and speaks. The processes go through the loop together: whatever decides what comes next is agreed upon.
    """

    RATE_CUT = 0.5  # of the learning rates, after going back from something not finite
    PATIENCE = 20  # updates of a player left out in a row, before even on_nonfinite=skip stops

    def __init__(
        self,
        recipe: Recipe[Any],
        data: Data,
        config: TrainConfig,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
        folder: Path | None = None,
        reporter: Reporter | None = None,
        evaluate: Evaluate | None = None,
    ) -> None:
        if config.micro_batch and recipe.compares:
            name = type(recipe).__name__
            raise UserError(f"{name} compares the examples of a batch with one another: leave micro_batch out.")
        # In training too, even where a config samples without classes.
        needs_all = type(recipe).conditional and not recipe.takes_unlabelled
        if data.options.labels and (needs_all or not isinstance(recipe, Classifies)):
            name, why = type(recipe).__name__, "needs every label" if needs_all else "learns no labels"
            raise UserError(f"labels={data.options.labels}: {name} {why}; leave labels out.")
        self.data, self.config, self.seed, self.device = data, config, seed, torch.device(device)
        self.world = distributed.connected()
        self.recipe = recipe.to(self.device).train()
        for p in self.recipe.parameters():
            if p.ndim == 4:  # the convolution kernels' own layout: 1.1 to 1.2 times faster on CPU, more on GPU
                p.data = p.data.contiguous(memory_format=torch.channels_last)
        self.precision = pick_precision(config.precision, self.device)
        self.stream = Stream(data, config.batch, seed=seed, device=self.device, world=self.world)
        self.batches: Batches = self.stream
        self.average = Average(self.recipe, config.ema)
        if self.world.size > 1:  # after the average was copied, which one process evaluates alone
            distributed.broadcast(self.recipe)
            join_batch_norms(self.recipe)
        self.update = Updater(
            self.recipe, seed=seed, device=self.device, precision=self.precision, micro_batch=config.micro_batch
        )
        self.probe = Probe(recipe=self.recipe, data=data, device=self.device, precision=self.precision)
        self.compiled = compile_networks(self.probe) if config.compile else {}
        self.folder, self.reporter, self.evaluate = folder, reporter or Silent(), evaluate
        self.log: Log | None = None
        self.step, self.images, self.clock = 0, 0, Clock()
        self.rate = 1.0  # of the learning rates; cut once by on_nonfinite=rollback
        self.best: dict[str, Any] = {}
        self.names = {id(p): name for name, p in self.recipe.named_parameters()}

    @property
    def position(self) -> int:
        """Training examples that the main stream has dealt."""
        return self.stream.position

    # The loop -----------------------------------------------------------------------------------

    def fit(self, budget: Budget) -> str | None:
        """Train until the budget is used. Returns the name of the signal that stopped it, if one did.

        Raises:
            NonFiniteError: a loss or gradient was not finite; a checkpoint is written first.
            LostProcessError: another process of this training is gone.
        """
        if self.step and self._fraction(budget) >= 1:
            self.reporter.note(f"The run has had its {budget}, counted from its beginning: there is no more to train.")
        writes = self.folder if self.world.leads else None
        self.log = Log(writes, self.config.track) if writes else None
        try:
            with stop_on_signals() as stop, torch.random.fork_rng(self._generators()):
                before, every = self.step, self.config.evaluate_every
                self._loop(budget, stop)
                if every and self.step > before and self.step % every and stop.name is None:
                    self._judge()  # for the last weights may be the best ones
            self.write_checkpoint()
        except LostProcessError as error:
            raise LostProcessError(f"{str(error).rstrip('.')}, at step {self.step}. {self._way_back()}") from error
        self.write_samples()
        if self.update.idle and stop.name is None:
            self._say(
                f"The budget ended before these had an update: {', '.join(self.update.idle)}. What rests on them is "
                "untrained: go on for longer, or give fewer steps to what comes before."
            )
        if self.log:
            self.log.close()
        return stop.name

    def _loop(self, budget: Budget, stop: StopRequest) -> None:
        scalars, watch = Scalars(), Stopwatch(self.images)
        self.clock.start()
        if self.config.on_nonfinite == "rollback" and not self.step:
            self.write_checkpoint()  # something to go back to
        while not self._over(budget, stop):
            self.one_step(budget)
            self.clock.tick()
            scalars.add(self.update.logs)
            due = self.step % self.config.log_every == 0
            # On a GPU the look waits for the device, so it is rare.
            if (due or self.device.type == "cpu") and self._heed_faults():
                self.clock.start()
                scalars = Scalars()
                continue
            if due:
                losses = scalars.read()
                self._log_scalars(losses)
                self._tell(losses, watch, budget)
            elif watch.overdue():
                self._tell(scalars.peek(), watch, budget)
            self._write_what_is_due()

    def _over(self, budget: Budget, stop: StopRequest) -> bool:
        """Whether to stop now: all processes by the leader's clock, and at a signal that any of them got."""
        number = signal.Signals[stop.name].value if stop.name else 0
        clock, leads = self.clock, self.world.leads
        number, clock.seconds, clock.cpu_seconds = distributed.agree(
            number, clock.seconds if leads else 0.0, clock.cpu_seconds if leads else 0.0
        )
        if number:  # else leave the name alone: a signal may have come while the others were asked
            stop.name = signal.Signals(int(number)).name
        return self._fraction(budget) >= 1 or bool(number)

    def one_step(self, budget: Budget) -> None:
        """One iteration of the recipe's algorithm box."""
        # Dropout and its like draw from torch's own generator: a seed of the step's own makes resume exact.
        # Each process has other rows to drop from, so other draws; the leader's are those of a process alone.
        own = (self.world.rank,) if self.world.rank else ()
        seed_draws(derive_seed(self.seed, "step", self.step, *own), self.device)
        self.recipe.images_seen = self.images
        factor = self._rate_factor(budget)
        for seat in self.update.seats.values():
            optim.set_rates(seat.optimizer, seat.player, self.images, factor)
        self.update.begin(self.step)
        self.stream.begin()
        self.recipe.step(self.batches, self.update, self.step)
        shown = max(self.update.shown.values())
        self.step += 1
        self.images += shown  # images seen: by the player that saw most
        self.average.tick(shown, self.images)

    def _fraction(self, budget: Budget) -> float:
        clock = self.clock
        return budget.fraction(
            steps=self.step, images=self.images, seconds=clock.seconds, cpu_seconds=clock.cpu_seconds
        )

    def _rate_factor(self, budget: Budget) -> float:
        warm = min(1.0, (self.images + self.config.batch) / self.config.warmup) if self.config.warmup else 1.0
        left = max(0.0, 1 - self._fraction(budget)) if self.config.decay != "none" else 1.0
        return self.rate * warm * (0.5 * (1 - math.cos(math.pi * left)) if self.config.decay == "cosine" else left)

    # What it tells and writes -------------------------------------------------------------------

    def _heed_faults(self) -> bool:
        """Say what was not finite since the last look and act on it. Returns whether the run went back for it."""
        calls = self.update.guard.look()
        if not calls:
            return False
        fault, config = calls[0].fault(), self.config
        if config.on_nonfinite == "rollback" and self.folder and self.rate == 1.0:
            self._go_back(fault)
            return True
        self._log_fault(fault)
        others = f" So were {len(calls) - 1} more since." if len(calls) > 1 else ""
        self._say(f"{fault} That update was left out.{others}")
        player, count = self.update.guard.in_a_row.most_common(1)[0]
        if config.on_nonfinite == "skip" and count < self.PATIENCE:
            return False
        self.write_checkpoint()
        why = f" The {player} met it {count} times in a row." if config.on_nonfinite == "skip" else ""
        if config.on_nonfinite == "rollback" and self.rate < 1.0:
            why = f" It had gone back once already, with {self.rate:g} of the learning rates."
        raise NonFiniteError(f"{fault}{why} Training stopped: try a lower lr, or precision=fp32.")

    def _go_back(self, fault: Fault) -> None:
        """Once in a run: on from the last checkpoint, more slowly."""
        assert self.folder
        images, last = self.images, runs.find_checkpoint(self.folder)
        self.restore(last)
        self.rate = self.RATE_CUT
        self.update.guard.forget()
        if self.world.leads:
            runs.forget_after(self.folder, self.step)
        self._log_fault(fault)
        if self.log:
            about = {"step": self.step, "images": self.images, "from_images": images, "factor": self.rate}
            self.log.event({"event": "rollback", **about})
        self._say(f"{fault} The run goes back to {last}, with {self.rate:g} of the learning rates.")

    def _log_fault(self, fault: Fault) -> None:
        if self.log:
            self.log.event({"event": "nonfinite", "images": self.images, **asdict(fault)})

    def _way_back(self) -> str:
        """Where a training that lost a process goes on from."""
        if not self.folder or not runs.checkpoints(self.folder):
            return "There is no checkpoint yet."
        last = runs.find_checkpoint(self.folder)
        return f"The last checkpoint is {last}: start the processes again with `saddle resume {self.folder}`."

    def _log_scalars(self, losses: dict[str, float]) -> None:
        if self.log:
            seconds = round(self.clock.seconds, 3)
            self.log.event({"step": self.step, "images": self.images, "seconds": seconds, **losses})

    def _tell(self, losses: dict[str, float], watch: Stopwatch, budget: Budget) -> None:
        fraction = self._fraction(budget)
        left = self.clock.seconds * (1 / fraction - 1) if fraction else None
        self.reporter.progress(
            Progress(
                step=self.step,
                images=self.images,
                images_per_second=watch.rate(self.images),
                seconds_left=None if left is None else max(left, 0.0),
                fraction=min(fraction, 1.0),
                losses=losses,
            )
        )

    def _write_what_is_due(self) -> None:
        config = self.config
        if config.sample_every and self.step % config.sample_every == 0:
            self.write_samples()
        if config.evaluate_every and self.step % config.evaluate_every == 0:
            self._judge()
        if self.step % config.checkpoint_every == 0:  # last: a resumed run does again all that came after one
            self.write_checkpoint()

    def _judge(self) -> None:
        """Evaluate, if there is who can, and keep these weights if they are the best so far."""
        if not self.evaluate:
            return
        metric = self.config.best
        with self.average.ready(self.seed) as model:
            scores = self.evaluate(model, self.step, self.images)  # by all processes together
        if metric not in scores:
            raise UserError(f"best={metric} is not among what was measured: {', '.join(sorted(scores))}.")
        score = distributed.agree(scores[metric])[0]  # or a last digit might part the processes
        sign = -1 if metric in HIGHER else 1
        if sign * score < sign * self.best.get("value", sign * math.inf):
            self.best = {"images": self.images, "metric": metric, "value": score}
            self.write_checkpoint()
            if self.folder and self.world.leads:
                runs.set_best(self.folder, **self.best)

    def write_samples(self) -> Path | None:
        """The wall of the run's fixed latents, drawn from the averaged weights. The leader writes it, if anyone."""
        if not self.folder or not self.world.leads:
            return None
        path = self.folder / "samples" / f"{self.images:09d}.png"
        with self.average.ready(self.seed) as model:
            classes = len(self.data.spec.classes)
            columns = min(classes, 16) if model.conditional else 8
            count = 8 * columns if self.data.spec.kind == "image" else 4096
            y = torch.arange(count) % columns if model.conditional else None
            picture = wall(model.sample(count, seed=self.seed, y=y), columns)
        save_png(picture, path)
        self.reporter.wrote("samples", path)
        return path

    def write_checkpoint(self) -> Path | None:
        """All that the next step depends on. The leader writes it, if anyone."""
        differs = distributed.first_difference(self.recipe.state_dict())
        assert differs is None, f"{differs} is not the same in all processes"
        if not self.folder or not self.world.leads:
            return None
        parts: dict[str, Mapping[str, torch.Tensor]] = {"model": self.recipe.state_dict()}
        if self.config.ema:
            with self.average.ready(self.seed) as model:
                parts["average"] = averaged_state(model)
        seats = self.update.seats
        parts["optim"] = {
            f"{name}/{key}": tensor
            for name, seat in seats.items()
            for key, tensor in optim.state_tensors(seat.optimizer, self.names).items()
        }
        state = {
            "step": self.step,
            "images": self.images,
            "position": self.position,
            "seconds": self.clock.seconds,
            "cpu_seconds": self.clock.cpu_seconds,
            "rate": self.rate,
            "best": self.best,
            "scalers": {name: seat.scaler.state_dict() for name, seat in seats.items()},
        }
        path = checkpoint.write(self.folder / "checkpoints" / str(self.images), parts, state)
        runs.prune(self.folder, self.config.keep)
        self.reporter.wrote("checkpoint", path)
        return path

    def restore(self, folder: Path) -> None:
        """Continue from a checkpoint as if nothing had happened.

        Raises:
            UserError: the checkpoint is damaged or belongs to another model.
        """
        state, optim_state = checkpoint.read_state(folder), checkpoint.read_tensors(folder, "optim")
        checkpoint.load_module(self.recipe, checkpoint.read_tensors(folder, "model"), folder / "model.safetensors")
        if self.config.ema:
            load_averaged(self.average.recipe, folder)
        for name, seat in self.update.seats.items():
            prefix = f"{name}/"
            own = {k.removeprefix(prefix): v for k, v in optim_state.items() if k.startswith(prefix)}
            optim.load_state_tensors(seat.optimizer, self.names, own)
            if seat.scaler.is_enabled():
                seat.scaler.load_state_dict(state["scalers"][name])
        self.step, self.images = state["step"], state["images"]
        self.stream.position = state["position"]
        self.clock.seconds, self.clock.cpu_seconds = state["seconds"], state["cpu_seconds"]
        self.best = state.get("best", {})
        self.rate = state.get("rate", 1.0)
        if self.folder and self.world.leads and self.best:  # a kill may have come before this note of it
            runs.set_best(self.folder, **self.best)

    def _say(self, sentence: str) -> None:
        self.reporter.note(sentence)
        if self.log:
            self.log.say(sentence)

    def _generators(self) -> list[torch.device]:
        return [self.device] if self.device.type == "cuda" else []


class Stopwatch:
    """Images per second since the last look, and whether that was long ago."""

    PATIENCE = 2.0  # seconds that someone watching slow steps waits for a sign of life

    def __init__(self, images: int) -> None:
        self.time, self.images = time.monotonic(), images

    def rate(self, images: int) -> float:
        now = time.monotonic()
        rate = (images - self.images) / max(now - self.time, 1e-9)
        self.time, self.images = now, images
        return rate

    def overdue(self) -> bool:
        return time.monotonic() - self.time > self.PATIENCE
