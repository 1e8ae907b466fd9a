"""`try` and `why` answer from a real index, and what they promise is what a plan then finds."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from tests.integration.forecast.ranges import Ranges, packed_wheel

Run: TypeAlias = Callable[..., CompletedProcess[str]]

MANIFEST = """\
version: 1
python: "3.12"
limits: {unzipped: 200 KiB}
layers:
  base: {packages: [top]}
  more: {packages: [other==1.0], requires: [base]}
  code: {include: [src/]}
functions:
  api: {layers: [base, more, code], code: [own/]}
  worker: {layers: [base]}
"""


def text(size: int) -> str:
    return "".join(f"# line {number} of some text\n" for number in range(size // 25))


@pytest.fixture
def env(tmp_path: Path, serve: Callable[..., str]) -> dict[str, str]:
    """Serve top → middle → leaf, other in two versions, and extra, which needs leaf."""
    folder = tmp_path / "ranges"
    folder.mkdir()
    packed_wheel(folder, "leaf", "1.0", {"leaf/__init__.py": text(10_000)})
    packed_wheel(folder, "middle", "1.0", {"middle.py": text(20_000)}, ["leaf"])
    packed_wheel(folder, "top", "1.0", {"top.py": text(30_000)}, ["middle"])
    packed_wheel(folder, "other", "1.0", {"other.py": text(5_000)})
    packed_wheel(folder, "other", "2.0", {"other.py": text(8_000)}, ["leaf"])
    packed_wheel(folder, "extra", "3.0", {"extra.py": text(100_000)}, ["leaf", "fresh"])
    packed_wheel(folder, "fresh", "1.0", {"fresh.py": text(1_000)})
    packed_wheel(folder, "huge", "1.0", {"huge.py": text(400_000)})
    return {"UV_DEFAULT_INDEX": f"{serve(Ranges(folder))}/simple"}


@pytest.fixture(autouse=True)
def manifest(workspace: Path) -> Path:
    for place, source in (
        ("src/app.py", "import top\n"),
        ("own/main.py", "x = 1\nfrom leaf import y\n"),
    ):
        (workspace / place).parent.mkdir(exist_ok=True)
        (workspace / place).write_text(source)
    path = workspace / "layers.yml"
    path.write_text(MANIFEST)
    return path


def answer(run: Run, env: dict[str, str], *words: str, code: int = 0) -> Any:  # noqa: ANN401 (JSON)
    done = run(*words, "--json", env=env)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def options(data: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    return {one["layer"]: one for one in data["options"]}


def test_try_tells_what_comes_along_and_where_it_is_best_put(
    env: dict[str, str], run: Run, manifest: Path, workspace: Path
) -> None:
    data = answer(run, env, "try", "extra")
    found = options(data)
    assert found.keys() == {"base", "more", "code"}
    (more,) = found["more"]["layers"]
    assert [(one["name"], one["before"], one["after"]) for one in more["packages"]] == [
        ("extra", None, "3.0"),
        ("fresh", None, "1.0"),
    ]  # leaf is in base, which it stands on
    # In base it would weigh on worker, too.
    assert (data["best"], data["alike"]) == ("more", [])
    assert found["base"]["functions"][1]["key"] == "worker"
    assert found["base"]["verdict"] == "fits"
    # What was promised is what a plan finds.
    manifest.write_text(MANIFEST.replace("[other==1.0]", "[other==1.0, extra]"))
    assert run("plan", env=env).returncode == 0
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    planned = {one["key"]: one for one in report["estimates"]}
    for size in ("zip_bytes", "unzipped_bytes"):
        assert more[size][1] == planned["more"][size]
    (api,) = found["more"]["functions"]
    sums = {one["key"]: one["unzipped_bytes"] for one in report["functions"]}
    assert api["unzipped_bytes"][1] == sums["api"]


def test_try_says_it_in_lines(env: dict[str, str], run: Run, workspace: Path) -> None:
    done = run("try", "extra>=3", "--layer", "more", env=env)
    assert done.returncode == 0, done.stderr
    assert "+ extra>=3 (≈ is ±10%)\nmore: fits\n" in done.stdout
    assert "    + fresh 1.0 ≈ +1.3 KiB\n" in done.stdout
    assert "  function api fits: ≈ " in done.stdout
    assert not (workspace / "dist").exists()
    assert (workspace / "layers.yml").read_text() == MANIFEST


def test_what_fits_nowhere_is_exit_5(env: dict[str, str], run: Run) -> None:
    data = answer(run, env, "try", "huge", code=5)
    assert data["best"] is None
    assert {one["verdict"] for one in data["options"]} == {"cannot fit"}


def test_an_upgrade_takes_the_newest_of_that_alone(env: dict[str, str], run: Run) -> None:
    data = answer(run, env, "try", "other", "--upgrade")
    (option,) = data["options"]
    (layer,) = option["layers"]
    assert layer["packages"] == [
        {"name": "other", "before": "1.0", "after": "2.0", "bytes": pytest.approx(3000, abs=300)}
    ]
    assert option["functions"][0]["key"] == "api"


def test_what_is_removed_takes_along_what_only_it_needed(env: dict[str, str], run: Run) -> None:
    data = answer(run, env, "try", "top", "--remove")
    (option,) = data["options"]
    gone = {one["name"] for change in option["layers"] for one in change["packages"]}
    assert gone == {"top", "middle", "leaf"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["try", "not a name"], 2, "is no requirement"),
        (["try", "a @ https://x.example/a.whl"], 2, "names an address"),
        (["try", "extra", "--layer", "bas"], 2, "did you mean 'base'?"),
        (["try", "absent"], 3, "absent"),
        (["try", "leaf", "--remove"], 2, "leaf is no layer's requirement"),
        (["try", "fresh", "--upgrade"], 2, "fresh is not in any layer"),
        (["why", "fresh"], 2, "no layer has a distribution 'fresh'"),
        (["try", "extra", "--remove", "--upgrade"], 2, "not allowed with argument"),
    ],
)
def test_what_cannot_be_tried_is_said(
    words: list[str], code: int, said: str, env: dict[str, str], run: Run
) -> None:
    done = run(*words, env=env)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert done.stdout == ""


def test_why_tells_the_chain_and_who_imports_it(env: dict[str, str], run: Run) -> None:
    data = answer(run, env, "why", "Leaf")
    assert data == {
        "distribution": "leaf",
        "layers": [
            {
                "key": "base",
                "python": "3.12",
                "architecture": "x86_64",
                "version": "1.0",
                "held_below": False,
                "chains": [["top", "middle", "leaf"]],
            }
        ],
        "importers": [{"whose": "function api", "place": "own/main.py:2", "module": "leaf"}],
    }
    done = run("why", "top", env=env)
    assert done.stdout == (
        "base: top 1.0\n"
        "  asked for by the layer itself\n"
        "imported by:\n"
        "  layer code: src/app.py:1 (top)\n"
    )
