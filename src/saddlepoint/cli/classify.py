"""`saddle classify`: what a run's features are worth to a classifier that has few labels."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Literal

from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Checkpoint, Count, Flag, Json, Offline, console, print_json


def classify(
    run: Path,
    /,
    *,
    labels: NonNegativeInt = 0,
    features: Literal["auto", "encoder", "discriminator"] = "auto",
    images: Count = 20_000,
    seed: NonNegativeInt = 0,
    data: str | None = None,
    raw: Flag = False,
    checkpoint: Checkpoint = "latest",
    device: str = "auto",
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Classify by a run's features: a linear head, and the network fine-tuned.

    Beside them stands the same network trained from scratch on the same labels,
    for as many images. Test accuracies; all are kept in metrics.jsonl.

    Example: saddle classify runs/bigan --labels 100

    Args:
        run: The run's folder.
        labels: How many training labels are seen, as many of each class; 0: all.
        features: The encoder's code or the discriminator's last hidden layer; auto: the code, if there is one.
        images: How many the fine-tuned network and the one from scratch see.
        seed: Picks the labels, the order of the images and the weights from scratch.
        data: Labelled data instead of the run's own.
        raw: Use the weights as trained, not their running average.
        checkpoint: latest, best, or the number of images seen.
        device: cpu, cuda, cuda:1, mps; auto takes the fastest there is.
    """
    from saddlepoint.cli.display import watch
    from saddlepoint.environment import make_room
    from saddlepoint.few_labels import classify as measure

    make_room()
    with watch() as reporter:
        measured = measure(
            run,
            labels=labels,
            part=features,
            images=images,
            seed=seed,
            weights="raw" if raw else "average",
            checkpoint=checkpoint,
            data=data,
            device=device,
            offline=offline,
            reporter=reporter,
        )
    if as_json:
        print_json({"run": run, "measurements": [asdict(m) for m in measured]})
        return
    from rich.text import Text

    out = console()
    for m in measured:
        out.print(Text(f"{m.value:7.2%} ± {m.error or 0:.2%}  {m.metric.removeprefix('accuracy, ')}"))
    about = measured[0].protocol
    counted = f"{about['labels']:,} labels, {about['part']}, {about['n']:,} test examples"
    taught = f"; the run itself was trained with {about['run_labels']:,} labels" if about["run_labels"] else ""
    out.print(Text(counted + taught, style="dim"))
