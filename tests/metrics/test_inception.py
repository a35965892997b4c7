import hashlib
import io
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from metric_fakes import make_data
from safetensors.torch import save_file

from saddlepoint.errors import UserError
from saddlepoint.metrics import inception
from saddlepoint.metrics.choose import choose
from saddlepoint.metrics.features import inception_features, to_rgb
from saddlepoint.metrics.inception import Inception, load_inception, published_weights
from saddlepoint.metrics.measurement import Measurement

SHAPES = {  # of the published file, some of every block
    "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
    "Conv2d_2b_3x3.bn.running_var": (64,),
    "Conv2d_3b_1x1.conv.weight": (80, 64, 1, 1),
    "Conv2d_4a_3x3.bn.bias": (192,),
    "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
    "Mixed_5d.branch5x5_2.conv.weight": (64, 48, 5, 5),
    "Mixed_6a.branch3x3.conv.weight": (384, 288, 3, 3),
    "Mixed_6a.branch3x3dbl_3.conv.weight": (96, 96, 3, 3),
    "Mixed_6b.branch7x7_2.conv.weight": (128, 128, 1, 7),
    "Mixed_6c.branch7x7dbl_2.conv.weight": (160, 160, 7, 1),
    "Mixed_6e.branch7x7dbl_5.conv.weight": (192, 192, 1, 7),
    "Mixed_7a.branch3x3_2.conv.weight": (320, 192, 3, 3),
    "Mixed_7a.branch7x7x3_3.conv.weight": (192, 192, 7, 1),
    "Mixed_7b.branch1x1.conv.weight": (320, 1280, 1, 1),
    "Mixed_7b.branch3x3_2a.conv.weight": (384, 384, 1, 3),
    "Mixed_7c.branch3x3dbl_1.conv.weight": (448, 2048, 1, 1),
    "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
    "Mixed_7c.branch_pool.bn.running_mean": (192,),
    "fc.weight": (1008, 2048),
    "fc.bias": (1008,),
}


@pytest.fixture(scope="module")
def network() -> Inception:
    """Random weights that keep activations in range."""
    torch.manual_seed(0)
    network = Inception().eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    return network


@pytest.fixture(scope="module")
def weights(network: Inception, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as the published one is: PyTorch's, without counts of batches."""
    path = tmp_path_factory.mktemp("inception") / "made.pth"
    torch.save({k: v for k, v in network.state_dict().items() if "num_batches" not in k}, path)
    return path


def test_names_and_shapes_are_those_of_the_published_file(network: Inception):
    state = {name: tuple(value.shape) for name, value in network.state_dict().items() if "num_batches" not in name}
    assert SHAPES.items() <= state.items()
    # 94 convolutions with 4 vectors of batch norm each, and the linear layer
    assert len(state) == 94 * 5 + 2
    # torchvision's Inception-v3 without its auxiliary head has 23,834,568 parameters, 1000 classes among them
    assert sum(p.numel() for p in network.parameters()) == 23_834_568 + 8 * 2049


def test_places_and_channels_from_block_to_block(network: Inception):
    seen: dict[str, tuple[int, ...]] = {}
    hooks = [
        child.register_forward_hook(lambda _, __, out, name=name: seen.update({name: tuple(out.shape[1:])}))
        for name, child in network.named_children()
    ]
    features = network(torch.zeros(1, 3, 20, 30))
    for hook in hooks:
        hook.remove()
    assert features.shape == (1, 2048)
    assert seen["Conv2d_1a_3x3"] == (32, 149, 149)
    assert seen["Conv2d_2b_3x3"] == (64, 147, 147)
    assert seen["Conv2d_4a_3x3"] == (192, 71, 71)
    assert seen["Mixed_5b"] == (256, 35, 35)
    assert seen["Mixed_5d"] == (288, 35, 35)
    assert {seen[f"Mixed_6{letter}"] for letter in "abcde"} == {(768, 17, 17)}
    assert seen["Mixed_7a"] == (1280, 8, 8)
    assert seen["Mixed_7c"] == (2048, 8, 8)


def test_the_fid_variant_pools_without_padding_and_by_maximum_at_the_end(network: Inception):
    x = torch.rand(1, 1280, 8, 8) + 1

    def pooled(block: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        return block(x)[:, -192:]

    inner = network.Mixed_7b
    mean = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(pooled(inner, x), inner.get_submodule("branch_pool")(mean))
    last, x = network.Mixed_7c, torch.rand(1, 2048, 8, 8)
    torch.testing.assert_close(pooled(last, x), last.get_submodule("branch_pool")(F.max_pool2d(x, 3, 1, 1)))


def test_branches_come_in_the_published_order(network: Inception):
    block, x = network.Mixed_7b, torch.rand(1, 1280, 8, 8)
    out = block(x)

    def run(name: str, x: torch.Tensor) -> torch.Tensor:
        return block.get_submodule(name)(x)

    torch.testing.assert_close(out[:, :320], run("branch1x1", x))
    middle = run("branch3x3_1", x)
    torch.testing.assert_close(out[:, 320:704], run("branch3x3_2a", middle))
    torch.testing.assert_close(out[:, 704:1088], run("branch3x3_2b", middle))
    halved = network.Mixed_6a(torch.rand(1, 288, 35, 35))
    assert halved.shape == (1, 768, 17, 17)
    x = torch.rand(1, 768, 17, 17)
    torch.testing.assert_close(network.Mixed_7a(x)[:, 512:], F.max_pool2d(x, 3, 2))


def test_loads_either_format_and_is_not_called_fid(network: Inception, weights: Path, tmp_path: Path):
    x = torch.rand(1, 1, 16, 16) * 2 - 1
    features, digest = inception_features(weights), hashlib.sha256(weights.read_bytes()).hexdigest()
    found = features(x)
    torch.testing.assert_close(found, network(x.expand(1, 3, 16, 16)))
    assert (features.name, features.sha256) == (f"inception@{digest[:4]}", digest)
    assert (features.dim, features.fid) == (2048, False)
    assert features.head is not None
    torch.testing.assert_close(features.head(found), network.fc(found) - network.fc.bias)
    save_file(dict(load_inception(weights).state_dict()), tmp_path / "same.safetensors")
    again = load_inception(tmp_path / "same.safetensors").state_dict()
    assert all(torch.equal(again[name], value) for name, value in network.state_dict().items() if "num" not in name)


def test_only_the_published_weights_are_called_fid(weights: Path, monkeypatch: pytest.MonkeyPatch):
    def label(digest: str, metric: str = "fd") -> str:
        protocol = {"features": f"inception@{digest[:4]}", "features_sha256": digest}
        return Measurement(metric=metric, value=1.0, protocol=protocol).label()

    assert label(inception.SHA256) == "FID"
    assert label(inception.SHA256, "fd_floor") == "FID floor"
    assert label(inception.SHA256, "kid") == "KID[inception@6726]"
    assert label("a" * 64) == "FD[inception@aaaa]"
    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(weights.read_bytes()).hexdigest())
    assert inception_features(weights).fid


def test_grey_and_transparent_images():
    grey, clear = torch.full((1, 1, 2, 2), 0.5), torch.full((1, 4, 2, 2), -1.0)
    assert torch.equal(to_rgb(grey), torch.full((1, 3, 2, 2), 0.5))
    assert torch.equal(to_rgb(clear), torch.ones(1, 3, 2, 2))  # black, wholly transparent: white
    clear[:, 3] = 1
    assert torch.equal(to_rgb(clear), -torch.ones(1, 3, 2, 2))


def test_refuses_other_files(weights: Path, tmp_path: Path):
    def refused(state: object, message: str) -> None:
        torch.save(state, tmp_path / "other.pth")
        with pytest.raises(UserError, match=message):
            load_inception(tmp_path / "other.pth")

    state = torch.load(weights, weights_only=True)
    refused({k: v for k, v in state.items() if k != "fc.bias"}, r"other\.pth .*lacks fc\.bias")
    refused(state | {"fc.bias": torch.zeros(1000)}, r"has fc\.bias of shape \(1000,\), and \(1008,\) is right")
    refused(state | {"AuxLogits.fc.bias": torch.zeros(1)}, r"has AuxLogits\.fc\.bias")
    refused(torch.zeros(3), "is not the FID Inception-v3")
    refused({"state": io.StringIO("code that a pickle could run")}, "is no file of tensors")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(UserError, match=r"text\.pth is no file of tensors"):
        load_inception(tmp_path / "text.pth")
    with pytest.raises(UserError, match="There is no weight file"):
        load_inception(tmp_path / "absent.pth")


def test_nothing_is_downloaded_offline_and_a_damaged_file_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match=r"this is offline.*--weights FILE"):
        published_weights(tmp_path, offline=True)
    with pytest.raises(UserError, match="this is offline"):
        choose("inception", make_data(), offline=True)
    path = tmp_path / "weights" / inception.FILE
    path.parent.mkdir()
    path.write_bytes(b"half of it")
    with pytest.raises(UserError, match="is damaged"):
        published_weights(tmp_path, offline=True)


def test_download_is_checked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inception.urllib.request, "urlopen", lambda url, timeout: io.BytesIO(b"weights"))
    with pytest.raises(UserError, match="another file than the published one"):
        published_weights(tmp_path, offline=False)
    assert not (tmp_path / "weights" / inception.FILE).exists()
    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(b"weights").hexdigest())
    path = published_weights(tmp_path, offline=False)
    assert path.read_bytes() == b"weights"
    monkeypatch.setattr(inception.urllib.request, "urlopen", None)
    assert published_weights(tmp_path, offline=True) == path


def test_a_failed_download_is_the_user_s_to_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(url: str, timeout: float) -> None:
        raise inception.urllib.error.URLError("no route to host")

    monkeypatch.setattr(inception.urllib.request, "urlopen", fail)
    with pytest.raises(UserError, match=r"cannot be downloaded .*no route to host.*--weights FILE"):
        published_weights(tmp_path, offline=False)
