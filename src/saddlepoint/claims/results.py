"""results/claims.csv: a row for each number, with all that it depends on."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from saddlepoint.errors import UserError
from saddlepoint.files import write_text


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number. Units: minutes of wall clock and of CPU time spent in training.

    floor: the measure of real training images in the samples' place; n: samples; reference: the split compared with;
    options: what deviates from the defaults; config: digits of the sha256 of all options, defaults included.
    """

    recipe: str
    data: str
    scale: str
    seed: int
    images: int
    measure: str
    value: float
    error: float | None
    floor: float | None
    n: int | None
    reference: str
    weights: str
    minutes: float
    cpu_minutes: float | None
    claim: str
    paper_value: str
    paper_measure: str
    comparable: str
    fingerprint: str
    options: str
    config: str
    hardware: str
    precision: str
    torch: str
    saddlepoint: str
    command: str

    @property
    def training(self) -> tuple[str, str, int]:
        """Seeds of one training differ in nothing but the seed."""
        return self.recipe, self.config, self.images

    @property
    def key(self) -> tuple[object, ...]:
        """Rows of equal key are the same number measured again."""
        return *self.training, self.fingerprint, self.scale, self.seed, self.measure


COLUMNS = [f.name for f in fields(Row)]
NUMBERS = {"value", "error", "floor", "minutes", "cpu_minutes"}
COUNTS = {"seed", "images", "n"}


def read(path: Path) -> list[Row]:
    """The rows of a file; none if it does not exist.

    Raises:
        UserError: its columns or numbers are not those of a results file.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise UserError(f"{path} is no file of results: its columns must be {', '.join(COLUMNS)}.")
        try:
            return [_row(line) for line in reader]
        except (TypeError, ValueError) as error:
            raise UserError(f"{path}, line {reader.line_num}, does not hold a result: {error}.") from None


def keep(path: Path, rows: Sequence[Row]) -> None:
    """Append rows; an older one of the same key gives way."""
    new = {row.key for row in rows}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_text(row) for row in [*(old for old in read(path) if old.key not in new), *rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text.getvalue())


def _text(row: Row) -> dict[str, str]:
    """Six significant digits, so that a file's diff shows what changed and no more."""
    return {
        key: "" if value is None else f"{value:.6g}" if key in NUMBERS else str(value)
        for key, value in asdict(row).items()
    }


def _row(line: dict[str, str]) -> Row:
    values: dict[str, object] = {
        key: None if value == "" and key in NUMBERS | COUNTS else float(value) if key in NUMBERS else value
        for key, value in line.items()
    }
    values |= {key: int(line[key]) for key in COUNTS if line[key] != ""}
    required = ("seed", "images", "value", "minutes")
    if missing := [key for key in required if values[key] is None]:
        raise ValueError(f"{missing[0]} is empty")
    return Row(**values)  # pyright: ignore[reportArgumentType]
