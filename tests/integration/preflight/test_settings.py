"""Settings of AWS's SDKs that are none: told before anything is built, and never as a bug."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]


pytestmark = pytest.mark.usefixtures("small")


GOOD = {
    "AWS_MAX_ATTEMPTS": "3", "AWS_RETRY_MODE": "adaptive", "AWS_USE_FIPS_ENDPOINT": "False",
    "AWS_ENDPOINT_URL_S3": "https://user:secret@[::1]:443/path", "AWS_STS_REGIONAL_ENDPOINTS": "",
    "AWS_USE_DUALSTACK_ENDPOINT": "",
}  # fmt: skip


def refused(done: CompletedProcess[str], workspace: Path, code: int, *said: str) -> None:
    """Expect an exit code before the build, with these words, and no talk of a bug."""
    assert done.returncode == code, done.stdout + done.stderr
    assert [text for text in said if text not in done.stderr] == []
    assert "a bug of" not in done.stderr
    assert not list(workspace.glob("dist/layers/*.zip"))


COMMANDS = pytest.mark.parametrize("command", ["publish", "attach", "versions"])
WRONG = {
    "endpoint_url": ("127.0.0.1:5677", "an address with its scheme"),
    "max_attempts": ("abc", "a whole number of at least 1"),
    "retry_mode": ("foo", "one of legacy, standard, adaptive"),
    "sts_regional_endpoints": ("foo", "one of legacy, regional"),
    "use_fips_endpoint": ("foo", "one of true, false"),
    "request_checksum_calculation": ("foo", "one of when_supported, when_required"),
}


@COMMANDS
@pytest.mark.parametrize("name", WRONG)
def test_a_variable_that_is_none_is_named(
    run: Run, workspace: Path, command: str, name: str
) -> None:
    value, means = WRONG[name]
    done = run(command, env={f"AWS_{name.upper()}": value})
    told = f"error: AWS_{name.upper()} is '{value}'"
    refused(done, workspace, 6, told, f"  → it is {means}", "; or unset it\n")


@pytest.mark.parametrize("name", [*WRONG, "ca_bundle"])
def test_one_of_the_config_file_is_named(
    run: Run, workspace: Path, tmp_path: Path, name: str
) -> None:
    value, means = WRONG.get(name, ("/absent.pem", "a PEM file that is there"))
    config = tmp_path / "config"
    config.write_text(f"[default]\n{name} = {value}\n")
    done = run("publish", env={"AWS_CONFIG_FILE": str(config), "AWS_ENDPOINT_URL": None})
    told = f"error: {name} in the AWS config file is '{value}'"
    refused(done, workspace, 6, told, f"  → it is {means}")


@pytest.mark.parametrize(
    "value", ["localhost", "http://[::1", "http://127.0.0.1:abc", "https://", "http://a b"]
)
def test_an_endpoint_of_a_service_is_looked_at_before_it_is_asked(
    run: Run, workspace: Path, value: str
) -> None:
    done = run("publish", env={"AWS_ENDPOINT_URL_SSM": value})
    refused(done, workspace, 6, f"error: AWS_ENDPOINT_URL_SSM is '{value}'")


def test_the_login_of_an_endpoint_is_not_shown(run: Run, workspace: Path) -> None:
    done = run("publish", env={"AWS_ENDPOINT_URL": "user:hidden@127.0.0.1"})
    refused(done, workspace, 6, "error: AWS_ENDPOINT_URL is '127.0.0.1'")
    assert "hidden" not in done.stderr


@COMMANDS
@pytest.mark.parametrize("text", ["defaults_mode = foo", "services = s\n[services s]\nsts =\n  {}"])
def test_what_botocore_alone_knows_to_be_wrong_is_told_in_its_words(
    run: Run, workspace: Path, tmp_path: Path, command: str, text: str
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[default]\n{text.format('endpoint_url = user:hidden@127.0.0.1')}\n")
    done = run(command, env={"AWS_CONFIG_FILE": str(config), "AWS_ENDPOINT_URL": None})
    refused(done, workspace, 6, "no client of AWS can be made with these settings")
    assert "hidden" not in done.stderr


@pytest.mark.parametrize("value", ["eu-west-1 ", " eu-west-1", "eu-west-1\n"])
@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_white_space_around_a_region_is_nothing_nor_are_good_settings(
    run: Run, proxy: Proxy, name: str, value: str
) -> None:
    env = {**GOOD, "AWS_DEFAULT_REGION": None, name: value, "AWS_ENDPOINT_URL": proxy.url}
    for command in ("publish", "versions"):
        done = run(command, env=env)
        assert done.returncode == 0, done.stderr
    assert {call.region for call in proxy.heard} == {"eu-west-1"}


@COMMANDS
@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_REGION", "eu west"), ("AWS_REGION", "eu_north-west-1"),
     ("AWS_DEFAULT_REGION", "eu-wset-1"), ("region", "eu-west-1 2")],
)  # fmt: skip
def test_a_region_that_is_none_is_told_with_what_names_it(
    run: Run, workspace: Path, command: str, name: str, value: str
) -> None:
    config = workspace / "config"
    config.write_text(f"[default]\nregion = {value}\n")
    named = {"AWS_CONFIG_FILE": str(config)} if name == "region" else {name: value}
    done = run(command, env={"AWS_REGION": None, "AWS_DEFAULT_REGION": None, **named})
    where = "region in the AWS config file" if name == "region" else name
    refused(done, workspace, 2, f"error: '{value}' is not a region of AWS\n  → {where} names it; ")


def test_a_sandbox_does_not_take_another_region_for_one_that_is_none(
    run: Run, workspace: Path
) -> None:
    env = {"AWS_REGION": "eu west"}
    done = run("publish", "--sandbox", env=env)
    refused(done, workspace, 2, "AWS_REGION names it; did you mean ")
    done = run("publish", "--sandbox", "--aws-region", "eu-west-1", env=env)
    assert done.returncode == 0, "it is not asked for"
