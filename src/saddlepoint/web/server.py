"""Serves the explorer until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Sequence
from pathlib import Path

from saddlepoint.environment import take_threads
from saddlepoint.errors import UserError

PORT = 8000


def serve(root: Path, *, data: Sequence[Path] = (), host: str | None = None, port: int | None = None) -> None:
    """Answer on this machine alone; with `host` to whoever brings the token, which is in the address printed.

    data: what visitors may train on, beside the sets that have a name.
    port: by default 8000, or any that is free if that is taken.

    Raises:
        UserError: the extra `web` is not installed, or the address cannot be had.
    """
    try:
        import uvicorn  # pyright: ignore[reportMissingImports]

        from saddlepoint.web.app import create_app
        from saddlepoint.web.room import Room
    except ModuleNotFoundError as error:
        if error.name not in ("uvicorn", "fastapi"):
            raise
        raise UserError(f"The explorer needs {error.name}: pip install 'saddlepoint[web]'") from None
    if root.exists() and not root.is_dir():
        raise UserError(f"{root} is not a folder of runs.")
    for source in data:
        if not source.exists():
            raise UserError(f"--data {source}: there is no such folder or file.")
    token = None if host is None else secrets.token_urlsafe(24)
    with _listening(host or "127.0.0.1", port) as listener:
        take_threads(1)  # one picture needs no more, and a training beside it needs the rest
        room = Room()
        app = create_app(root, data=data, token=token, room=room)
        print(f"Exploring {root} at {_address(listener, token)} (Ctrl-C ends this; trainings go on)", flush=True)
        settings = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)

        class Server(uvicorn.Server):  # pyright: ignore[reportUntypedBaseClass]
            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                room.closing = True
                await super().shutdown(sockets)

        Server(settings).run(sockets=[listener])


def _listening(host: str, port: int | None) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port or PORT, type=socket.SOCK_STREAM)[0][0]
        try:
            return socket.create_server((host, PORT if port is None else port), family=family)
        except OSError:
            if port is not None:
                raise
            return socket.create_server((host, 0), family=family)
    except OSError as error:
        raise UserError(f"{host}, port {port or PORT}, cannot be listened on ({error.strerror}).") from None


def _address(listener: socket.socket, token: str | None) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(
        host, f"[{host}]" if ":" in host else host
    )
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
