"""A training, watched: a live display on a terminal, a line now and then elsewhere. Both write to stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from saddlepoint.cli.common import console

if TYPE_CHECKING:
    from rich.console import RenderableType

    from saddlepoint.engine.events import Progress


def watch() -> Live | Lines:
    """The display that fits where stderr goes; of several processes only the leader draws."""
    from saddlepoint.distributed import launched

    return Live() if sys.stderr.isatty() and launched().leads else Lines()


class Lines:
    """A line at the start, then one every `every` seconds, and the last one at the end."""

    def __init__(self, every: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.every, self.clock = every, clock
        self._said, self._worked = -float("inf"), clock()
        self._unsaid: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._unsaid:
            self._line(self._unsaid)

    def started(self, run: Path, recipe: str, budget: str) -> None:
        self._print(f"Training {recipe} for {budget} in {run}")

    def progress(self, progress: Progress) -> None:
        self._unsaid = progress
        if self.clock() - self._said >= self.every:
            self._line(progress)

    def working(self, done: int, total: int, what: str) -> None:
        if self.clock() - self._worked >= self.every:
            self._worked = self.clock()
            self._print(counted(done, total, what))

    def note(self, sentence: str) -> None:
        self._print(sentence)

    def wrote(self, what: str, path: Path) -> None:
        """Said at the end, all together."""

    def _line(self, progress: Progress) -> None:
        self._said, self._unsaid = self.clock(), None
        self._print(f"{standing(progress)}  {losses(progress.losses)}")

    @staticmethod
    def _print(text: str) -> None:
        print(text, file=sys.stderr, flush=True)


class Live:
    """A bar, where it stands, and each player's loss."""

    def __init__(self) -> None:
        from rich.live import Live as RichLive

        self._live = RichLive(console=console(stderr=True), refresh_per_second=4, transient=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def started(self, run: Path, recipe: str, budget: str) -> None:
        self.note(f"Training {recipe} for {budget} in {run}")

    def progress(self, progress: Progress) -> None:
        self._live.update(_panel(progress))

    def working(self, done: int, total: int, what: str) -> None:
        from rich.text import Text

        self._live.update(Text("" if done == total else counted(done, total, what)))

    def note(self, sentence: str) -> None:
        from rich.text import Text

        self._live.console.print(Text(sentence))

    def wrote(self, what: str, path: Path) -> None:
        """Said at the end, all together."""


def counted(done: int, total: int, what: str) -> str:
    """`decoding photos: 1,200 of 40,000`; 0 for an unknown total."""
    return f"{what}: {done:,}" + (f" of {total:,}" if total else "")


def standing(progress: Progress) -> str:
    """`12,800 images  640 images/s  1:20 left`."""
    left = "" if progress.seconds_left is None else f"  {duration(progress.seconds_left)} left"
    return f"{progress.images:>9,} images  {progress.images_per_second:,.0f} images/s{left}"


def losses(values: Mapping[str, float]) -> str:
    """Each player's loss: `discriminator 1.203  generator 0.874`."""
    return "  ".join(
        f"{key.removesuffix('/loss')} {value:.3f}" for key, value in values.items() if key.endswith("/loss")
    )


def duration(seconds: float) -> str:
    """`1:20`, or `2:03:05` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _panel(progress: Progress) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    rows = Table.grid(expand=True)
    if progress.fraction is not None:
        rows.add_row(ProgressBar(total=1.0, completed=progress.fraction))
    rows.add_row(Text(standing(progress)))
    rows.add_row(Text(f"     loss  {losses(progress.losses)}", "dim"))
    return rows
