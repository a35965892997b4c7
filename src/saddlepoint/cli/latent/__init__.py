"""`saddle latent`: walk, mix and steer what a model has learned."""

from cyclopts import App

from saddlepoint.cli.latent.finding import directions, invert
from saddlepoint.cli.latent.meaning import arithmetic, attribute
from saddlepoint.cli.latent.parts import mix, traverse
from saddlepoint.cli.latent.walks import interpolate, slices, truncate, wall

latent = App(name="latent", help="Walk, mix and steer the latents of a trained model.")
for command in (wall, interpolate, traverse, mix, truncate, arithmetic, directions, attribute, invert, slices):
    latent.command(command)

__all__ = ["latent"]
