"""The action setting itself up behind a proxy that wants a login and looks into TLS."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
import uv

from layer_builder.connections import certificates, letters, proxies

from ..conftest import REPOSITORY
from .conftest import INDEX, VARIABLES
from .test_program import BUNDLE
from .tls_proxy import PASSWORD, USER, TlsProxy

SetUp: TypeAlias = Callable[..., CompletedProcess[str]]

# Set-up's uv is the real one, in a wheel of another name's making; it cannot be moved.
UV = f'#!/bin/sh\nexec {uv.find_uv_bin()} "$@"\n'
PROGRAM = (
    "import helper\n\ndef main(arguments, environ):\n    print('started', helper.B)\n    return 0\n"
)


@pytest.fixture
def action(tmp_path: Path, add_wheel: Callable[..., Path]) -> Path:
    """Give an action whose locks name made-up wheels, and whose program says that it started."""
    folder = tmp_path / "action"
    (folder / "requirements").mkdir(parents=True)
    (folder / "layer_builder").mkdir()
    (folder / "layer_builder/main.py").write_text(PROGRAM)
    shutil.copy(REPOSITORY / "entrypoint.py", folder)
    wheels = {
        "uv": add_wheel("uv", "1.0", {"uv-1.0.data/scripts/uv": UV}),
        "run": add_wheel("helper", "1.0", {"helper.py": "B = 1\n"}),
    }
    for lock, wheel in wheels.items():
        name, version, *_ = wheel.name.split("-")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        text = f"{name}=={version} \\\n    --hash=sha256:{digest}\n"
        (folder / f"requirements/{lock}.txt").write_text(text)
    return folder


@pytest.fixture
def set_up(action: Path, tmp_path: Path, company: TlsProxy) -> SetUp:
    """Have the action set itself up; gives what it says: of the proxy's login not a word."""

    def start(*before: str, python: str = sys.executable, **env: str) -> CompletedProcess[str]:
        environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "1",
            "UV_HTTP_RETRIES": "0",
            "HTTPS_PROXY": company.url,
            **({} if "UV_DEFAULT_INDEX" in env else {"PIP_INDEX_URL": f"https://{INDEX}/simple"}),
            **env,
        }
        words: Sequence[str] = [*before, python, "-I", str(action / "entrypoint.py")]
        done = subprocess.run(
            words, env=environment, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
        )
        assert PASSWORD not in done.stdout + done.stderr
        assert f"{USER}:" not in done.stdout + done.stderr
        return done

    return start


@pytest.mark.parametrize("variable", VARIABLES)
def test_one_variable_is_enough_for_pip_and_uv(
    set_up: SetUp, company: TlsProxy, variable: str
) -> None:
    done = set_up(**{variable: str(company.authority)})
    assert (done.returncode, done.stdout) == (0, "started 1\n"), done.stderr
    assert company.hosts == {INDEX}
    assert {path for _, path in company.heard if "/files/" not in path} == {
        "/simple/uv/",
        "/simple/helper/",
    }
    assert (company.distrusted, company.unknown) == ([], [])


@pytest.mark.parametrize("address", ["https://{}/simple", "own=https://{}/simple"])
def test_the_index_of_uv_is_that_of_pip_too(set_up: SetUp, company: TlsProxy, address: str) -> None:
    index = {"UV_DEFAULT_INDEX": address.format(INDEX)}
    done = set_up(**index, SSL_CERT_FILE=str(company.authority))
    assert (done.returncode, done.stdout) == (0, "started 1\n"), done.stderr
    assert company.hosts == {INDEX}


def test_what_the_system_trusts_is_trusted(set_up: SetUp, company: TlsProxy) -> None:
    words = [shutil.which("unshare") or "false", "--map-root-user", "--mount"]
    if not BUNDLE.exists() or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("no mount namespace, or no file to put another in place of")
    mount = f'mount --bind {company.authority} {BUNDLE} && exec "$@"'
    done = set_up(*words, "sh", "-c", mount, "-")
    assert (done.returncode, done.stdout) == (0, "started 1\n"), done.stderr


def test_who_is_not_trusted_is_told_with_what_to_set(set_up: SetUp, company: TlsProxy) -> None:
    done = set_up()
    assert done.returncode == 3
    assert INDEX in company.distrusted
    assert "set SSL_CERT_FILE to a PEM file with the authorities to trust" in done.stderr


def test_so_is_what_uv_does_not_trust(set_up: SetUp, company: TlsProxy, tmp_path: Path) -> None:
    """Where pip was told by itself."""
    empty = tmp_path / "other.pem"
    empty.write_text("")
    done = set_up(PIP_CERT=str(company.authority), SSL_CERT_FILE=str(empty))
    assert done.returncode == 3
    assert "set SSL_CERT_FILE to a PEM file with the authorities to trust" in done.stderr
    assert f"Now it is {empty}" in done.stderr


WRONG = {
    f"http://{USER}:{PASSWORD}!@127.0.0.1:{{port}}": "which wants another login",
    f"http://{USER}:{PASSWORD}@127.0.0.1:9": "which did not connect; hosts that are reached without it",
    f"http://{USER}:{PASSWORD}@:x": "could not set itself up",
}  # fmt: skip


@pytest.mark.parametrize("address", WRONG)
def test_a_proxy_that_does_not_let_through_is_told_without_its_login(
    set_up: SetUp, company: TlsProxy, address: str
) -> None:
    where = {"HTTPS_PROXY": address.format(port=company.port)}
    done = set_up(**where, SSL_CERT_FILE=str(company.authority))
    assert done.returncode == 3, done.stderr
    assert WRONG[address] in done.stderr
    assert company.hosts == set()


@pytest.mark.network
def test_so_it_is_with_the_newest_pip(set_up: SetUp, company: TlsProxy, tmp_path: Path) -> None:
    """That has words of its own, and trusts the system by itself."""
    python = str(tmp_path / "newest/bin/python")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "newest"], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip"], check=True)
    trusting = {"REQUESTS_CA_BUNDLE": str(company.authority)}
    gone = set_up(python=python, HTTPS_PROXY=f"http://{USER}:{PASSWORD}@127.0.0.1:9")
    assert gone.returncode == 3
    assert "which did not connect; hosts that are reached without it" in gone.stderr
    stranger = set_up(python=python, HTTPS_PROXY=company.url.replace(PASSWORD, "other"))
    assert "which wants another login" in stranger.stderr
    assert "set SSL_CERT_FILE to a PEM file" in set_up(python=python).stderr
    done = set_up(python=python, **trusting)
    assert (done.returncode, done.stdout) == (0, "started 1\n"), done.stderr


def test_a_file_that_is_not_there_is_not_passed_over(set_up: SetUp) -> None:
    done = set_up(REQUESTS_CA_BUNDLE="/nowhere.pem")
    assert done.returncode == 2
    assert "the environment variable REQUESTS_CA_BUNDLE is '/nowhere.pem'" in done.stderr


def test_the_indexes_that_only_pip_knows_reach_uv(set_up: SetUp, company: TlsProxy) -> None:
    """The one of the lock may be in the second."""
    done = set_up(
        PIP_INDEX_URL=f"https://{INDEX}/empty/simple",
        PIP_EXTRA_INDEX_URL=f"https://{INDEX}/simple",
        SSL_CERT_FILE=str(company.authority),
    )
    assert (done.returncode, done.stdout) == (0, "started 1\n"), done.stderr


def test_set_up_and_program_understand_the_same() -> None:
    """It runs on older Pythons, and so has a copy."""
    spec = importlib.util.spec_from_file_location("entrypoint", REPOSITORY / "entrypoint.py")
    assert spec
    assert spec.loader
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    assert (copy.NAMING, copy.SYSTEM_FILES) == (certificates.NAMING, certificates.SYSTEM_FILES)
    assert copy.PROXIES == proxies.VARIABLES
    assert [sign.pattern for _, sign in letters.SIGNS] == [
        copy.DISTRUSTED, copy.LOGIN, copy.PROXY, copy.NAME,
    ]  # fmt: skip
