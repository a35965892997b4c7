"""A method: its networks, its players, its algorithm box. The engine does everything else.

A recipe never calls `backward`, an optimiser, a device or a file.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from saddlepoint.config import Config
from saddlepoint.errors import UserError
from saddlepoint.priors import Slice
from saddlepoint.types import Batch, DataSpec, Losses, Noise

Objective = Callable[[Batch], Losses]
Schedule = Callable[[int], float]
"""A hyperparameter as a function of the images seen."""

C = TypeVar("C", bound=Config)

DRAWING = "drawing samples"


def cosine(start: float, end: float, images: int) -> Schedule:
    """From `start` to `end` along half a cosine over the first `images` images, then constant."""

    def at(seen: int) -> float:
        progress = min(seen / images, 1.0) if images else 1.0
        return end + (start - end) * 0.5 * (1 + math.cos(math.pi * progress))

    return at


@dataclass(frozen=True, kw_only=True)
class Player:
    """Who is optimised, and how. Rates and betas may follow the images seen."""

    modules: tuple[nn.Module, ...]
    lr: float | Schedule
    betas: tuple[float | Schedule, float | Schedule] = (0.9, 0.999)
    optimizer: Literal["adam", "rmsprop", "sgd"] = "adam"
    eps: float = 1e-8
    weight_decay: float = 0.0
    clip: float = 0.0
    """Largest norm of the player's whole gradient; 0: not clipped."""


class Update(Protocol):
    """The one call into the engine: one optimisation step of one player.

    While it runs everything but this player's parameters is frozen. Returns the means, over the whole
    batch, of all that the objective returned.
    """

    def __call__(self, player: str, objective: Objective, batch: Batch) -> Mapping[str, Tensor]: ...


class Batches(Iterator[Batch], Protocol):
    """What a step draws from: batches of all training examples, without end.

    In them y is -1 where the label is not known. A step that needs labels draws from `labelled` too, after the batch
    that goes with it.
    """

    @property
    def labelled(self) -> Iterator[Batch]:
        """Batches of the examples whose labels are known, as large as the others; only for data with classes."""
        ...


class Recipe(nn.Module, abc.ABC, Generic[C]):
    """Base of every method. Concrete recipes are final and are built by `build`, not by an `__init__`.

    Buffers registered here (a controller's state, a codebook) are part of every checkpoint.
    """

    Config: ClassVar[type[Config]]
    kinds: ClassVar[tuple[str, ...]] = ("image",)
    """Kinds of data it can learn."""
    min_side: ClassVar[int] = 1
    """Smallest image height and width its networks can take."""
    binary: ClassVar[bool] = False
    """Whether it learns images of black and white pixels alone."""
    conditional: bool = False
    """Whether it needs labels and samples by class; a config may leave that out (`build` then sets it to False)."""
    takes_unlabelled: ClassVar[bool] = False
    """Of a conditional recipe: whether it learns from examples without labels too."""
    compares: ClassVar[bool] = False
    """Whether an objective compares the examples of a batch with one another, so that a batch cannot be cut into
    micro-batches. What it compares it takes from all processes, by `distributed.whole_batch`."""
    averaged: ClassVar[tuple[str, ...]] = ("generator",)
    """Attributes whose running average sampling uses."""

    def __init__(self, spec: DataSpec, config: C) -> None:
        super().__init__()
        self.spec, self.config = spec, config
        self.images_seen = 0  # kept by the engine; schedules read it
        self.tell: Callable[[float], None] | None = None  # kept by `sample`: a slow `draw` says what share it has done
        self._check(spec)
        self.build()

    # What a method writes down ------------------------------------------------------------------

    @abc.abstractmethod
    def build(self) -> None:
        """Make the networks for `self.spec` and `self.config`."""

    @abc.abstractmethod
    def players(self) -> dict[str, Player]:
        """Who plays. Called once, after `build`."""

    @abc.abstractmethod
    def step(self, batches: Batches, update: Update, t: int) -> None:
        """The paper's algorithm box: one iteration, t = 0, 1, ..."""

    @abc.abstractmethod
    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        """One sample for each row of `noise`: (B, *shape), images in [-1, 1]. y: (B,) labels if conditional."""

    # What everyone gets -------------------------------------------------------------------------

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def slices(self) -> tuple[Slice, ...]:
        """What a latent consists of, in order; nothing for a recipe that has none."""
        return ()

    @torch.no_grad()
    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        y: Tensor | int | None = None,
        batch: int = 256,
        first: int = 0,
        progress: Callable[[int, int, str], None] | None = None,
    ) -> Tensor:
        """n samples as float32 on the CPU, (n, *shape), images in [-1, 1].

        The same seed gives the same samples on every device, and the first 16 of 64 are the 16 of 16.
        y: one label for all or (n,) labels, for conditional recipes; by default drawn uniformly.
        first: leave out so many: sample(48, first=16) are the last 48 of sample(64).
        progress: told (done, n, what) as samples are drawn.

        Raises:
            UserError: a label out of range, or given to a recipe that takes none.
        """
        labels = self.labels_for(n, seed=seed, y=y, first=first)
        was_training = self.training
        self.eval()
        parts: list[Tensor] = []
        for start in range(0, n, batch):
            rows = min(batch, n - start)
            noise = Noise("sample", seed, rows=rows, start=first + start, device=self.device, draw_on="cpu")
            chosen = None if labels is None else labels[start : start + rows].to(self.device)
            if progress:
                self.tell = lambda share, start=start, rows=rows: progress(start + int(share * rows), n, DRAWING)
            parts.append(self.draw(noise, chosen).float().cpu())
            self.tell = None
            if progress:
                progress(start + rows, n, DRAWING)
        self.train(was_training)
        samples = torch.cat(parts) if parts else torch.empty(0, *self.spec.shape)
        return samples.clamp(-1, 1) if self.spec.kind == "image" else samples

    def labels_for(self, n: int, *, seed: int = 0, y: Tensor | int | None = None, first: int = 0) -> Tensor | None:
        """The labels (n,) of samples, as `sample` takes them; None for a recipe that takes none.

        Raises:
            UserError: as `sample` does.
        """
        classes = self.spec.classes
        if not self.conditional:
            if y is not None:
                raise UserError(f"{type(self).__name__} takes no class: it was not trained with labels.")
            return None
        if y is None:
            return Noise("label", seed, rows=n, start=first).integers(len(classes))
        labels = torch.full((n,), y) if isinstance(y, int) else y
        if len(labels) != n or (n and not 0 <= int(labels.min()) <= int(labels.max()) < len(classes)):
            raise UserError(f"Class {y} does not exist: classes are 0 to {len(classes) - 1}.")
        return labels

    def _check(self, spec: DataSpec) -> None:
        name = type(self).__name__
        if spec.kind not in self.kinds:
            raise UserError(f"{name} learns {' or '.join(self.kinds)} data, and this is {spec}.")
        if self.binary and spec.kind == "image" and spec.levels != 2:
            raise UserError(
                f"{name} learns black and white pixels, and this is {spec}: binarise=stochastic makes them."
            )
        if spec.kind == "image" and min(spec.shape[1:]) < self.min_side:
            raise UserError(f"{name} needs images of at least {self.min_side} pixels a side, and this is {spec}.")
        if self.conditional and len(spec.classes) < 2:
            raise UserError(f"{name} needs labelled data of two classes or more, and this is {spec}.")

    def _repr_png_(self) -> bytes:
        from saddlepoint.pictures import png, wall

        return png(wall(self.sample(32)))


# What a trained model can do. Capabilities, not families: a method may have several. -----------------


@runtime_checkable
class Latent(Protocol):
    """Samples come from a latent z of one flat vector."""

    def prior(self, noise: Noise) -> Tensor:
        """z of shape (B, D), one for each row of the noise."""
        ...

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """x of shape (B, *shape) from z of shape (B, D)."""
        ...


@runtime_checkable
class Encodes(Protocol):
    def encode(self, x: Tensor) -> Tensor:
        """The latent of x: (B, *shape) -> (B, D); the posterior's mean where there is a posterior."""
        ...


@runtime_checkable
class Scores(Protocol):
    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Exact log-likelihood in nats, (B,), given the labels (B,) if the model is conditional."""
        ...


@runtime_checkable
class Bounds(Protocol):
    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        """A lower bound on the log-likelihood in nats, (B,), given the labels if the model is conditional.

        Never called a likelihood.
        """
        ...


@runtime_checkable
class Weighs(Protocol):
    """Bounds that tighten with the number of draws: Burda et al. 2016 (arXiv 1509.00519), equation 8."""

    def log_weights(self, x: Tensor, noise: Noise, k: int, y: Tensor | None = None) -> Tensor:
        """log p(x, z) - log q(z|x) for k draws of z from q(z|x), in nats: (k, B)."""
        ...


@runtime_checkable
class Classifies(Protocol):
    def classify(self, x: Tensor) -> Tensor:
        """Logits over the classes, (B, K)."""
        ...


@runtime_checkable
class Completes(Protocol):
    def complete(self, x: Tensor, rows: int, noise: Noise, y: Tensor | None = None) -> Tensor:
        """Images (B, C, H, W) whose first `rows` rows are those of x, the rest drawn given them, from p itself."""
        ...


@runtime_checkable
class Judges(Protocol):
    """What diagnosis asks a discriminator; not a capability for users."""

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """How real the discriminator finds each x: (B,), on a scale of its own."""
        ...


@runtime_checkable
class Describes(Protocol):
    """What a classifier may build on where there is no encoder; not a capability for users."""

    def features(self, x: Tensor) -> Tensor:
        """The discriminator's last hidden layer, (B, D)."""
        ...


CAPABILITIES: dict[str, type] = {
    "latent": Latent,
    "encodes": Encodes,
    "scores": Scores,
    "bounds": Bounds,
    "weighs": Weighs,
    "classifies": Classifies,
    "completes": Completes,
}


def capabilities(recipe: type[Recipe[Config]]) -> list[str]:
    """What a trained model of this recipe can do, "samples" first."""
    conditional = ["conditional"] if recipe.conditional else []
    return ["samples", *conditional, *(name for name, protocol in CAPABILITIES.items() if issubclass(recipe, protocol))]
