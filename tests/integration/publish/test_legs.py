"""What is built in legs and then published tells as much as what one run built."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from .test_take_up import handed_on

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MANIFEST = f"""\
version: 1
python: "{PYTHON}"
architecture: [x86_64, arm64]
name: "{{layer}}-{{architecture}}"
layers:
  core: {{packages: [demo, moto]}}
  code: {{include: src/, requires: [core]}}
  report-tool: {{packages: [other], architecture: x86_64}}
functions:
  api: {{layers: [core], architecture: x86_64, code: api/, handler: app.handler, events: [{{event: {{}}}}]}}
  arm: {{layers: [core], architecture: arm64, code: api/, handler: app.handler}}
"""
LEGS = ("x86_64", "arm64")
OF_THE_RUN = {
    *("seconds", "own", "cumulative", "init_seconds", "import_seconds", "memory_bytes"),
    *("taken_up", "reused"),
    # A job that resolved nothing vouches for other things: docs/publishing.md, the stamp.
    *("content", "stamp"),
}
"""What tells of the run and the machine, and not of what was made."""


@pytest.fixture
def job(workspace: Path, add_wheel: Add) -> Path:
    """Give a workspace with layers for two architectures, and two functions."""
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n", "demo_tests/__init__.py": "B = 2\n"})
    add_wheel("moto", "5.0", {"moto.py": "C = 1\n"})  # a tool that advice names
    add_wheel("other", "1.0", {"other.py": "A = 1\n"})
    for name, text in {
        "src/a.py": "import demo\n",
        "api/app.py": "import demo\ndef handler(event, context):\n    return demo.A\n",
        "layers.yml": MANIFEST,
    }.items():
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text(text)
    return workspace


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (JSON)
    """List all values by where they are, but for those that tell of the run."""
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in members:
            # Of a function's imports those are told that took a millisecond.
            is_timed = key == "imports" and re.fullmatch(r"\.functions\.\d+\.proof", at)
            if key not in OF_THE_RUN and not is_timed:
                yield from leaves(one, f"{at}.{key}")
        yield f"{at}#", len(value)
    else:
        yield at, value


def gathered(run: Run, job: Path) -> dict[str, str]:
    """Build in two legs, and gather what they hand on in one folder; gives their digests."""
    digests: dict[str, str] = {}
    together = job / "dist/layers"
    together.mkdir(parents=True)
    for leg in LEGS:
        words = ("--architecture", leg, "--output-dir", f"dist/{leg}")
        found = handed_on(run, job, "build", *words)
        assert not digests.keys() & found.keys()
        digests |= found
        assert (job / f"dist/{leg}/report-{leg}.json").is_file()
        for path in (job / f"dist/{leg}").iterdir():
            if path.suffix == ".zip" or path.match("*.layer.json") or path.match("report-*.json"):
                shutil.move(path, together / path.name)
        shutil.rmtree(job / f"dist/{leg}")
    return digests


def publish(run: Run, digests: dict[str, str]) -> CompletedProcess[str]:
    """Publish by digests to an AWS inside the process."""
    done = run("publish", "--sandbox", "--build", "never", "--digests", json.dumps(digests))
    assert done.returncode == 0, done.stderr
    return done


def test_reports_of_legs_and_of_one_run_are_equal_but_for_times(run: Run, job: Path) -> None:
    together = job / "dist/layers"
    done = run("publish", "--sandbox")
    assert done.returncode == 0, done.stderr
    at_once = json.loads((together / "report.json").read_text())
    assert at_once["functions"][0]["proof"]["events"][0]["answer"] == "1"
    assert at_once["layers"][0]["advice"]
    shutil.rmtree(together)

    publish(run, gathered(run, job))
    in_legs = json.loads((together / "report.json").read_text())
    # The jobs that built say so as outputs; a part is nobody's word.
    assert (at_once.pop("isolated"), in_legs.pop("isolated")) == (True, None)
    told = [{one["message"] for one in report.pop("warnings")} for report in (at_once, in_legs)]
    assert told[0] == told[1]
    differing = set(leaves(in_legs)) ^ set(leaves(at_once))
    assert sorted({at for at, _ in differing}) == []
    for name in ("report.md", "report.html"):
        assert "app.handler" in (together / name).read_text()


def test_a_leg_whose_report_is_missing_is_named(run: Run, job: Path) -> None:
    digests = gathered(run, job)
    (job / "dist/layers/report-arm64.json").unlink()
    done = publish(run, digests)
    assert "the report of a leg is missing" in done.stderr
    assert "core-arm64.zip" in done.stderr
    report = json.loads((job / "dist/layers/report.json").read_text())
    assert any("report of a leg is missing" in one["message"] for one in report["warnings"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Invalid JSON"),
        ('{"version": 9, "zips": {}, "advice": {}}', "its version is 9"),
        ('{"version": 1, "zips": [], "advice": {}}', "zips"),
        (
            '{"version": 1, "zips": {}, "advice": {}, "proofs": [{"function": "api", "cost": {'
            '"source": NaN, "bytecode": 1, "processes": 1, "memory_bytes": 1, "modules": 1}}]}',
            "not JSON compliant",
        ),
    ],
)
def test_a_part_that_is_no_part_is_said_and_changes_nothing(
    run: Run, job: Path, text: str, why: str
) -> None:
    digests = gathered(run, job)
    (job / "dist/layers/report-x86_64.json").write_text(text)
    done = publish(run, digests)
    assert "report-x86_64.json cannot be read" in done.stderr
    assert why in done.stderr
    report = json.loads((job / "dist/layers/report.json").read_text())
    assert report["functions"][0]["proof"] is None


def test_a_part_of_another_zip_tells_nothing(run: Run, job: Path) -> None:
    digests = gathered(run, job)
    path = job / "dist/layers/report-x86_64.json"
    part = json.loads(path.read_text())
    part["zips"] = dict.fromkeys(part["zips"], "0" * 64)
    path.write_text(json.dumps(part))
    done = publish(run, digests)
    assert "the report of a leg is missing" in done.stderr
    report = json.loads((job / "dist/layers/report.json").read_text())
    assert report["functions"][0]["proof"] is None
