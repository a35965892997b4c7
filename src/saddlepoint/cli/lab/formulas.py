"""Games whose every move a formula gives: `lab orbit`, `dirac` and `gradients`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from saddlepoint.cli.common import Count
from saddlepoint.cli.lab.shared import Frames, check

Rate = Annotated[float, Parameter(validator=Number(gt=0))]


def orbit(*, lr: Rate = 0.1, steps: Count = 200, frames: Frames = 50, out: Path = Path("orbit.png")) -> None:
    """Play v(a, b) = ab in six ways: which arrive at the saddle point, and the eigenvalues that say why.

    Example: saddle lab orbit --lr 0.2 --out orbit.gif

    Args:
        lr: Step size of both players.
        steps: How long to play.
        frames: Pictures in a film.
        out: Where to draw it: .png the whole course, .gif or .mp4 a film of it.
    """
    check(out)
    from saddlepoint.lab import film
    from saddlepoint.lab.orbit import PLAYS, verdict
    from saddlepoint.lab.orbit import orbit as play
    from saddlepoint.lab.orbit_figure import draw

    orbits = {name: play(name, lr=lr, steps=steps) for name in PLAYS}
    for name, found in orbits.items():
        print(f"{name:<13} {verdict(name, found)}")
    print(film.write(lambda i: draw(orbits, _step(i, frames, steps)), frames, out))


def dirac(
    *, weight: Rate = 1.0, lr: Rate = 0.1, steps: Count = 200, frames: Frames = 20, out: Path = Path("dirac.png")
) -> None:
    """Play the smallest GAN under every loss and penalty that it can carry, and tell where it settles.

    Example: saddle lab dirac --weight 0.3 --out dirac.png

    Args:
        weight: Weight of the penalty.
        lr: Step size of both players.
        steps: How long to play.
        frames: Pictures in a film.
        out: Where to draw it: .png the whole course, .gif or .mp4 a film of it.
    """
    check(out)
    from saddlepoint.lab import film
    from saddlepoint.lab.dirac import PENALTIES, REFUSED, eigenvalues, play, word
    from saddlepoint.lab.dirac_figure import OBJECTIVES as ROWS
    from saddlepoint.lab.dirac_figure import PENALTIES as COLUMNS
    from saddlepoint.lab.dirac_figure import draw
    from saddlepoint.objectives.games import GAMES

    for penalty in PENALTIES:
        for objective in GAMES:
            print(f"{penalty:<13} {objective:<25} {word(eigenvalues(objective, penalty, weight))}")
    for why in REFUSED.values():
        print(why)
    courses = {
        (game, penalty): (play(game, penalty, weight, lr=lr, steps=steps), eigenvalues(game, penalty, weight))
        for game, *_ in ROWS
        for penalty, *_ in COLUMNS
    }
    print(film.write(lambda i: draw(courses, weight, _step(i, frames, steps)), frames, out))


def gradients(*, out: Path = Path("gradients.png")) -> None:
    """Compare the generator's saturating and non-saturating gradient over D(G(z)).

    Example: saddle lab gradients --out gradients.png

    Args:
        out: Where to draw it.
    """
    check(out)
    from saddlepoint.lab import film
    from saddlepoint.lab.gradients_figure import draw
    from saddlepoint.objectives.adversarial import generator_gradients

    curves = generator_gradients(99)
    early = int((curves["d_fake"] - 0.01).abs().argmin())
    for name in ("minimax", "nonsaturating"):
        size = abs(curves[name][early].item())
        print(f"{name:<13} where D is sure of a fake, D(G(z)) = 0.01, the gradient on its logit has size {size:.2f}")
    print(film.write(lambda _: draw(), 1, out))


def _step(frame: int, frames: int, steps: int) -> int:
    """The step that a frame shows: the first shows the start, the last the end."""
    return steps * (frame + 1) // frames if frames == 1 else steps * frame // (frames - 1)
