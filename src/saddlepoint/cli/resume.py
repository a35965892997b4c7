"""`saddle resume`: a stopped run goes on where it was, or a finished one goes further."""

from __future__ import annotations

from pathlib import Path

from cyclopts.types import PositiveFloat, PositiveInt

from saddlepoint.cli.common import Json, Offline
from saddlepoint.cli.train import finish


def resume(
    run: Path,
    /,
    *,
    steps: PositiveInt | None = None,
    images: PositiveInt | None = None,
    minutes: PositiveFloat | None = None,
    device: str = "auto",
    data: str | None = None,
    offline: Offline = False,
    as_json: Json = False,
) -> int:
    """Continue a run from its latest checkpoint.

    It goes on to the budget it was started with, or to the one given here, which
    counts from the run's beginning.

    Example: saddle resume runs/dcgan-digits --minutes 180

    Args:
        run: The run's folder.
        steps: Train until the run has this many steps in all.
        images: Train until the run has seen this many images in all.
        minutes: Train until the run has been trained for so many minutes in all.
        device: cpu, cuda, cuda:1, mps; auto takes the fastest there is.
        data: Where the data is now, if it has moved.
    """
    from saddlepoint import api, runs
    from saddlepoint.cli.display import watch
    from saddlepoint.distributed import launched
    from saddlepoint.environment import make_room, take_threads

    manifest = runs.manifest(run)
    if manifest.get("processes", 1) == launched().size:
        take_threads(manifest["threads"])  # equal threads, equal bits
    else:
        make_room()
    with watch() as reporter:
        went_on = api.resume(
            run,
            steps=steps,
            images=images,
            minutes=minutes,
            device=device,
            data=data,
            offline=offline,
            reporter=reporter,
        )
    return finish(went_on, as_json=as_json)
