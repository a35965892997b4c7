"""Why the non-saturating loss, drawn from the losses that train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saddlepoint.figures import figure
from saddlepoint.objectives.adversarial import generator_gradients

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw() -> Figure:
    """Both generator losses' gradients over D(G(z))."""
    curves = {key: values.numpy() for key, values in generator_gradients().items()}
    drawn = figure(6, 3.2)
    axes = drawn.subplots()
    for name in ("minimax", "nonsaturating"):
        axes.plot(curves["d_fake"], abs(curves[name]), label=name)
    axes.set_xlabel("D(G(z)): how real the discriminator finds a sample")
    axes.set_ylabel("size of the gradient\non its logit")
    axes.grid(alpha=0.3)
    axes.legend(loc="center right", frameon=False)
    return drawn
