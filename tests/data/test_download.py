import gzip
import hashlib
import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from saddlepoint.data import download
from saddlepoint.data.download import PUBLISHED, Published, Remote
from saddlepoint.data.load import load
from saddlepoint.errors import UserError

RNG = np.random.default_rng(0)


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4) for n in array.shape)
    return gzip.compress(header + array.tobytes())


def four_files(n=40):
    return {
        f"{split}-{kind}-ubyte.gz": idx(RNG.integers(0, 3, shape, dtype=np.uint8))
        for split, count in (("train", n), ("t10k", n // 4))
        for kind, shape in (("images-idx3", (count, 8, 8)), ("labels-idx1", (count,)))
    }


def cifar_archive(records):
    """The published archive's layout with a few records in each file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for i, name in enumerate([*(f"data_batch_{k}.bin" for k in (3, 1, 2, 4, 5)), "test_batch.bin", "readme.html"]):
            content = b"hello" if name.endswith("html") else records[i].tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def server():
    """A server of the files put into `server.files`; `server.asked` lists the requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            content = server.files.get(self.path[1:])
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: server.stop])

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.stop = {}, [], None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def publish(server, monkeypatch):
    """Make the server's files the published ones of this name."""

    def make(name, files):
        server.files.update(files)
        base = f"http://127.0.0.1:{server.server_port}/"
        remotes = [
            Remote(url=base + file, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
            for file, content in files.items()
        ]
        monkeypatch.setitem(PUBLISHED, name, Published(files=tuple(remotes), classes=PUBLISHED[name].classes))

    return make


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_a_set_is_fetched_once_and_says_so(name, server, publish, cache):
    publish(name, four_files())
    said = []
    data = load(name, cache=cache, progress=lambda done, total, what: said.append(what))
    assert data.spec.shape == (1, 8, 8)
    assert data.spec.classes == PUBLISHED[name].classes
    assert len(data.test) == 10
    assert data.source == name
    assert any(what.startswith("downloading http://127.0.0.1") and what.endswith("MB)") for what in said)
    assert len(server.asked) == 4
    assert load(name, cache=cache, offline=True).fingerprint == data.fingerprint
    assert len(server.asked) == 4


def test_cifar_is_read_from_its_binary_version(publish, cache):
    records = RNG.integers(0, 256, (6, 20, 3073), dtype=np.uint8)
    records[..., 0] %= 10
    publish("cifar10", {"cifar-10-binary.tar.gz": cifar_archive(records)})
    data = load("cifar10", cache=cache)
    assert data.spec.shape == (3, 32, 32)
    assert data.spec.classes[3] == "cat"
    assert (len(data.train) + len(data.validation), len(data.test)) == (100, 20)
    test = data.test.raw(slice(None)).numpy()
    assert (test.transpose(0, 3, 1, 2).reshape(20, -1) == records[5, :, 1:]).all()
    y = data.test.y(slice(None))
    assert y is not None
    assert (y.numpy() == records[5, :, 0]).all()
    in_order = records[[1, 2, 0, 3, 4]].reshape(100, 3073)  # batches 1 to 5, after the rows of the test split
    assert (data.train.rows[20:].transpose(0, 3, 1, 2).reshape(100, -1) == in_order[:, 1:]).all()


def left(cache):
    return [path for path in (cache / "data" / "downloads").rglob("*") if path.is_file()]


def test_another_file_is_refused_and_nothing_is_left(server, publish, cache):
    publish("mnist", four_files())
    first = "train-images-idx3-ubyte.gz"
    server.files[first] = server.files[first][:-1] + b"!"
    with pytest.raises(UserError, match="which is not the published file"):
        load("mnist", cache=cache)
    assert left(cache) == []


@pytest.mark.parametrize("more", [b"x", b"x" * 3_000_000])
def test_a_longer_file_is_refused(more, server, publish, cache):
    publish("mnist", four_files())
    server.files["train-images-idx3-ubyte.gz"] += more
    with pytest.raises(UserError, match="not the published file"):
        load("mnist", cache=cache)
    assert left(cache) == []


def test_a_broken_connection_leaves_nothing_and_can_be_tried_again(server, publish, cache):
    publish("mnist", four_files())
    server.stop = 100
    with pytest.raises(UserError, match="try again"):
        load("mnist", cache=cache)
    assert left(cache) == []
    server.stop = None
    assert len(load("mnist", cache=cache).test) == 10


def test_a_file_that_is_gone(server, publish, cache):
    publish("mnist", four_files())
    server.files.clear()
    with pytest.raises(UserError, match=r"could not be fetched from http://127.*\(Not Found\)"):
        load("mnist", cache=cache)


def test_no_server(server, publish, cache, monkeypatch):
    publish("mnist", four_files())
    nowhere = Remote(url="http://127.0.0.1:9/a.gz", sha256="0", size=5)
    monkeypatch.setitem(PUBLISHED, "mnist", Published(files=(nowhere,), classes=()))
    with pytest.raises(UserError, match="could not be fetched"):
        load("mnist", cache=cache)


def test_offline_says_what_to_do(server, publish, cache):
    publish("mnist", four_files())
    with pytest.raises(UserError, match=r"--offline.*download http://127.*train-images.*to .*downloads/mnist"):
        load("mnist", cache=cache, offline=True)
    assert server.asked == []
    assert not cache.exists()


def test_a_file_put_there_by_hand_is_checked(server, publish, cache):
    files = four_files()
    publish("mnist", files)
    folder = cache / "data" / "downloads" / "mnist"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert len(load("mnist", cache=cache, offline=True).test) == 10
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"something else")
    with pytest.raises(UserError, match=r"t10k-labels-idx1-ubyte\.gz is not the published file"):
        load("mnist", cache=cache, offline=True)


def test_the_table_is_whole():
    assert set(PUBLISHED) == {"mnist", "fashion-mnist", "cifar10"}
    for published in PUBLISHED.values():
        assert len(published.classes) == 10
        for remote in published.files:
            assert len(bytes.fromhex(remote.sha256)) == 32
            assert remote.size > 4000
            assert download.Remote(url=remote.url, sha256="", size=0).name == remote.url.split("/")[-1]
