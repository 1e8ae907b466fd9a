"""A run behind a proxy that wants a login and looks into TLS."""

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from ..local_index import wheel
from ..resolve.sdists import HANDS_OUT, add_sdist
from .conftest import AWS, GITHUB, INDEX, VARIABLES, Job
from .tls_proxy import PASSWORD, USER

Run: TypeAlias = Callable[..., CompletedProcess[str]]

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
CODE = f'version: 1\npython: "{PYTHON}"\nlayers:\n  code: {{include: src/}}\n'
MANIFEST = CODE + "  deps: {packages: [demo]}\n"
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture(autouse=True)
def demo(add_wheel: Callable[..., Path]) -> None:
    """Have a distribution on the index."""
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})


@pytest.mark.parametrize("variable", VARIABLES)
def test_one_variable_is_enough_for_index_aws_and_github(
    job: Job, versions: Callable[[], list[str]], variable: str
) -> None:
    env = {variable: str(job.proxy.authority)}
    code, text = job.play("publish", MANIFEST, **env)
    assert code == 0, text
    assert job.proxy.hosts == {INDEX, GITHUB, *AWS}
    assert (job.proxy.distrusted, job.proxy.unknown) == ([], [])
    assert [arn.rpartition(":layer:")[2] for arn in versions()] == ["code:1", "deps:1"]
    (comment,) = job.pull.comments
    assert "2 published" in comment["body"]
    assert "::warning" not in text


def test_what_the_system_trusts_is_trusted(job: Job, environ: Mapping[str, str]) -> None:
    """Root's file is another one in a mount namespace of our own."""
    words = [shutil.which("unshare") or "false", "--map-root-user", "--mount"]
    if not BUNDLE.exists() or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("no mount namespace, or no file to put another in place of")
    (job.workspace / "layers.yml").write_text(MANIFEST)
    mount = f'mount --bind {job.proxy.authority} {BUNDLE} && exec "$@"'
    env = {**environ, **job.environment, "GITHUB_ACTIONS": None}
    done = subprocess.run(
        [*words, "sh", "-c", mount, "-", sys.executable, "-m", "layer_builder", "publish", "--dry-run"],
        env={name: value for name, value in env.items() if value is not None},
        cwd=job.workspace, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    # What the proof says in there is another matter: what was asked through the proxy tells.
    assert job.proxy.distrusted == [], done.stdout + done.stderr
    assert job.proxy.hosts == {INDEX, *AWS}


UNTRUSTED = {
    "the index": (MANIFEST, "plan", INDEX, 3, "the package index was not reached: its certificate is"),
    "AWS": (CODE, "publish", "sts.eu-west-1.amazonaws.com", 6, "AWS in eu-west-1 was not reached: its cert"),
    "GitHub": (CODE, "build", GITHUB, 0, "::warning::the pull-request comment could not be written"),
}  # fmt: skip
"""What is built, by which command; which host is not trusted, and what comes of that."""


@pytest.mark.parametrize("who", UNTRUSTED)
def test_who_is_not_trusted_is_told_with_what_to_set(job: Job, who: str) -> None:
    manifest, command, host, expected, message = UNTRUSTED[who]
    code, text = job.play(command, manifest)
    assert code == expected, text
    assert host in job.proxy.distrusted
    assert message in text
    assert "set SSL_CERT_FILE to a PEM file with the authorities to trust" in text
    assert "--system-certs" not in text


def test_who_is_trusted_now_is_told(job: Job, tmp_path: Path) -> None:
    empty = tmp_path / "other.pem"
    empty.write_text("")
    code, text = job.play("plan", MANIFEST, REQUESTS_CA_BUNDLE=str(empty))
    assert code == 3, text
    assert f"Now it is SSL_CERT_FILE={empty}, REQUESTS_CA_BUNDLE={empty}" in text


WRONG = {
    "a wrong login": (f"http://{USER}:{PASSWORD}!@127.0.0.1:{{port}}", "the proxy wants another login",
                      "HTTPS_PROXY=http://USER:PASSWORD@127.0.0.1:{port}, special characters percent-encoded"),
    "no login": ("http://127.0.0.1:{port}", "the proxy wants another login", "with its login"),
    "no proxy there": (f"http://{USER}:{PASSWORD}@127.0.0.1:9", "the proxy did not connect",
                       "HTTPS_PROXY names the proxy http://127.0.0.1:9; hosts that are reached without it"),
}  # fmt: skip
"""The proxy's address, what is said of it, and what to do."""


@pytest.mark.parametrize("who", ["the index", "AWS"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_proxy_that_does_not_let_through_is_told_without_its_login(
    job: Job, wrong: str, who: str
) -> None:
    manifest, command, _, expected, _ = UNTRUSTED[who]
    address, message, advice = (text.format(port=job.proxy.port) for text in WRONG[wrong])
    env = {"SSL_CERT_FILE": str(job.proxy.authority), "HTTPS_PROXY": address}
    code, text = job.play(command, manifest, **env, GITHUB_EVENT_NAME="push")
    assert code == expected, text
    assert f"was not reached: {message}" in text
    assert advice in text
    assert job.proxy.hosts == set()


def test_a_name_that_only_the_proxy_knows(job: Job) -> None:
    code, text = job.play("plan", MANIFEST, HTTPS_PROXY=None)
    assert code == 3, text
    assert "the package index was not reached: its name is not known here" in text
    assert "behind a proxy: set HTTPS_PROXY" in text


def test_some_are_reached_without_the_proxy(run: Run, workspace: Path) -> None:
    """The index and AWS of the other tests, on 127.0.0.1."""
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nlayers:\n  a: {{packages: [demo]}}\n'
    )
    dead = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    assert run("plan", env=dead | {"UV_HTTP_RETRIES": "0"}).returncode == 3
    assert run("publish", env=dead).returncode == 6
    done = run("publish", env=dead | {"NO_PROXY": "127.0.0.1"})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_file_that_is_not_there_is_not_passed_over(job: Job, variable: str) -> None:
    code, text = job.play("build", MANIFEST, **{variable: "/nowhere/authority.pem"})
    assert code == 2, text
    assert (
        f"the environment variable {variable} is '/nowhere/authority.pem', and nothing is" in text
    )
    assert INDEX not in job.proxy.hosts


LOOK = """\
import os
found = sorted(name for name in os.environ if "PROXY" in name.upper() or "CERT" in name or "CA_" in name)
"""
FUNCTIONS = """\
functions:
  api:
    layers: [deps]
    code: [app.py]
    handler: app.handler
    events: [{event: {}, expect: []}]
    test-command: "python test.py"
    test-sources: [test.py]
"""


def test_code_of_others_learns_nothing_of_the_proxy(
    job: Job, tmp_path: Path, add_wheel: Callable[..., Path]
) -> None:
    refuse = LOOK + "if found: raise ImportError(repr(found))\n"
    add_wheel("demo", "2.0", {"demo.py": refuse})
    backend = LOOK + "if found: raise SystemExit(repr(found))\n" + HANDS_OUT
    add_sdist(tmp_path / "index", "built", {"built.py": refuse}, backend=backend)
    (job.workspace / "app.py").write_text(LOOK + "def handler(event, context):\n    return found\n")
    (job.workspace / "test.py").write_text(refuse)
    deps = f'version: 1\npython: "{PYTHON}"\nlayers:\n  deps: {{packages: [demo, built], build: [built]}}\n'
    env = {
        **dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy"), job.proxy.url),
        **dict.fromkeys(VARIABLES, str(job.proxy.authority)),
    }
    code, text = job.play("build", deps + FUNCTIONS, **env)
    assert code == 0, text
    assert INDEX in job.proxy.hosts


MEASURE = """\
import os, sys
from layer_builder.archive.remote import remote_unzipped_bytes
from layer_builder.connections import trust
trust(os.environ)
print(remote_unzipped_bytes(sys.argv[1]))
"""


def test_zips_that_lie_elsewhere_are_measured_through_it(
    job: Job, environ: Mapping[str, str]
) -> None:
    _, content = wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    job.proxy.routes["zips.example"] = lambda _: (200, {}, content)
    env = {**environ, "HTTPS_PROXY": job.proxy.url, "AWS_CA_BUNDLE": str(job.proxy.authority)}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, "https://zips.example/a.zip?signature=x"],
        env=env, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    assert done.stdout == f"{size}\n", done.stderr
    assert job.proxy.hosts == {"zips.example"}
