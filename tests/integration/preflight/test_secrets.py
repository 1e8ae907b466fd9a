"""Keys and tokens that no header can have: named before anything is built, and shown nowhere."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]

SECRET = "IQoJb3JpZ2luX2VjEXAMPLE"
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


pytestmark = pytest.mark.usefixtures("small")


def refused(
    run: Run, workspace: Path, env: Mapping[str, str | None], command: str = "publish"
) -> str:
    """Expect exit code 6 before the build, and the secret nowhere; gives what was said."""
    done = run(command, env=env)
    told = [file.read_text("utf-8") for file in workspace.rglob("report*")]
    assert told or command == "versions"
    assert [text for text in (done.stdout, done.stderr, *told) if SECRET in text] == []
    assert done.returncode == 6, done.stderr
    assert not list(workspace.glob("dist/layers/*.zip"))
    return done.stderr


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("publish", "AWS_ACCESS_KEY_ID"),
        ("publish", "AWS_SECRET_ACCESS_KEY"),
        ("publish", "AWS_SECURITY_TOKEN"),
        *((command, "AWS_SESSION_TOKEN") for command in ("publish", "attach", "versions")),
    ],
)
def test_a_key_that_was_pasted_with_its_line_break_is_named_and_not_shown(
    run: Run, workspace: Path, command: str, name: str
) -> None:
    said = refused(run, workspace, {name: f"{SECRET}\n"}, command)
    assert f"error: {name} ends in a line break\n  → set the secret again without it" in said


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (f"{SECRET}\r\n", "ends in a line break"),
        (f"{SECRET} ", "ends in white space"),
        (f"\t{SECRET}", "begins with white space"),
        (f"\n{SECRET}", "begins with a line break"),
        (f"{SECRET}\n{SECRET}", "has a line break in it"),
        (f"{SECRET} {SECRET}", "has white space in it"),
        (f"{SECRET}\x1b{SECRET}", "has a control character in it"),
        (f"“{SECRET}”", "has a character that is not of ASCII in it"),
        ("\n", "ends in a line break"),
    ],
)
def test_what_is_wrong_with_it_is_said(run: Run, workspace: Path, value: str, fault: str) -> None:
    assert f"AWS_SESSION_TOKEN {fault}\n" in refused(run, workspace, {"AWS_SESSION_TOKEN": value})


def given(folder: Path, profile: str, token: str) -> dict[str, str | None]:
    """Give an environment in which a program gives the credentials of a profile."""
    script, config = folder / "give.py", folder / "config"
    script.write_text(
        'print(\'{"Version": 1, "AccessKeyId": "k", "SecretAccessKey": "s",'
        f' "SessionToken": "{token}"}}\')\n'
    )
    config.write_text(f"{profile}\ncredential_process = {sys.executable} {script}\n")
    return {**NO_KEYS, "AWS_CONFIG_FILE": str(config)}


def test_one_that_no_variable_holds_is_told_with_where_it_was_found(
    run: Run, workspace: Path, tmp_path: Path
) -> None:
    said = refused(run, workspace, given(tmp_path, "[default]", rf"{SECRET}\\n"))
    whose = "the session token of the AWS credentials (found by: custom-process)"
    assert f"error: {whose} ends in a line break" in said


def test_one_that_botocore_signs_with_for_itself_is_not_shown_either(
    run: Run, workspace: Path, tmp_path: Path
) -> None:
    """It asks STS for the role of a profile, before we have any credentials."""
    role = "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = b\n[profile b]"
    said = refused(run, workspace, given(tmp_path, role, rf"{SECRET}\\n"))
    assert "a request to AWS in eu-west-1 could not be sent" in said
    assert "AWS_SESSION_TOKEN again, or what the profile takes them from" in said
