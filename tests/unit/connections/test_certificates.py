"""Which variables are filled in, from those that are set."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.connections.certificates import NAMING, certificate_variables
from layer_builder.errors import ManifestError

SYSTEM = "/etc/system.pem"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give a file for each variable, and a folder."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in NAMING:
        (folder / name).write_text("")
    return {"folder": str(folder)} | {name: str(folder / name) for name in NAMING}


def test_nothing_is_set_where_there_is_nothing() -> None:
    assert certificate_variables({}, "") == {}


def test_the_system_is_trusted_where_no_variable_is_set() -> None:
    both = {"SSL_CERT_FILE": SYSTEM, "REQUESTS_CA_BUNDLE": SYSTEM}
    assert certificate_variables({}, SYSTEM) == both
    assert certificate_variables(dict.fromkeys(NAMING, ""), SYSTEM) == both


@given(st.sets(st.sampled_from(NAMING), min_size=1))
def test_what_is_set_stays_and_the_first_fills_the_rest(
    files: dict[str, str], names: set[str]
) -> None:
    environ = {name: files[name] for name in names}
    added = certificate_variables(environ, SYSTEM)
    first = files[next(name for name in NAMING if name in names)]
    assert not added.keys() & environ.keys()
    assert set(added.values()) == {first}
    assert {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"} <= (added | environ).keys()
    assert added["GIT_SSL_CAINFO"] == first


def test_git_keeps_its_own(files: dict[str, str]) -> None:
    environ = {"SSL_CERT_FILE": files["SSL_CERT_FILE"], "GIT_SSL_CAINFO": "/own.pem"}
    assert certificate_variables(environ, "") == {"REQUESTS_CA_BUNDLE": files["SSL_CERT_FILE"]}


def test_a_folder_is_no_file(files: dict[str, str]) -> None:
    assert certificate_variables({"SSL_CERT_DIR": files["folder"]}, SYSTEM) == {
        "REQUESTS_CA_BUNDLE": SYSTEM
    }
    assert certificate_variables({"REQUESTS_CA_BUNDLE": files["folder"]}, SYSTEM) == {
        "SSL_CERT_FILE": SYSTEM
    }


@pytest.mark.parametrize("name", NAMING)
def test_a_file_that_is_not_there_is_an_error(files: dict[str, str], name: str) -> None:
    gone = str(Path(files["folder"], "gone.pem"))
    with pytest.raises(
        ManifestError, match=f"the environment variable {name} is .*nothing is there"
    ):
        certificate_variables({name: gone}, SYSTEM)
