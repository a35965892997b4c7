"""An encoder q(z|x) and a decoder p(x|z), before any word on how they are trained."""

from __future__ import annotations

import abc
import math
from typing import Literal, TypeVar

from pydantic import Field
from torch import Tensor, nn

from saddlepoint.distributions import DiagonalNormal
from saddlepoint.errors import UserError
from saddlepoint.families.from_latent import FromLatent, LatentConfig
from saddlepoint.networks.labelled import Labelled
from saddlepoint.networks.vae import conv_decoder, conv_encoder, dense_decoder, dense_encoder
from saddlepoint.objectives.likelihoods import Measure
from saddlepoint.objectives.observation import Kind, Observation
from saddlepoint.types import DataSpec


class EncoderDecoderConfig(LatentConfig):
    network: Literal["auto", "dense", "conv"] = "auto"
    """Encoder and decoder: hidden layers of tanh units, or convolutions. auto: conv for images."""
    likelihood: Literal["auto", "bernoulli", "gaussian", "discretised_logistic"] = "auto"
    """p(x|z): black and white pixels, real values, or 256 grey levels. auto: what the data is, points being real."""
    std: float = Field(0.0, ge=0)
    """Standard deviation of the gaussian likelihood on the [-1, 1] scale; 0: learned, one for each value."""
    latent: int = Field(20, ge=1)
    """Dimensions of z."""
    hidden: int = Field(500, ge=1)
    """Units in each hidden layer of the dense networks."""
    layers: int = Field(1, ge=1)
    """Hidden layers of the dense networks."""
    channels: int = Field(32, ge=1)
    """Channels after the first convolution; they double with each halving of the image, up to 8 times."""


C = TypeVar("C", bound=EncoderDecoderConfig)


class EncoderDecoder(FromLatent[C], abc.ABC):
    """A diagonal normal over codes for each example, and a distribution over examples for each code.

    Labels y, where networks are told them: (B,) int64, or a weight of each class (B, K).
    """

    kinds = ("image", "points")
    averaged = ("encoder", "decoder")
    encoder: nn.Module
    decoder: nn.Module
    observation: Observation

    def build_pair(self, *, classes: int = 0, extra: int = 0, told: bool = True) -> None:
        """Make both networks. classes: both are told the label, of so many, or without `told` the decoder alone;
        extra: numbers that the encoder gives after the posterior's mean and log-std."""
        config, shape = self.config, self.spec.shape
        self.observation = observation_for(self.spec, config)
        self.encoder = self.make_encoder(2 * config.latent + extra, classes if told else 0)
        codes, heads = config.latent + classes, self.observation.heads
        if network_for(self.spec, config.network) == "conv":
            decoder = conv_decoder(shape, config.channels, codes, heads)
        else:
            decoder = dense_decoder(shape, config.hidden, codes, heads, config.layers)
        self.decoder = Labelled(decoder, classes) if classes else decoder

    def make_encoder(self, outputs: int, classes: int = 0) -> nn.Module:
        """x -> (B, outputs). classes: it is told the label, of so many."""
        config, (channels, *size) = self.config, self.spec.shape
        if flat := network_for(self.spec, config.network) == "dense":
            inputs = math.prod(self.spec.shape) + classes
            encoder = dense_encoder((inputs,), config.hidden, outputs, config.layers)
        else:
            encoder = conv_encoder((channels + classes, *size), config.channels, outputs)
        return Labelled(encoder, classes, flat=flat) if classes else encoder

    def posterior(self, x: Tensor, y: Tensor | None = None) -> DiagonalNormal:
        """q(z|x), or q(z|x, y)."""
        return self.encoded(x, y)[0]

    def encoded(self, x: Tensor, y: Tensor | None = None) -> tuple[DiagonalNormal, Tensor]:
        """The posterior, and the (B, extra) numbers that the encoder gives besides."""
        output = _of(self.encoder, x, y).float()
        mean, log_std = output[:, : 2 * self.config.latent].chunk(2, dim=1)
        return DiagonalNormal(mean, log_std), output[:, 2 * self.config.latent :]

    def log_likelihood(self, x: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor:
        """log p(x|z), or log p(x|z, y), in nats, (B,), with respect to `measure`."""
        return self.observation.log_prob(x, _of(self.decoder, z, y))

    @property
    def measure(self) -> Measure:
        """What likelihoods and bounds are of: a probability of 256-level or of binary images, or a density."""
        return self.observation.measure

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of p(x|z); images in [-1, 1]."""
        return self.observation.mean(_of(self.decoder, z, y))


def network_for(spec: DataSpec, asked: Literal["auto", "dense", "conv"]) -> Literal["dense", "conv"]:
    """The kind of network for this data.

    Raises:
        UserError: convolutions over points.
    """
    if asked == "auto":
        return "conv" if spec.kind == "image" else "dense"
    if asked == "conv" and spec.kind != "image":
        raise UserError(f"network=conv needs images, and this is {spec}: network=dense takes it.")
    return asked


def observation_for(spec: DataSpec, config: EncoderDecoderConfig) -> Observation:
    """The p(x|z) that the config asks for, or that goes with this data.

    Raises:
        UserError: a likelihood that this data has not, or a std for one that has none.
    """
    image = spec.kind == "image"
    natural: Kind = "gaussian" if not image else "bernoulli" if spec.levels == 2 else "discretised_logistic"
    kind = natural if config.likelihood == "auto" else config.likelihood
    if not image and kind != "gaussian":
        raise UserError(f"likelihood={kind} needs images, and this is {spec}: gaussian takes it.")
    if kind == "discretised_logistic" and spec.levels != 256:
        raise UserError(f"likelihood={kind} is of 256 grey levels, and this is {spec}: bernoulli takes it.")
    if config.std and kind != "gaussian":
        raise UserError(f"std={config.std} belongs to likelihood=gaussian, and this is {kind}.")
    return Observation(kind=kind, std=config.std, image=image)


def _of(network: nn.Module, x: Tensor, y: Tensor | None) -> Tensor:
    """What a network makes of x, and of y if it is told labels."""
    if not isinstance(network, Labelled):
        return network(x)
    assert y is not None, "this network is told the label"
    return network(x, y)
