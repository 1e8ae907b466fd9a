"""Known vulnerabilities by a file in the workspace: as OSV dumps its records, without any network."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.integration.audit.test_audit import PYTHON, Run, report


def record(id_: str, name: str = "holey", fixed: str = "1.1", **more: object) -> dict[str, Any]:
    """Make a record as OSV writes it: https://ossf.github.io/osv-schema/."""
    return {
        "schema_version": "1.7.3",
        "id": id_,
        "modified": "2026-03-01T10:00:00Z",
        "affected": [
            {
                "package": {
                    "ecosystem": "PyPI",
                    "name": name,
                    "purl": f"pkg:pypi/{name}",
                },
                "ranges": [
                    {"type": "GIT", "repo": "https://x", "events": [{"introduced": "0"}]},
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]},
                ],
                "versions": [],
            }
        ],
        **more,
    }


RECORDS = (
    record("GHSA-aaaa-bbbb-cccc", "Holey", aliases=["CVE-2026-1", "PYSEC-2026-1"]),
    record("PYSEC-2026-1", aliases=["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"]),
    record("PYSEC-2026-2", fixed="1.0"),
    record("PYSEC-2026-3", withdrawn="2026-02-01T00:00:00Z"),
    record("MAL-2026-4", "elsewhere", modified="2026-04-05T06:07:08Z"),
)


@pytest.fixture(autouse=True)
def wheels(add_wheel: Callable[..., Path]) -> None:
    """Put a sound and a holey wheel on the index."""
    add_wheel("sound", "1.0", {"sound.py": "A = 1\n"})
    add_wheel("holey", "1.0", {"holey.py": "B = 1\n"})


def write(workspace: Path, database: str, more: str = "") -> None:
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nproof: static\naudit: {{database: "{database}"{more}}}\n'
        "layers:\n  core: {packages: [sound, holey]}\n"
    )


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def zipped(path: Path) -> None:
    write_zip(path, {f"{one['id']}.json": json.dumps(one).encode() for one in RECORDS})


def as_list(path: Path) -> None:
    path.write_text(json.dumps(RECORDS))


def as_answer(path: Path) -> None:
    path.write_text(json.dumps({"vulns": RECORDS}))


@pytest.mark.parametrize("command", ["plan", "build"])
@pytest.mark.parametrize("make", [zipped, as_list, as_answer])
def test_a_file_is_asked_as_a_database_is(
    run: Run, workspace: Path, make: Callable[[Path], None], command: str
) -> None:
    (workspace / "security").mkdir()
    make(workspace / "security/osv")
    write(workspace, "./security/osv")
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert (
        "2 distributions asked of security/osv (5 records, the newest of 2026-04-05):"
        " 1 with known vulnerabilities" in done.stderr
    )
    [vulnerable] = report(workspace)["audit"]["vulnerable"]
    assert (vulnerable["name"], vulnerable["ids"]) == ("holey", ["GHSA-aaaa-bbbb-cccc"])
    assert vulnerable["aliases"] == {"GHSA-aaaa-bbbb-cccc": ["CVE-2026-1", "PYSEC-2026-1"]}
    assert report(workspace)["audit"]["about"] == "5 records, the newest of 2026-04-05"
    write(workspace, "security/osv", ", level: fail")
    assert run(command).returncode == 2
    write(workspace, "security/osv", ", level: fail, ignore: [CVE-2026-1]")
    assert run(command).returncode == 0


def no_file(_: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (no_file, "there is no such file"),
        (Path.mkdir, "it is no regular file"),
        (lambda path: path.write_text("[]"), "it has no record of the ecosystem PyPI"),
        (lambda path: path.write_text("{}"), "it holds what is no record of OSV's"),
        (lambda path: path.write_text("<html>"), "it is no JSON"),
        (lambda path: path.write_text("[" * 100_000), "it is no JSON"),
        (lambda path: write_zip(path, {}), "it has no record of the ecosystem PyPI"),
        (lambda path: write_zip(path, {"A.json": b"{"}), "A.json is no JSON"),
        (
            lambda path: write_zip(path, {"A.json": b" " * (17 * 1024 * 1024)}),
            "A.json is larger than 16 MiB",
        ),
        (
            lambda path: path.write_text(json.dumps({"id": "A", "affected": "x"})),
            "a record is not laid out as OSV's are",
        ),
    ],
)
def test_what_is_no_database_is_never_clean(
    run: Run, workspace: Path, make: Callable[[Path], object], why: str
) -> None:
    make(workspace / "osv.zip")
    write(workspace, "osv.zip")
    done = run("plan")
    assert done.returncode == 0, done.stderr
    assert "not audited: osv.zip gave no answer that counts" in done.stderr
    assert "fetch the file anew" in done.stderr
    assert why in report(workspace)["audit"]["not_audited"]
    assert "with known vulnerabilities" not in done.stderr
    write(workspace, "osv.zip", ", level: fail")
    assert run("plan").returncode == 2


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("../osv.zip", "leads out of the workspace"),
        ("ftp://host/osv.zip", "database is an address of http or https without a login"),
        ("https://user@host", "database is an address of http or https without a login"),
    ],
)
def test_what_may_not_be_read_is_a_mistake_at_its_line(
    run: Run, workspace: Path, database: str, said: str
) -> None:
    write(workspace, database)
    done = run("plan")
    assert done.returncode == 2
    assert "layers.yml:4:" in done.stderr
    assert said in done.stderr
