"""Generators that learn while one looks on: `lab ring` and `lab game`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Count, Recipe
from saddlepoint.cli.lab.shared import Frames, check

if TYPE_CHECKING:
    from saddlepoint.engine.events import Reporter
    from saddlepoint.lab.game import Moment
    from saddlepoint.lab.ring import Map

L = TypeVar("L", "Moment", "Map")

Options = Annotated[str, Parameter(name="key=value", help="Options of the recipe and of training: lr=1e-3 batch=64.")]


def ring(*, steps: Count = 1500, seed: NonNegativeInt = 0, frames: Frames = 40, out: Path = Path("ring.png")) -> None:
    """Bend normal noise into a ring, by G(z) = z/10 + z/|z| and by a generator that learns one.

    Example: saddle lab ring --out ring.gif

    Args:
        steps: How long to train.
        seed: Of the networks and the noise.
        frames: Pictures in a film.
        out: Where to draw it: .png the end, .gif or .mp4 a film of the training.
    """
    check(out)
    from saddlepoint.cli.display import watch
    from saddlepoint.lab import film
    from saddlepoint.lab.ring import describe, exact, learn, noise
    from saddlepoint.lab.ring_figure import draw

    formula = exact()
    with watch() as reporter:
        looks = _seen(learn(steps=steps, frames=_frames(out, frames), seed=seed), steps, reporter)
    for name, found in (("formula", formula), ("generator", looks[-1])):
        print(f"{name:<10} {describe(found)}")
    print(film.write(lambda i: draw(noise(len(formula.points)), formula, looks[i]), len(looks), out))


def game(
    name: Recipe,
    /,
    *options: Options,
    data: str = "8gaussians",
    steps: Count = 2000,
    seed: NonNegativeInt = 0,
    frames: Frames = 40,
    out: Path = Path("game.png"),
) -> None:
    """Watch a GAN on points train: data and samples, the discriminator's surface, the pull on each sample.

    Example: saddle lab game wgan_gp widths=128,128 --data 8gaussians --out game.gif

    Args:
        name: A recipe of one generator against a discriminator that takes points; `saddle ls` lists recipes.
        data: Points of one or two dimensions, such as 1d-mixture, 8gaussians, 25gaussians, swiss-roll.
        steps: How long to train.
        seed: Of the networks and the noise.
        frames: Pictures in a film.
        out: Where to draw it: .png the end, .gif or .mp4 a film of the training.
    """
    check(out)
    from saddlepoint.cli.display import watch
    from saddlepoint.config import DataConfig, parse_overrides
    from saddlepoint.data.load import load
    from saddlepoint.lab import film
    from saddlepoint.lab.game import describe, play, scene
    from saddlepoint.lab.game_figure import draw

    chosen = parse_overrides(options)
    loaded = load(data, DataConfig())
    seen = scene(loaded)
    with watch() as reporter:
        played = play(name, loaded, steps=steps, frames=_frames(out, frames), seed=seed, options=chosen)
        moments = _seen(played, steps, reporter)
    for when in (0, -1) if len(moments) > 1 else (-1,):
        print(describe(seen, moments[when]))
    print(film.write(lambda i: draw(seen, moments[i]), len(moments), out))


def _seen(looks: Iterable[L], steps: int, reporter: Reporter) -> list[L]:
    """All looks at a training, which is told as it goes on."""
    found: list[L] = []
    for look in looks:
        found.append(look)
        reporter.working(look.step, steps, "steps played")
    return found


def _frames(out: Path, frames: int) -> int:
    """A picture needs the end alone."""
    return 1 if out.suffix.lower() == ".png" else frames
