"""`saddle train`: from data to a trained model."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.types import PositiveFloat, PositiveInt

from saddlepoint.cli.common import Flag, Json, Offline, Recipe, print_json
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from saddlepoint.api import Run

Options = Annotated[
    str, Parameter(name="key=value", help="Options, like lr=1e-4 or widths=64,64; `saddle info NAME` shows them all.")
]
SIGNALS = {"SIGINT": 130, "SIGTERM": 143}


def train(
    name: Recipe,
    /,
    *options: Options,
    data: str = "digits",
    out: Path | None = None,
    seed: int = 0,
    steps: PositiveInt | None = None,
    images: PositiveInt | None = None,
    minutes: PositiveFloat | None = None,
    device: str = "auto",
    offline: Offline = False,
    dry_run: Flag = False,
    as_json: Json = False,
) -> int:
    """Train a recipe on data.

    Everything lands in one folder, and training again into it never overwrites.
    Ctrl-C finishes the step and writes a checkpoint; `saddle resume` goes on.

    Example: saddle train dcgan --data photos/ --minutes 10 size=64 batch=128

    Args:
        name: A recipe; `saddle ls` lists them.
        data: A folder, archive, array or IDX file of images, or the name of a known set.
        out: Folder of the run; by default a new one under runs/.
        seed: Seed of weights, data order and noise.
        steps: Stop after this many steps.
        images: Stop after this many images seen.
        minutes: Stop after this much time.
        device: cpu, cuda, cuda:1, mps; auto takes the fastest there is.
        dry_run: Show what would run, do one real step, and write nothing.
    """
    from saddlepoint import api
    from saddlepoint.cli.display import watch
    from saddlepoint.config import parse_overrides
    from saddlepoint.environment import make_room

    keys = parse_overrides(options)
    _no_flags_among(keys, inspect.signature(api.train).parameters)
    if dry_run:
        from saddlepoint.cli.dry_run import show

        show(api.plan(name, data, seed=seed, device=device, offline=offline, **keys), as_json=as_json)
        return 0
    with watch() as reporter:
        if crowded := make_room():
            reporter.note(crowded)
        run = api.train(
            name,
            data,
            out=out,
            seed=seed,
            steps=steps,
            images=images,
            minutes=minutes,
            device=device,
            offline=offline,
            reporter=reporter,
            **keys,
        )
    return finish(run, as_json=as_json)


def finish(run: Run, *, as_json: bool) -> int:
    """Say what the training left and what to do next: of several processes the leader. Returns the exit status."""
    from saddlepoint.distributed import launched

    if as_json and launched().leads:
        print_json(outcome(run))
    elif launched().leads:
        facts = outcome(run)
        for title in ("run", "samples", "checkpoint"):
            print(f"{title.capitalize():<11} {facts[title]}")
        print("\nNext:")
        if run.stopped_by:
            print(f"  saddle resume {run.path}")
        print(f"  saddle sample {run.path} -n 64 --seed 1")
        print(f"  saddle evaluate {run.path}")
        if not run.stopped_by:
            print(f"  saddle doctor {run.path}")
    return SIGNALS[run.stopped_by] if run.stopped_by else 0


def outcome(run: Run) -> dict[str, Any]:
    """What a program would want to know of a training that ended."""
    from saddlepoint import runs

    grids = sorted((run.path / "samples").glob("[0-9]*.png"))
    return {
        "run": run.path,
        "steps": run.steps,
        "images": run.images,
        "finished": run.stopped_by is None,
        "stopped_by": run.stopped_by,
        "samples": grids[-1] if grids else None,
        "checkpoint": runs.find_checkpoint(run.path),
    }


def _no_flags_among(keys: Mapping[str, Any], parameters: Mapping[str, inspect.Parameter]) -> None:
    """`steps=100` is a slip for `--steps 100`, and would collide with it."""
    for key in keys.keys() & parameters.keys():
        if key in ("name", "reporter"):
            raise UserError(f"There is no option {key!r}: `saddle info NAME` lists them.")
        raise UserError(f"{key}={keys[key]} is written --{key} {keys[key]}.")


def as_key(flag: str, arguments: Sequence[str]) -> str | None:
    """`--labels 50` is a slip for `labels=50`: a sentence that says so, if the option is one that is written so.

    flag: an argument that no flag is known for. arguments: those of `saddle train`, it among them.
    """
    from saddlepoint import catalogue
    from saddlepoint.config import DataConfig, TrainConfig

    name = next((argument for argument in arguments if argument in catalogue.names()), None)
    schemas = [TrainConfig, DataConfig, *([catalogue.recipe_class(name).Config] if name else [])]
    word, equals, value = flag.removeprefix("--").partition("=")
    key = word.replace("-", "_")
    if not any(key in schema.model_fields for schema in schemas):
        return None
    after = arguments[arguments.index(flag) + 1 :][:1]
    if not equals and after and not after[0].startswith("--") and "=" not in after[0]:
        value = after[0]
        flag = f"{flag} {value}"
    return f"{flag} is written {key}={value or '...'}: an option of what is trained, not of the command."
