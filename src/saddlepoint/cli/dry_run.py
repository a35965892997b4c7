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
    lines = {
        "recipe": plan.recipe,
        "data": f"{plan.data['source']}: {plan.data['train']:,} training {plan.data['spec']}",
        "device": f"{plan.device}, {plan.precision}",
        "networks": ", ".join(f"{name} {count:,} parameters" for name, count in plan.networks.items()),
        "memory": f"about {size(plan.memory)} while training",
        "an epoch": f"{plan.steps_per_epoch:,.1f} steps",
        "one step": ", ".join(f"{key} {value:.3f}" for key, value in plan.losses.items()),
        **{f"{section} options": _keys(values) for section, values in plan.config.items()},
    }
    width = max(map(len, lines))
    for title, text in lines.items():
        print(f"{title:<{width}}  {text}")


def size(count: float) -> str:
    """Bytes as `310 MiB` or `2.4 GiB`."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"


def _keys(values: dict[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items())
