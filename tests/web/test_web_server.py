"""`saddle explore` itself."""

from __future__ import annotations

import socket
import sys
import urllib.request
from threading import Thread

import pytest

from saddlepoint.web import server


def test_it_needs_the_extra(saddle, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = saddle("explore", tmp_path)
    assert (result.status, result.err) == (2, "saddle: The explorer needs uvicorn: pip install 'saddlepoint[web]'\n")


def test_what_cannot_be_explored_is_said(saddle, tmp_path):
    (tmp_path / "file").touch()
    assert "is not a folder of runs" in saddle("explore", tmp_path / "file").err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = saddle("explore", tmp_path, "--port", taken.getsockname()[1])
    assert result.status == 2
    assert "cannot be listened on" in result.err
    assert "cannot be listened on" in saddle("explore", tmp_path, "--host", "no.such.host.invalid").err


@pytest.mark.parametrize("host", [None, "127.0.0.1"])
def test_it_serves_at_the_address_that_it_prints(tmp_path, monkeypatch, capsys, host):
    import uvicorn

    answers: list[tuple[int, bytes]] = []

    class Once(uvicorn.Server):
        """Ends after one visit to the printed address."""

        async def startup(self, sockets=None):
            await super().startup(sockets)
            address = capsys.readouterr().out.split(" at ")[1].split()[0]
            assert ("?token=" in address) == (host is not None)

            def visit() -> None:
                opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
                with opener.open(address) as page:
                    answers.append((page.status, page.read()))
                self.should_exit = True

            Thread(target=visit).start()

    monkeypatch.setattr(uvicorn, "Server", Once)
    monkeypatch.setattr(server, "take_threads", lambda count: None)
    server.serve(tmp_path, host=host, port=0)
    assert answers[0][0] == 200
    assert b"<title>Saddlepoint</title>" in answers[0][1]
