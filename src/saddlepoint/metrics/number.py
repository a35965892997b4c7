"""How a number is printed beside its error."""

from __future__ import annotations

from math import floor, isfinite, log10


def number(value: float, error: float | None) -> str:
    """Two significant digits of the error and as many places of the value, `12.41 ± 0.35`; alone, four digits."""
    size, digits = (abs(value), 4) if error is None else (error, 2)
    places = digits - 1 - floor(log10(size)) if size and isfinite(size) else 3
    places = min(max(places, 0), 6)
    return f"{value:,.{places}f}" + ("" if error is None else f" ± {error:,.{places}f}")
