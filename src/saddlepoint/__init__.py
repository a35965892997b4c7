"""Deep generative models: train, sample, judge and explore.

    import saddlepoint

    run = saddlepoint.train("dcgan", "photos/", minutes=10)
    run.model().sample(64, seed=0)

Names are imported when first used, so `import saddlepoint` costs no import of torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saddlepoint.api import Plan, Run, evaluate, load, plan, resume, train
    from saddlepoint.catalogue import Paper, citation, create, info, names, register
    from saddlepoint.errors import UserError
    from saddlepoint.few_labels import classify
    from saddlepoint.types import Batch, DataSpec

__version__ = "0.1.0"

_WHERE = {
    "Batch": "types",
    "DataSpec": "types",
    "Paper": "catalogue",
    "Plan": "api",
    "Run": "api",
    "UserError": "errors",
    "citation": "catalogue",
    "classify": "few_labels",
    "create": "catalogue",
    "evaluate": "api",
    "info": "catalogue",
    "load": "api",
    "names": "catalogue",
    "plan": "api",
    "register": "catalogue",
    "resume": "api",
    "train": "api",
}
__all__ = [
    "Batch",
    "DataSpec",
    "Paper",
    "Plan",
    "Run",
    "UserError",
    "citation",
    "classify",
    "create",
    "evaluate",
    "info",
    "load",
    "names",
    "plan",
    "register",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'saddlepoint' has no attribute {name!r}")
    return getattr(importlib.import_module(f"saddlepoint.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
