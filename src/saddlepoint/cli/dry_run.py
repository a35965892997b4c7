"""What `saddle train --dry-run` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from saddlepoint.cli.common import print_json

if TYPE_CHECKING:
    from saddlepoint.api import Plan


def show(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(plan))
        return
    from saddlepoint.engine.memory import size

    free = "" if plan.available is None else f", {size(plan.available)} are free"
    lines = {
        "recipe": plan.recipe,
        "data": f"{plan.data['source']}: {plan.data['train']:,} training {plan.data['spec']}",
        "device": f"{plan.device}, {plan.precision}",
        "networks": ", ".join(f"{name} {count:,} parameters" for name, count in plan.networks.items()),
        "memory": f"{size(plan.memory)} at least{free}",
        "an epoch": f"{plan.steps_per_epoch:,.1f} steps",
        "one step": ", ".join(f"{key} {value:.3f}" for key, value in plan.losses.items()),
        **{f"{section} options": _keys(values) for section, values in plan.config.items()},
    }
    width = max(map(len, lines))
    for title, text in lines.items():
        print(f"{title:<{width}}  {text}")


def _keys(values: dict[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items())
