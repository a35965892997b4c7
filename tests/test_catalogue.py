"""One registry, one dict."""

import subprocess
import sys

import pytest

import saddlepoint
from saddlepoint import catalogue
from saddlepoint.catalogue import Paper
from saddlepoint.config import build, parse_overrides
from saddlepoint.errors import UserError
from saddlepoint.recipe import CAPABILITIES
from saddlepoint.source import METHODS

PAPER = Paper(title="A", authors="B", year=2020, arxiv="2001.00001")


def test_names_match_globs():
    assert "dcgan" in saddlepoint.names()
    assert saddlepoint.names("wgan*") == [n for n in saddlepoint.names() if n.startswith("wgan")]
    assert saddlepoint.names("no such*") == []


def test_what_is_read_from_source_is_what_is_registered():
    for name, read in catalogue._shipped().items():
        catalogue.recipe_class(name)
        assert catalogue._registered[name] == read


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UserError, match="did you mean dcgan"):
        catalogue.info("dcagn")


@pytest.mark.parametrize("written", ["64,32", "[64,32]", " 64, 32"])
def test_several_values_need_no_brackets(written):
    config = build(catalogue.recipe_class("composed_gan").Config, parse_overrides([f"widths={written}"]))
    assert config.widths == (64, 32)


def test_a_lone_value_is_one_of_several_where_any_number_will_do():
    schema = catalogue.recipe_class("composed_gan").Config
    config = build(schema, parse_overrides(["widths=64", "penalties=r1", "weights=0.5"]))
    assert (config.widths, config.penalties, config.weights) == ((64,), ("r1",), (0.5,))
    assert build(schema, parse_overrides(["weights=null"])).weights is None
    for wrong in ("gamma=3", "gamma=3,2,1"):
        with pytest.raises(UserError, match="input should be 2 values, like 1,2"):
            build(catalogue.recipe_class("r3gan").Config, parse_overrides([wrong]))


def test_a_name_has_one_owner():
    class Mine(catalogue.recipe_class("gan")):
        """Mine."""

    with pytest.raises(ValueError, match="is taken"):
        catalogue.register("gan", paper=PAPER)(Mine)


def test_a_users_own_recipe_joins(monkeypatch):
    monkeypatch.setattr(catalogue, "_registered", {**catalogue._registered})
    monkeypatch.setattr(catalogue, "_classes", {**catalogue._classes})

    class Own(catalogue.recipe_class("gan")):
        """My own."""

    catalogue.register("own", paper=PAPER, presets={"own_big": {"latent": 200}})(Own)
    assert catalogue.names("own*") == ["own", "own_big"]
    spec = saddlepoint.DataSpec(shape=(1, 8, 8))
    assert saddlepoint.create("own_big", spec).config.latent == 200
    assert saddlepoint.create("own_big", spec, latent=7).config.latent == 7
    assert "@article{own2020" in saddlepoint.citation("own")


def test_the_catalogue_and_the_package_import_no_torch():
    code = (
        "import saddlepoint, sys; saddlepoint.names(); saddlepoint.citation('gan'); "
        "sys.exit(bool({'torch', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_is_there():
    for name in saddlepoint.__all__:
        assert getattr(saddlepoint, name)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = saddlepoint.nonsense


def test_the_capabilities_read_from_source_are_those_of_the_protocols():
    methods = {
        name: {key for key, value in vars(protocol).items() if callable(value) and not key.startswith("_")}
        for name, protocol in CAPABILITIES.items()
    }
    assert methods == METHODS
    assert list(METHODS) == list(CAPABILITIES)


def test_a_group_exists():
    with pytest.raises(ValueError, match="no group 'gans'"):
        catalogue.register("own", paper=PAPER, group="gans")
