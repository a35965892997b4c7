"""Configs: frozen, keyword-only, validated. One schema serves the command line, Python and the docs."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from saddlepoint.errors import UserError


class Config(BaseModel):
    """Base of every config. A field's docstring is its meaning, shown by `saddle info`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any, info: ValidationInfo) -> Any:
        """No truth value for a number; and where several values are wanted, `64,32` and a lone `64` are some."""
        wanted: Any = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and wanted in (int, float, float | None):
            raise ValueError("input should be a number")
        size = _several(wanted)
        if size is None or value is None or isinstance(value, bool | dict):
            return value
        values = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
        if size and len(values) != size:
            raise ValueError(f"input should be {size} values, like {','.join('123'[:size])}")
        return values


def _several(wanted: Any) -> int | None:
    """How many values a field of this type takes, 0 being any number; None: it is not a field of several."""
    for kind in (wanted, *get_args(wanted)):
        if get_origin(kind) is tuple:
            return 0 if Ellipsis in get_args(kind) else len(get_args(kind))
    return None


def _positive(values: Any) -> Any:
    if values is not None and min(values, default=1) <= 0:
        raise ValueError("each must be above 0")
    return values


def _decays(values: Any) -> Any:
    if not all(0 <= value < 1 for value in values):
        raise ValueError("each must be from 0 up to, but not, 1")
    return values


Positive, Decays = AfterValidator(_positive), AfterValidator(_decays)
"""Mark a field of several numbers: `Annotated[tuple[int, ...], Positive]` for widths, `Decays` for Adam's rates."""


HIGHER = frozenset(
    {
        *("log_likelihood", "elbo", "iwae", "accuracy", "classifier_score"),
        *("precision", "recall", "density", "coverage", "modes", "modes_touched", "high_quality"),
    }
)
"""Metrics of which more is better."""


class TrainConfig(Config):
    """How to train, whatever the method. The same keys work for every recipe."""

    batch: int = Field(64, ge=1, le=1_000_000)
    """Examples per update."""
    micro_batch: int = Field(0, ge=0)
    """Examples per forward pass; gradients accumulate up to `batch`. 0: the whole batch at once."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Forward precision; losses, penalties, statistics and weights stay fp32. auto: bf16 where the hardware has it."""
    compile: bool = False
    """Compile the networks by torch.compile, save those whose gradients are differentiated again; run.json says."""
    ema: int = Field(10_000, ge=0)
    """Half-life, in images, of the averaged weights used to sample. 0: no averaging."""
    warmup: int = Field(0, ge=0)
    """Images over which the learning rates rise linearly from 0."""
    decay: Literal["none", "linear", "cosine"] = "none"
    """How the learning rates fall to 0 over the budget (needs a budget in steps or images)."""
    checkpoint_every: int = Field(1000, ge=1)
    """Steps between checkpoints; one is always written at the end."""
    sample_every: int = Field(500, ge=0)
    """Steps between sample grids. 0: only at the end."""
    evaluate_every: int = Field(0, ge=0)
    """Steps between evaluations on the validation split; one more is made at the end. 0: none."""
    best: str = "fd"
    """Metric by which the best evaluated checkpoint is kept: the lowest, or the highest of those where more is better.
    One that needs no samples, like elbo or log_likelihood, is then all that is measured."""
    log_every: int = Field(20, ge=1)
    """Steps between readings of the losses from the device."""
    keep: int = Field(2, ge=1)
    """Checkpoints kept, newest first; the best one is kept besides."""
    on_nonfinite: Literal["stop", "skip", "rollback"] = "stop"
    """After a non-finite loss or gradient, which never moves the weights: stop (exit 1), go on without that update, or
    go back to the last checkpoint once and on from it with half the learning rates."""
    track: Literal["auto", "none", "tensorboard", "wandb"] = "auto"
    """Where scalars go besides events.jsonl. auto: TensorBoard if installed; wandb uploads, so only if asked."""


class DataConfig(Config):
    """How a source becomes examples of one shape."""

    size: str = Field(default="auto", coerce_numbers_to_str=True)
    """`64`, or `48x64` for height x width; auto: the images' own if all agree, else the median side, at most 64."""
    fit: Literal["crop", "pad", "stretch"] = "crop"
    """How an image of another shape meets `size`: centre crop, pad with black, or stretch."""
    mode: Literal["auto", "grey", "rgb", "rgba"] = "auto"
    """Channels of every example; auto: grey if all images are grey, else RGB."""
    binarise: Literal["none", "threshold", "fixed", "stochastic"] = "none"
    """Black and white pixels: grey at least half is white, or each pixel is white with a probability of its grey level,
    drawn once (fixed) or, in training, anew each time it is seen (stochastic)."""
    flip: bool = False
    """Mirror images left to right at random in training."""
    shift: int = Field(default=0, ge=0)
    """Move images at random in training, by up to this many pixels up or down and left or right; edges fill the gap."""
    labels: int = Field(default=0, ge=0)
    """Training labels that are known, as many of each class, picked by the seed; 0: all. For recipes that classify."""
    validation: int = Field(default=0, ge=0)
    """Images for choosing checkpoints: those set aside anyway, and training images to make up the number. 0: those set
    aside anyway."""
    on_bad: Literal["stop", "skip"] = "stop"
    """A file that cannot be decoded: stop and name it, or leave it out and record it in run.json."""


C = TypeVar("C", bound=Config)


def parse_overrides(items: Iterable[str]) -> dict[str, Any]:
    """`["lr=1e-4", "fit=pad"]` as a mapping; values are JSON where they parse as JSON, else text."""
    parsed: dict[str, Any] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise UserError(f"{item!r} is not an option: write key=value, for example batch=64.")
        try:
            parsed[key] = json.loads(value)
        except json.JSONDecodeError:
            parsed[key] = value
    return parsed


def build(schema: type[C], values: Mapping[str, Any]) -> C:
    """A validated config, or a `UserError` that names the key, its value and what would be right."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise unknown_key(key, schema.model_fields) from None
        message = first["msg"].removeprefix("Value error, ").replace("a valid tuple", "values with commas between")
        raise UserError(f"{key}={first['input']!r}: {message[0].lower()}{message[1:]}.") from None


def unknown_key(key: str, known: Iterable[str]) -> UserError:
    """The error for a key that nothing knows, with the nearest one that something does."""
    near = difflib.get_close_matches(key, list(known), n=1)
    hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(sorted(known))}."
    return UserError(f"There is no option {key!r}: {hint}")


def split(values: Mapping[str, Any], *schemas: type[Config]) -> list[dict[str, Any]]:
    """Deal a flat mapping of overrides to the schemas that own its keys (no key has two owners)."""
    owners = {key: i for i, schema in enumerate(schemas) for key in schema.model_fields}
    assert len(owners) == sum(len(schema.model_fields) for schema in schemas), "a key has two owners"
    dealt: list[dict[str, Any]] = [{} for _ in schemas]
    for key, value in values.items():
        if key not in owners:
            raise unknown_key(key, owners)
        dealt[owners[key]][key] = value
    return dealt
