"""Who may talk to the explorer: its own page alone; and whoever holds the token, where it listens beyond this machine.

A page of another site, open in the same browser, can send requests here too. What stops it: it cannot give the Host
that we expect (against DNS rebinding), nor ask for JSON to be taken without being asked back, nor hide its Origin.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LARGEST = 64 * 1024
"""Bytes of a request's body."""
PICTURES = re.compile(r"/api/runs/[^/]+/(invert|nearest)")
"""Paths whose body is an image file as it is."""
LARGEST_PICTURE = 16 * 2**20
"""Bytes of such a file."""
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Guard:
    """An ASGI application around another one. token: what visitors must bring; None: loopback only."""

    def __init__(self, app: App, token: str | None = None) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            assert scope["type"] == "lifespan", scope["type"]
            await self.app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"))
        cookie = f"saddle{(scope.get('server') or ('', 0))[1]}"  # browsers keep one jar for all ports of a host
        if self.token and self._fits(query.get("token", [""])[0]) and scope["method"] == "GET":
            kept = f"{cookie}={self.token}; HttpOnly; SameSite=Lax; Path=/"
            await _answer(send, 303, "", {"location": "/", "set-cookie": kept})
            return
        if refusal := self._refusal(scope["method"], scope["path"], headers, cookie):
            await _answer(send, *refusal)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_encoded(HEADERS)]
            await send(message)

        await self.app(scope, receive, guarded)

    def _refusal(self, method: str, path: str, headers: dict[str, str], cookie: str) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self.token:
            if not self._fits(_cookies(headers).get(cookie, "")):
                return 401, "Open the address with the token that `saddle explore` printed."
        elif _hostname(host) not in LOOPBACK:
            return 403, "This explorer answers on this machine only: start it with --host to reach it from others."
        if method not in ("GET", "HEAD"):
            if urlsplit(headers.get("origin", f"http://{host}")).netloc != host:
                return 403, "Only the explorer's own page may ask for this."
            kind, words, largest = "application/json", "Requests that change something are JSON.", LARGEST
            if PICTURES.fullmatch(path):
                kind, words = "application/octet-stream", "A picture comes as application/octet-stream."
                largest = LARGEST_PICTURE
            if headers.get("content-type", "").partition(";")[0].strip() != kind:
                return 415, words
            length = headers.get("content-length", "")
            if not length.isdecimal() or int(length) > largest:
                return 413, f"A request has a length, here of at most {largest:,} bytes."
        return None

    def _fits(self, given: str) -> bool:
        return self.token is not None and secrets.compare_digest(given.encode(), self.token.encode())


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # no host at all, such as half an IPv6 address
        return ""


def _cookies(headers: dict[str, str]) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs}


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]


async def _answer(send: Send, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
    given = {"content-type": "application/json", **HEADERS, **(headers or {})}
    await send({"type": "http.response.start", "status": status, "headers": _encoded(given)})
    await send({"type": "http.response.body", "body": json.dumps({"error": sentence}).encode()})
