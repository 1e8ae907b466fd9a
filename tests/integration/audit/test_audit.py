"""Known vulnerabilities: asked of a database that stands here, told in every report, or the end of a run."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from tests.integration.local_index import Request, Response, serving

Run: TypeAlias = Callable[..., CompletedProcess[str]]

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(kw_only=True)
class Database:
    """A database that knows of one distribution at one version, over two pages; or is out of order."""

    url: str = ""
    status: int = 200
    body: bytes | None = None
    asked: list[list[dict[str, Any]]] = field(default_factory=list)
    aliases: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, request: Request) -> Response:
        _, path, _, body = request
        if path.startswith("/v1/vulns/"):
            found = path.rpartition("/")[2]
            record = {"id": found, "aliases": self.aliases.get(found, [])}
            status = 200 if found in self.aliases else 404
            return status, {"Content-Type": "application/json"}, json.dumps(record).encode()
        assert path == "/v1/querybatch"
        queries = json.loads(body)["queries"]
        self.asked.append(queries)
        results = [self._result(query) for query in queries]
        text = json.dumps({"results": results}).encode() if self.body is None else self.body
        return self.status, {"Content-Type": "application/json"}, text

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        package = {"name": "holey", "ecosystem": "PyPI"}
        if query["package"] != package or query["version"] != "1.0":
            return {}
        if "page_token" in query:
            return {"vulns": [{"id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-01-01T00:00:00Z"}]}
        return {"vulns": [{"id": "PYSEC-2026-1"}], "next_page_token": "more"}


@pytest.fixture
def database(add_wheel: Callable[..., Path]) -> Iterator[Database]:
    """Put a sound and a holey wheel on the index, and a database beside it."""
    add_wheel("sound", "1.0", {"sound.py": "A = 1\n"})
    add_wheel("holey", "1.0", {"holey.py": "B = 1\n"})
    found = Database()
    with serving(found.answer) as url:
        found.url = url
        yield found


def write(workspace: Path, database: Database | str, more: str = "") -> None:
    url = database if isinstance(database, str) else database.url
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nproof: static\naudit: {{database: "{url}"{more}}}\n'
        "layers:\n  core: {packages: [sound, holey]}\n  more: {packages: [sound]}\n"
    )


def report(workspace: Path) -> dict[str, Any]:
    found = json.loads((workspace / "dist/layers/report.json").read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("command", ["plan", "build", "publish"])
def test_what_is_known_is_a_warning_in_every_report(
    run: Run, workspace: Path, database: Database, command: str
) -> None:
    write(workspace, database)
    done = run(command)
    assert done.returncode == 0, done.stderr
    said = "holey 1.0 has known vulnerabilities: GHSA-aaaa-bbbb-cccc, PYSEC-2026-1"
    assert f"layers.yml:4:1: {said}" in done.stderr
    [vulnerable] = report(workspace)["audit"]["vulnerable"]
    assert vulnerable["ids"] == ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"]
    assert vulnerable["layers"] == ["core"]
    assert report(workspace)["audit"]["distributions"] == 2
    assert (
        "holey 1.0 has known vulnerabilities" in (workspace / "dist/layers/report.md").read_text()
    )
    assert (
        "holey 1.0 has known vulnerabilities" in (workspace / "dist/layers/report.html").read_text()
    )
    # Each distribution once, whichever layers have it, and the second page of the one that has two.
    assert [[one["package"]["name"] for one in asked] for asked in database.asked] == [
        ["holey", "sound"],
        ["holey"],
    ]


def test_what_aws_has_already_is_asked_about_again(
    run: Run, workspace: Path, database: Database, versions: Callable[..., list[str]]
) -> None:
    write(workspace, database)
    assert run("publish").returncode == 0
    write(workspace, database, ", level: fail")
    done = run("publish")
    assert done.returncode == 2, done.stderr
    assert report(workspace)["layers"][0]["known"]
    assert "holey 1.0 has known vulnerabilities" in done.stderr
    assert len(versions()) == 2


@pytest.mark.parametrize("command", ["plan", "build", "publish"])
def test_it_ends_a_run_before_anything_is_published(
    run: Run, workspace: Path, database: Database, versions: Callable[..., list[str]], command: str
) -> None:
    write(workspace, database, ", level: fail")
    done = run(command)
    assert done.returncode == 2, done.stderr
    assert [error["place"] for error in report(workspace)["errors"]] == ["layers.yml:4:1"]
    assert "holey 1.0 has known vulnerabilities" in done.stderr
    assert versions() == []


def test_what_somebody_has_looked_at_is_ignored(
    run: Run, workspace: Path, database: Database
) -> None:
    write(workspace, database, ", level: fail, ignore: [PYSEC-2026-1, GHSA-aaaa-bbbb-cccc]")
    done = run("build")
    assert done.returncode == 0, done.stderr
    [vulnerable] = report(workspace)["audit"]["vulnerable"]
    assert (vulnerable["ids"], len(vulnerable["ignored"])) == ([], 2)
    write(workspace, database, ", level: fail, ignore: [PYSEC-2026-1]")
    assert run("build").returncode == 2
    # As it is written there it goes on to fail, and to ask whom it asked.
    line = f'audit: {{level: fail, ignore: [GHSA-aaaa-bbbb-cccc, PYSEC-2026-1], database: "{database.url}"}}'
    assert line in run("plan").stderr


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, None),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b'{"results": []}'),
        (200, b'{"results": [{"vulns": [{}]}, {}]}'),
        (200, b'{"results": [{"vulns": "x"}, {}]}'),
    ],
)
def test_no_answer_is_not_a_clean_one(
    run: Run, workspace: Path, database: Database, status: int, body: bytes | None
) -> None:
    database.status, database.body = status, body
    write(workspace, database)
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert f"not audited: {database.url} gave no answer that counts" in done.stderr
    assert "with known vulnerabilities" not in done.stderr
    assert report(workspace)["audit"]["not_audited"]
    write(workspace, database, ", level: fail")
    assert run("build").returncode == 2


def test_a_database_that_is_not_there_is_told(
    run: Run, workspace: Path, database: Database
) -> None:
    write(workspace, "http://127.0.0.1:9")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert "not audited: http://127.0.0.1:9" in done.stderr
    assert "run it again, or name a file in database:" in done.stderr
    assert database.asked == []


def test_nobody_is_asked_unless_the_manifest_says_so(
    run: Run, workspace: Path, database: Database
) -> None:
    write(workspace, database)
    text = (workspace / "layers.yml").read_text().splitlines(keepends=True)
    (workspace / "layers.yml").write_text("".join(line for line in text if "audit" not in line))
    assert run("build").returncode == 0
    assert report(workspace)["audit"] is None
    assert database.asked == []


@pytest.mark.parametrize("ignored", ["", "PYSEC-2026-1", "GHSA-aaaa-bbbb-cccc", "CVE-2026-1"])
def test_one_hole_with_several_names_is_told_once(
    run: Run, workspace: Path, database: Database, ignored: str
) -> None:
    database.aliases = {"PYSEC-2026-1": ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"]}
    write(workspace, database, f", level: fail, ignore: [{ignored}]" if ignored else "")
    done = run("build")
    assert done.returncode == 0, done.stderr
    [vulnerable] = report(workspace)["audit"]["vulnerable"]
    told = ["GHSA-aaaa-bbbb-cccc"]
    assert (vulnerable["ids"], vulnerable["ignored"]) == (([], told) if ignored else (told, []))
    assert vulnerable["aliases"] == {"GHSA-aaaa-bbbb-cccc": ["CVE-2026-1", "PYSEC-2026-1"]}
    said = "known vulnerabilities: GHSA-aaaa-bbbb-cccc (CVE-2026-1, PYSEC-2026-1)"
    assert (said in done.stderr) == (not ignored)
