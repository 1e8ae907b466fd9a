"""The step of the reusable workflow that holds zips to the digests of the jobs that built them."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
import yaml

WORKFLOW = Path(__file__).resolve().parents[3] / ".github" / "workflows" / "publish-layers.yml"
X86, ARM = b"zip for x86_64", b"zip for arm64"
Hold: TypeAlias = Callable[..., tuple[int, str]]


@pytest.fixture(params=["publish", "comment"])
def hold(request: pytest.FixtureRequest, tmp_path: Path) -> Hold:
    """Run the step of a job on a folder with two zips; gives its exit code and what it said."""
    steps = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"][request.param]["steps"]
    (step,) = [step for step in steps if step.get("id") == "zips"]
    folder = tmp_path / "dist" / "layers"
    folder.mkdir(parents=True)
    for stem, content in {"a-x86_64": X86, "a-arm64": ARM}.items():
        (folder / f"{stem}.zip").write_bytes(content)
        (folder / f"{stem}.layer.json").write_text("{}")
    for leg in ("x86_64", "arm64"):
        (folder / f"report-{leg}.json").write_text("{}")

    def run(**digests: dict[str, str]) -> tuple[int, str]:
        legs = {name: json.dumps(leg) for name, leg in digests.items()}
        done = subprocess.run(
            [sys.executable, "-I", "-c", step["run"]], cwd=tmp_path, check=False, capture_output=True,
            text=True, env={"GITHUB_OUTPUT": str(tmp_path / "outputs"), **legs},
        )  # fmt: skip
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


GOOD = {"X86_64": {"a-x86_64": sha256(X86)}, "ARM64": {"a-arm64": sha256(ARM)}}


def test_the_zips_that_were_built_are_let_through_with_all_digests(
    hold: Hold, tmp_path: Path
) -> None:
    assert hold(**GOOD) == (0, "")
    name, _, text = (tmp_path / "outputs").read_text().partition("=")
    assert (name, json.loads(text)) == ("digests", GOOD["X86_64"] | GOOD["ARM64"])


def test_another_zip_is_refused_though_its_note_agrees(hold: Hold, tmp_path: Path) -> None:
    (tmp_path / "dist/layers/a-arm64.zip").write_bytes(ARM + b"!")
    code, said = hold(**GOOD)
    assert code == 1
    assert f"a-arm64.zip is not the zip that was built: it should be {sha256(ARM)}" in said


@pytest.mark.parametrize("name", ["a-arm64.zip", "a-arm64.layer.json"])
def test_what_is_missing_is_refused(hold: Hold, tmp_path: Path, name: str) -> None:
    (tmp_path / "dist/layers" / name).unlink()
    assert hold(**GOOD) == (1, f"::error::'{name} is missing'\n")


def test_what_nobody_built_is_refused(hold: Hold, tmp_path: Path) -> None:
    (tmp_path / "dist/layers/a-arm64.zip.sig").touch()
    code, said = hold(**GOOD)
    assert (code, "a-arm64.zip.sig is in no job" in said) == (1, True)


def test_a_job_that_handed_on_no_report_is_refused(hold: Hold, tmp_path: Path) -> None:
    (tmp_path / "dist/layers/report-arm64.json").unlink()
    assert hold(**GOOD) == (1, "::error::'2 jobs built, and 1 handed on a report'\n")


def test_a_leg_that_was_skipped_vouches_for_nothing(hold: Hold) -> None:
    code, said = hold(X86_64=GOOD["X86_64"], ARM64={})
    assert code == 1
    assert "a-arm64.zip is in no job" in said


def test_two_jobs_that_built_one_name_are_refused(hold: Hold) -> None:
    both = GOOD["X86_64"] | GOOD["ARM64"]
    code, said = hold(X86_64=both, ARM64=GOOD["ARM64"])
    assert (code, "two jobs built zips of one name" in said) == (1, True)
