"""The explorer's application, asked without a socket. Without the extra `web` there is nothing here to test."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saddlepoint import api

collect_ignore_glob = [] if all(map(importlib.util.find_spec, ("fastapi", "httpx", "uvicorn"))) else ["test_*.py"]

Asking = Callable[..., Any]


def asking(root: Path, **given: Any) -> Asking:
    """`ask("GET", "/api/runs")`: one visitor, who keeps cookies."""
    import httpx

    from saddlepoint.web.app import create_app

    transport = httpx.ASGITransport(app=create_app(root, **given))
    client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
    loop = asyncio.new_event_loop()

    def ask(method: str, path: str, **more: Any) -> Any:
        return loop.run_until_complete(client.request(method, path, **more))

    ask.close = lambda: (loop.run_until_complete(client.aclose()), loop.close())
    return ask


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A folder with two more short runs on digits: `vae`, which encodes, and `codes`, an InfoGAN."""
    folder = tmp_path_factory.mktemp("others")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SADDLE_CACHE", str(cache))
        plain: dict[str, Any] = {"track": "none", "precision": "fp32"}
        api.train("vae", out=folder / "vae", steps=150, latent=8, network="dense", hidden=64, **plain)
        api.train("infogan", out=folder / "codes", steps=4, latent=6, **plain)
    return folder


@pytest.fixture
def visit():
    """Makes visitors of a runs folder."""
    made: list[Any] = []

    def visitor(root: Path, **given: Any) -> Asking:
        made.append(asking(root, **given))
        return made[-1]

    yield visitor
    for ask in made:
        ask.close()
