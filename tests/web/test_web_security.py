"""Who is answered."""

from __future__ import annotations

import pytest

from saddlepoint.web import security

TOKEN = "a-token-of-some-length"


def test_this_machine_alone_is_answered_without_a_token(tmp_path, visit):
    ask = visit(tmp_path)
    assert ask("GET", "/api/runs").json() == []
    for host in ("127.0.0.1", "localhost:9", "[::1]:8000"):
        assert ask("GET", "/api/runs", headers={"host": host}).status_code == 200
    for host in ("example.org", "127.0.0.1.example.org", "", "[::1", "192.168.0.2:8000"):
        answer = ask("GET", "/api/runs", headers={"host": host})
        assert answer.status_code == 403
        assert "--host" in answer.json()["error"]


def test_a_token_is_asked_for_and_remembered(tmp_path, visit):
    ask = visit(tmp_path, token=TOKEN)
    assert ask("GET", "/").status_code == 401
    assert ask("GET", "/?token=wrong").status_code == 401
    assert ask("GET", "/api/runs", headers={"cookie": f"saddle8000={TOKEN}x"}).status_code == 401
    welcomed = ask("GET", f"/?token={TOKEN}")
    assert (welcomed.status_code, welcomed.headers["location"]) == (303, "/")
    assert "HttpOnly" in welcomed.headers["set-cookie"]
    assert ask("GET", "/api/runs").status_code == 200
    assert ask("GET", "/api/runs", headers={"host": "example.org"}).status_code == 200
    assert visit(tmp_path, token=TOKEN)("GET", "/api/runs").status_code == 401


@pytest.mark.parametrize("token", [None, TOKEN])
def test_other_sites_change_nothing(tmp_path, visit, token):
    ask = visit(tmp_path, token=token)
    if token:
        ask("GET", f"/?token={token}")
    plain = {"content-type": "application/json"}
    assert ask("POST", "/api/runs", headers=plain, content="{}").status_code not in (401, 403, 413, 415)
    assert ask("POST", "/api/runs", headers={**plain, "origin": "http://example.org"}, content="{}").status_code == 403
    assert ask("POST", "/api/runs", headers={**plain, "origin": "null"}, content="{}").status_code == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert ask("POST", "/api/runs", headers={"content-type": kind}, content="{}").status_code == 415


def test_bodies_are_bounded(tmp_path, visit):
    ask = visit(tmp_path)
    headers = {"content-type": "application/json"}
    assert ask("POST", "/api/runs", headers=headers, content=b" " * (security.LARGEST + 1)).status_code == 413

    async def endless():
        yield b"{"

    assert ask("POST", "/api/runs", headers=headers, content=endless()).status_code == 413


def test_the_page_may_fetch_from_here_alone(tmp_path, visit):
    ask = visit(tmp_path)
    page = ask("GET", "/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert ask("GET", path).status_code == 404
