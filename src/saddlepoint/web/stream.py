"""An answer that comes line by line, while its maker works."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

from fastapi.responses import StreamingResponse  # pyright: ignore[reportMissingImports]

from saddlepoint.errors import NonFiniteError, UserError


class Lines(StreamingResponse):  # pyright: ignore[reportUntypedBaseClass]
    """JSON values, one a line. When the visitor leaves, their maker is closed, at the latest after the next value.

    What is wrong with the question is raised before anything is sent; what goes wrong later is a last line, an "error".
    """

    def __init__(self, values: Generator[Any]) -> None:
        self.values = values
        super().__init__(_told(next(values), values), media_type="application/x-ndjson")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.values.close()


def _told(first: Any, rest: Iterator[Any]) -> Iterator[str]:
    yield json.dumps(first) + "\n"
    try:
        for value in rest:
            yield json.dumps(value, allow_nan=False, separators=(",", ":")) + "\n"
    except (UserError, NonFiniteError) as error:
        yield json.dumps({"error": str(error)}) + "\n"
