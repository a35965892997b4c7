"""`saddle lab`: small experiments in which the game itself can be watched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from saddlepoint.cli.common import Count, make_folder

Rate = Annotated[float, Parameter(validator=Number(gt=0))]
Frames = Annotated[int, Parameter(validator=Number(gt=0, lte=1000))]

lab = App(name="lab", help="Watch the game itself: small experiments, drawn (.png) or filmed (.gif, .mp4).")


@lab.command
def orbit(*, lr: Rate = 0.1, steps: Count = 200, frames: Frames = 50, out: Path = Path("orbit.png")) -> None:
    """Play v(a, b) = ab in six ways: which arrive at the saddle point, and the eigenvalues that say why.

    Example: saddle lab orbit --lr 0.2 --out orbit.gif

    Args:
        lr: Step size of both players.
        steps: How long to play.
        frames: Pictures in a film.
        out: Where to draw it: .png the whole course, .gif or .mp4 a film of it.
    """
    _check(out)
    from saddlepoint.lab import film
    from saddlepoint.lab.orbit import PLAYS, verdict
    from saddlepoint.lab.orbit import orbit as play
    from saddlepoint.lab.orbit_figure import draw

    orbits = {name: play(name, lr=lr, steps=steps) for name in PLAYS}
    for name, found in orbits.items():
        print(f"{name:<13} {verdict(name, found)}")
    frames = min(frames, steps + 1)
    print(film.write(lambda i: draw(orbits, steps * i // (frames - 1) if frames > 1 else steps), frames, out))


@lab.command
def gradients(*, out: Path = Path("gradients.png")) -> None:
    """Compare the generator's saturating and non-saturating gradient over D(G(z)).

    Example: saddle lab gradients --out gradients.png

    Args:
        out: Where to draw it.
    """
    _check(out)
    from saddlepoint.lab import film
    from saddlepoint.lab.gradients_figure import draw
    from saddlepoint.objectives.adversarial import generator_gradients

    curves = generator_gradients(99)
    early = int((curves["d_fake"] - 0.01).abs().argmin())
    for name in ("minimax", "nonsaturating"):
        size = abs(curves[name][early].item())
        print(f"{name:<13} where D is sure of a fake, D(G(z)) = 0.01, the gradient on its logit has size {size:.2f}")
    print(film.write(lambda _: draw(), 1, out))


def _check(out: Path) -> None:
    """Refuse before the work what cannot be drawn after it."""
    from saddlepoint.lab import film

    film.check(out)
    make_folder("--out", out.parent)
