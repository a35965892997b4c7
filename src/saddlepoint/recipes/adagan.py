"""AdaGAN.

Ilya Tolstikhin, Sylvain Gelly, Olivier Bousquet, Carl-Johann Simon-Gabriel, Bernhard Schölkopf: AdaGAN: Boosting
Generative Models. NeurIPS 2017, arXiv 1701.02386.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import softplus

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.families import PairConfig
from saddlepoint.networks.ensemble import Ensemble
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.objectives.boosting import example_weights, solve_level
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class AdaGANConfig(PairConfig):
    width: int = Field(64, ge=1)
    """Images: channels of the largest hidden maps of each of the networks, of which there are 2 components + 1."""
    components: int = Field(10, ge=1)
    """Generators in the mixture (T); the last one trains on for as long as the run does."""
    component_steps: int = Field(5_000, ge=1)
    """Iterations that each component trains."""
    classifier_steps: int = Field(1_000, ge=1)
    """Iterations that the discriminator between data and mixture trains before each new component."""
    weighed: int = Field(10_000, ge=1)
    """Examples by which lambda* is found, rounded up to whole batches."""


@register(
    "adagan",
    paper=Paper(
        title="AdaGAN: Boosting Generative Models",
        authors="Tolstikhin, Ilya and Gelly, Sylvain and Bousquet, Olivier and Simon-Gabriel, Carl-Johann and "
        "Schölkopf, Bernhard",
        year=2017,
        venue="NeurIPS",
        arxiv="1701.02386",
    ),
    group="ensemble",
)
class AdaGAN(Recipe[AdaGANConfig]):
    """Boosting: a mixture of GANs trained one after another, each on what the mixture before it lacks."""

    Config = AdaGANConfig
    kinds = ("image", "points")
    min_side = 8
    averaged = ("generators",)
    trained: Tensor
    """How many components are sampled."""
    level: Tensor
    """lambda* of the component in training."""

    def build(self) -> None:
        config = self.config
        # Weights and density ratios belong to each example apart, so what judges has layer norm, not batch norm.
        judge = partial(discriminator_for, self.spec, config.width, config.widths, norm=partial(nn.GroupNorm, 1))
        count = range(config.components)
        self.generators = Ensemble(generator_for(self.spec, config.latent, config.width, config.widths) for _ in count)
        self.discriminators = nn.ModuleList(judge() for _ in count)
        self.classifier: nn.Module = judge()
        self.register_buffer("trained", torch.tensor(1))
        self.register_buffer("level", torch.tensor(1.0))

    def players(self) -> dict[str, Player]:
        networks: dict[str, nn.Module] = {"classifier": self.classifier}
        networks |= {f"discriminator{k}": network for k, network in enumerate(self.discriminators)}
        networks |= {f"generator{k}": network for k, network in enumerate(self.generators)}
        lr, betas = self.config.lr, self.config.betas
        return {name: Player(modules=(network,), lr=lr, betas=betas) for name, network in networks.items()}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        """Algorithm 1 with beta_t = 1/t. Iteration `at` of component k; the first needs no weights."""
        config = self.config
        length = config.classifier_steps + config.component_steps
        k = min((t + config.classifier_steps) // length, config.components - 1)
        at = t + config.classifier_steps - k * length
        if at < config.classifier_steps:
            update("classifier", self.classifier_objective, next(batches))
            if at == config.classifier_steps - 1:
                self.weigh(batches, k)
            return
        for _ in range(config.d_steps):
            update(f"discriminator{k}", partial(self.discriminator_objective, k), next(batches))
        update(f"generator{k}", partial(self.generator_objective, k), next(batches))
        if at == length - 1:
            self.trained.fill_(k + 1)

    def classifier_objective(self, batch: Batch) -> Losses:
        """Algorithm 2, line 1: a discriminator between data and the mixture so far."""
        with torch.no_grad():
            fake = self.draw(batch.noise, None)
        return {"loss": discriminator_minimax(self.classifier(batch.x), self.classifier(fake))}

    @torch.no_grad()
    def weigh(self, batches: Iterator[Batch], k: int) -> None:
        """Algorithm 3: lambda* of the examples to come, for component k (0, 1, ...) and its beta = 1 / (k + 1)."""
        ratios = [whole_batch(self.ratio(next(batches).x))]
        while len(ratios) * len(ratios[0]) < self.config.weighed:
            ratios.append(whole_batch(self.ratio(next(batches).x)))
        self.level.copy_(solve_level(torch.cat(ratios), 1 / (k + 1)))

    def ratio(self, x: Tensor) -> Tensor:
        """d = p_mixture / p_data = (1 - D) / D (section 3.4), (B,), from D's logits."""
        return self.classifier(x).float().flatten().neg().exp()

    def discriminator_objective(self, k: int, batch: Batch) -> Losses:
        """Goodfellow et al. 2014, equation 1, with data of the weights W_t."""
        with torch.no_grad():
            fake = self.generators[k](self.prior(batch.noise))
            weight = example_weights(self.ratio(batch.x), self.level, 1 / (k + 1)) if k else torch.ones(len(batch.x))
        d_real, d_fake = self.discriminators[k](batch.x).float(), self.discriminators[k](fake).float()
        loss = (weight.to(d_real)[:, None] * softplus(-d_real)).mean() + softplus(d_fake).mean()
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean(), "weight": weight}

    def generator_objective(self, k: int, batch: Batch) -> Losses:
        """Goodfellow et al. 2014, section 3: what component k makes is to look like the weighted data."""
        return {"loss": generator_nonsaturating(self.discriminators[k](self.generators[k](self.prior(batch.noise))))}

    def prior(self, noise: Noise) -> Tensor:
        return noise.normal(self.config.latent)

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        """Each row from a component drawn uniformly: beta_t = 1/t makes all weights of the mixture equal."""
        which = (noise.uniform() * self.trained).long()
        return self.generators[: int(self.trained)](self.prior(noise), which)
