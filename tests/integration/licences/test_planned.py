"""The policy for licences where nothing is built: `plan` and `try`, by what wheels on the index say."""

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.integration.forecast.ranges import Ranges, packed_wheel
from tests.integration.licences.test_licences import GPL, PYTHON, Add, Run, report
from tests.integration.local_index import serving
from tests.integration.resolve.sdists import add_sdist

HEAD = f'version: 1\npython: "{PYTHON}"\nproof: static\n'
DENIED = "viral 2.0 has the licence GPL-3.0-or-later, and licenses: does not let that in"


@pytest.fixture(autouse=True)
def wheels(add_wheel: Add) -> None:
    """Put three on the index: one of MIT, one of the GPL, one that says nothing certain."""
    add_wheel("free", "1.0", {"free.py": "A = 1\n"}, headers=["License-Expression: MIT"])
    add_wheel("viral", "2.0", {"viral.py": "B = 1\n"}, headers=[GPL])
    add_wheel("silent", "3.0", {"silent.py": "C = 1\n"}, headers=["License: BSD"])


def write(workspace: Path, policy: str, packages: str = "free, viral, silent") -> None:
    (workspace / "layers.yml").write_text(
        f"{HEAD}{policy}layers:\n  core: {{packages: [{packages}]}}\n"
    )


@pytest.mark.parametrize(
    ("policy", "refused"),
    [
        ("licenses: {deny: ['GPL-*', unknown]}\n", ["silent", "viral"]),
        ("licenses: {allow: [MIT, unknown]}\n", ["viral"]),
        ("licenses: {allow: [MIT, unknown, GPL-3.0-or-later]}\n", []),
    ],
)
def test_plan_refuses_what_a_build_refuses(
    run: Run, workspace: Path, policy: str, refused: list[str]
) -> None:
    write(workspace, policy)
    told = {}
    for command in ("plan", "build"):
        done = run(command)
        assert done.returncode == (2 if refused else 0), done.stderr
        told[command] = [
            (error["message"], error["place"], error["details"], error["advice"])
            for error in report(workspace)["errors"]
        ]
    assert [message.partition(" ")[0] for message, *_ in told["plan"]] == refused
    assert told["plan"] == told["build"]


@pytest.fixture
def ranges(tmp_path: Path) -> Iterator[tuple[Ranges, str]]:
    """Serve the wheels by ranges."""
    asked = Ranges(tmp_path / "index")
    with serving(asked) as url:
        yield asked, url


def test_metadata_is_read_by_ranges_and_only_for_a_policy(
    run: Run, workspace: Path, tmp_path: Path, ranges: tuple[Ranges, str]
) -> None:
    asked, url = ranges
    # Large enough that neither end of it is in the first range.
    files: Mapping[str, str | bytes] = {
        "large/a.bin": random.Random(1).randbytes(200_000),
        **{f"large/{n:04}{'x' * 200}.py": "" for n in range(400)},
    }
    packed_wheel(tmp_path / "index", "large", "1.0", files, headers=[GPL])
    env = {"UV_DEFAULT_INDEX": f"{url}/simple"}
    write(workspace, "", "large")
    assert run("plan", env=env).returncode == 0
    without = list(asked.asked)
    asked.asked.clear()
    write(workspace, "licenses: {deny: ['GPL-*']}\n", "large")
    done = run("plan", env=env)
    assert done.returncode == 2, done.stderr
    assert "large 1.0 has the licence GPL-3.0-or-later" in done.stderr
    assert all(of for _, of in asked.asked), "a wheel was fetched whole"
    assert len(without) <= len(asked.asked) <= len(without) + 3


def test_what_is_made_from_sources_is_not_checked(
    run: Run, workspace: Path, tmp_path: Path
) -> None:
    add_sdist(tmp_path / "index", "made", {"made.py": "D = 1\n"})
    (workspace / "layers.yml").write_text(
        f"{HEAD}licenses: {{allow: [MIT]}}\n"
        "layers:\n  core: {packages: [free, made], build: [made]}\n"
    )
    done = run("plan")
    assert done.returncode == 0, done.stderr
    assert "licenses: not checked: made: their metadata is there after a build" in done.stderr


def test_try_warns_of_what_it_would_bring(run: Run, workspace: Path) -> None:
    write(workspace, "licenses: {allow: [MIT]}\n", "free, silent")
    done = run("try", "viral")
    assert done.returncode == 0, done.stderr
    # Of what is there already `plan` tells.
    assert [line.strip() for line in done.stdout.splitlines() if "licen" in line] == [
        f"warning: {DENIED}"
    ]
    [option] = json.loads(run("try", "viral", "--json").stdout)["options"]
    assert option["layers"][0]["denied"] == [DENIED]
    assert option["layers"][0]["licences_not_checked"] == []
