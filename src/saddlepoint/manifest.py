"""What run.json must hold for a run to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from saddlepoint.errors import UserError


class Part(BaseModel):
    """Strict, for it was written by a program; later versions may add keys, which are kept."""

    model_config = ConfigDict(strict=True, extra="allow")


class Spec(Part):
    kind: Literal["image", "points"]
    shape: list[Annotated[int, Field(gt=0)]]
    classes: list[str]

    @model_validator(mode="after")
    def _axes(self) -> Spec:
        if len(self.shape) != (3 if self.kind == "image" else 1):
            raise ValueError(f"{self.kind} data cannot have the shape {self.shape}")
        return self


class Data(Part):
    source: str
    fingerprint: str
    spec: Spec


class Configs(Part):
    recipe: dict[str, Any]
    train: dict[str, Any]
    data: dict[str, Any]


class Budget(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    steps: int | None = None
    images: int | None = None
    minutes: float | None = None
    cpu_minutes: float | None = None


class Manifest(Part):
    recipe: str
    config: Configs
    data: Data
    seed: int
    budget: Budget
    threads: int = Field(ge=1)
    device: str
    precision: str
    versions: dict[str, str]


def check(manifest: dict[str, Any], path: Path) -> dict[str, Any]:
    """The manifest as it is.

    Raises:
        UserError: a key is missing or holds something else; it names the first.
    """
    try:
        Manifest.model_validate(manifest)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{path} is damaged: {key}: {message[0].lower()}{message[1:]}.") from None
    return manifest
