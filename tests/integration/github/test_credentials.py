"""A build says whether its job holds credentials that it could do without."""

from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]

NONE = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
NOTICE = "this job holds credentials, which a build does not need: "


@pytest.fixture(autouse=True)
def _manifest(workspace: Path) -> None:
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nlayers: {code: {include: src/}}\n'
    )


def said(done: CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("command", ["plan", "build"])
def test_without_credentials_that_is_said(run: Run, command: str) -> None:
    text = said(run(command, env=NONE))
    assert text.count("job: no credentials in this job's environment\n") == 1
    assert NOTICE not in text


@pytest.mark.parametrize("command", ["plan", "build"])
def test_with_some_a_notice_of_one_line_names_them_and_the_way_without(
    run: Run, command: str
) -> None:
    more = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary", "AWS_SECRET_ACCESS_KEY": "canary"}
    text = said(run(command, env=more))
    (line,) = [line for line in text.splitlines() if NOTICE in line]
    assert line == (
        f"notice: {NOTICE}AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ACTIONS_ID_TOKEN_REQUEST_TOKEN."
        " Build in a job without them (permissions: contents: read, persist-credentials: false), and"
        " hand its output digests and the output dir to a job that publishes, with build: never"
    )
    assert "canary" not in text
    assert "no credentials" not in text


def test_in_a_workflow_it_is_an_annotation_and_no_warning(run: Run, workspace: Path) -> None:
    text = said(run("build", env={"GITHUB_ACTIONS": "true"}))
    assert text.count(f"::notice::{NOTICE}") == 1
    assert "::warning" not in text
    assert '"warnings": []' in (workspace / "dist/layers/report.json").read_text()


def test_a_publish_that_needs_them_says_nothing(run: Run) -> None:
    assert NOTICE not in said(run("publish", "--dry-run"))


UP_TO_V5 = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic canary\n'
SINCE_V6 = '[includeIf "gitdir:{}/.git"]\n\tpath = {}/git-credentials-0a1b.config\n'


@pytest.mark.parametrize(
    ("config", "is_there", "holds"),
    [(UP_TO_V5, False, True), (SINCE_V6, True, True), (SINCE_V6, False, False), ("", True, False)],
)
def test_what_a_checkout_left_is_one(  # noqa: PLR0913 (a table's columns)
    run: Run, workspace: Path, tmp_path: Path, *, config: str, is_there: bool, holds: bool
) -> None:
    (workspace / ".git").mkdir()
    (workspace / ".git/config").write_text(f"[core]\n{config.format(workspace, tmp_path)}")
    if is_there:
        (tmp_path / "git-credentials-0a1b.config").write_text(UP_TO_V5)
    text = said(run("build", env=NONE))
    assert (f"{NOTICE}the token that actions/checkout left in .git/config." in text) is holds
    assert ("no credentials in this job's environment\n" in text) is not holds
    assert "canary" not in text


@pytest.mark.parametrize(
    "login",
    [
        {"UV_INDEX_SHOP_PASSWORD": "canary"},
        {"UV_INDEX": "https://me:canary@127.0.0.1:1/simple"},
        {"PIP_INDEX_URL": "https://canary@127.0.0.1:1/simple"},
    ],
)
def test_logins_of_indexes_are_what_a_build_may_need(run: Run, login: Mapping[str, str]) -> None:
    text = said(run("build", env={**NONE, **login}))
    assert "job: no credentials in this job's environment but those of package indexes\n" in text
    assert "canary" not in text
