"""`report.html` in a real browser: nothing fails, figures are those of report.json, people can look into it."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser

from layer_builder.model import LayerFile, mib
from layer_builder.report_html import render_html
from layer_builder.report_json import report_data

from .browser import PHONE, WIDE, Opened, chromium, opened
from .large import large_outcome

Run: TypeAlias = Callable[..., CompletedProcess[str]]
AddWheel: TypeAlias = Callable[..., Path]

HEAD = f"""\
version: 1
python: "{sys.version_info[0]}.{sys.version_info[1]}"
architecture: {os.uname().machine.replace("aarch64", "arm64")}
layers:
"""
MANIFEST = f"""{HEAD}\
  core-deps: {{packages: [demo, shared], bytecode: all}}
  extra-deps: {{packages: [extra], include: [vendored/]}}
functions:
  api:
    layers: [core-deps, extra-deps]
    code: [api/]
    handler: app.handler
    events: [{{event: {{}}}}]
"""
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202egnp", "x" * 300)
LARGEST_PAGE = 2_000_000
MOST_NODES = 25_000
"""Elements: three times as many open in half a second on two cores."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Write the page of a run of 250 MiB; give its report, too."""
    outcome = large_outcome()
    file = tmp_path_factory.mktemp("large") / "report.html"
    file.write_text(render_html(outcome), "utf-8")
    return file, json.loads(json.dumps(report_data(outcome)))


def check_figures(shown: Opened, data: dict[str, Any]) -> int:
    """Compare what the browser shows with the report, value and text."""
    found = shown.figures()
    for path, (value, text) in found.items():
        told: Any = data
        for step in path.split("/"):
            told = told[int(step)] if isinstance(told, list) else told[step]
        assert value == ("" if told is None else str(told)), path
        if path.endswith(("_bytes", "/bytes")) or "/shares/" in path:
            assert text == ("–" if told is None else mib(told)), path
    for number, _ in enumerate(data["layers"]):
        assert {f"layers/{number}/zip_bytes", f"layers/{number}/unzipped_bytes"} <= found.keys()
    return len(found)


def publish(
    run: Run, workspace: Path, add_wheel: AddWheel, *words: str
) -> tuple[Path, dict[str, Any]]:
    """Publish, change and publish again."""
    body = "import shared, time\ntime.sleep(0.01)\n" + "A = 'a long line of code'\n" * 40
    tests = {"demo/tests/__init__.py": "B = 1\n" * 400}
    add_wheel("demo", "1.0", {"demo/__init__.py": body, **tests}, requires=["shared"])
    add_wheel("shared", "1.0", {"shared/__init__.py": "C = 1\n" * 90})
    add_wheel("extra", "1.0", {"extra/__init__.py": "D = 1\n" * 50})
    (workspace / "layers.yml").write_text(MANIFEST)
    for name, text in (("vendored", "C = 1\n" * 90), ("api", "")):
        (workspace / name).mkdir()
        (workspace / name / "copy.py").write_text(text)
    handler = "import demo, extra\ndef handler(event, context):\n    return {}\n"
    (workspace / "api/app.py").write_text(handler)
    assert run("publish").returncode == 0
    folder = workspace / "dist/layers"
    (folder / "report.json").rename(workspace / "before.json")
    add_wheel("demo", "1.1", {"demo/__init__.py": body * 2, **tests}, requires=["shared"])
    env = {"UV_CACHE_DIR": str(workspace.parent / "other-cache")}
    done = run("publish", *words, env=env)
    assert done.returncode == 0, done.stderr
    return folder / "report.html", json.loads((folder / "report.json").read_text("utf-8"))


def test_a_published_run_is_shown_whole(
    run: Run, workspace: Path, add_wheel: AddWheel, browser: Browser
) -> None:
    file, data = publish(run, workspace, add_wheel)
    with opened(browser, file, width=WIDE) as shown:
        assert shown.complaints == []
        assert check_figures(shown, data) > 30
        text = shown.page.inner_text("main")
        maps = shown.ask("[...document.querySelectorAll('.map')].map((one) => +one.dataset.b)")
        blocks = shown.ask("[...document.querySelectorAll('.map i')].map((one) => one.dataset.n)")
    for words in ("not known", "this run", "What the cold start imports", "Duplicates"):
        assert words in text
    layers = data["layers"]
    assert maps == [
        layer["unzipped_bytes"] + sum(one["bytes"] for one in layer["pruned"]) for layer in layers
    ]
    assert {"demo/tests (tests)", "pruned", "shared"} <= set(blocks)
    for layer in layers:
        parts = layer["pruned_parts"]
        for total in layer["pruned"]:
            mine = [one["bytes"] for one in parts if one["rule"] == total["rule"]]
            assert sum(mine) == total["bytes"]
    core = data["versions"][0]["versions"]
    assert [(one["number"], one["zip_bytes"] is None) for one in core] == [(1, False), (2, False)]
    assert core[-1]["zip_bytes"] == layers[0]["zip_bytes"]
    (repeats,) = data["repeats"]
    largest = repeats["largest"][0]
    assert largest["path"] == "python/shared/__init__.py"
    assert largest["layers"] == ["core-deps", "extra-deps"]


def test_what_changed_since_a_baseline_is_shown(
    run: Run, workspace: Path, add_wheel: AddWheel, browser: Browser
) -> None:
    file, data = publish(run, workspace, add_wheel, "--baseline", "before.json")
    with opened(browser, file, width=PHONE) as shown:
        assert shown.complaints == []
        check_figures(shown, data)
        assert "demo 1.0 → 1.1" in shown.page.inner_text("#changes")
        assert "changes/0/distributions/0/bytes_before" in shown.figures()


def test_a_layer_of_the_cache_has_its_map_and_what_was_pruned(
    run: Run, workspace: Path, add_wheel: AddWheel, browser: Browser
) -> None:
    tests = {"demo/tests/__init__.py": "B = 1\n" * 400}
    add_wheel("demo", "1.0", {"demo/__init__.py": "A = 1\n", **tests})
    (workspace / "layers.yml").write_text(HEAD + "  core-deps: {packages: [demo]}\n")
    env = {"LAYER_BUILDER_NO_CACHE": None}
    assert run("build", env=env).returncode == 0
    page = workspace / "dist/layers/report.html"
    first = page.read_text("utf-8")
    assert run("build", env=env).returncode == 0
    assert json.loads((page.parent / "report.json").read_text("utf-8"))["layers"][0]["reused"]
    assert page.read_text("utf-8") == first
    with opened(browser, page, width=WIDE) as shown:
        assert "tests" in shown.ask("document.querySelector('.map .k-pruned i').dataset.n")


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light")])
def test_a_run_of_250_mib_opens_whole(
    large: tuple[Path, dict[str, Any]], browser: Browser, width: int, scheme: str
) -> None:
    file, data = large
    assert sum(layer["unzipped_bytes"] for layer in data["layers"]) > 240 * 1024 * 1024
    assert file.stat().st_size <= LARGEST_PAGE
    with opened(browser, file, width=width, scheme=scheme) as shown:
        assert shown.complaints == []
        assert shown.ask("document.querySelectorAll('*').length") < MOST_NODES
        assert shown.ask("document.documentElement.scrollWidth") <= width
        check_figures(shown, data)
        light = shown.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert light == (scheme == "light")


def test_a_map_is_gone_into_by_pointer_and_by_keys(
    large: tuple[Path, dict[str, Any]], browser: Browser
) -> None:
    shown_names = (
        "[...document.querySelector('.map').querySelectorAll('i')]"
        ".filter((one) => one.checkVisibility()).map((one) => one.dataset.n)"
    )
    with opened(browser, large[0], width=WIDE) as shown:
        page, whole = shown.page, shown.ask(shown_names)
        page.focus(".map")
        page.keyboard.press("ArrowRight")
        first = page.inner_text(".readout")
        assert first.startswith(f"{whole[0]}: ")
        assert "% of the map" in first
        page.keyboard.press("Enter")
        assert 0 < len(shown.ask(shown_names)) < len(whole)
        page.keyboard.press("Escape")
        assert shown.ask(shown_names) == whole
        page.click(".map", position={"x": 40, "y": 300})
        assert 0 < len(shown.ask(shown_names)) < len(whole)
        assert shown.complaints == []


def test_rows_are_searched_and_sorted(large: tuple[Path, dict[str, Any]], browser: Browser) -> None:
    with opened(browser, large[0], width=PHONE) as shown:
        page = shown.page
        page.keyboard.press("/")
        page.keyboard.type("core-package-7")
        page.locator("#found:not(:empty)").wait_for()
        rows = shown.ask(
            "[...document.querySelectorAll('#layer-0 tbody tr')]"
            ".filter((one) => !one.hidden).map((one) => one.cells[0].textContent)"
        )
        assert rows
        assert set(rows) == {"core-package-7"}
        assert shown.ask("document.querySelectorAll('.map .hit').length") > 0
        page.fill("#search", "")
        page.locator("#found:empty").wait_for(state="attached")
        page.click("#layer-0 th:has-text('version')")
        column = "[...document.querySelectorAll('#layer-0 tbody')[0].rows].map((one) => {})"
        texts = shown.ask(column.format("one.cells[1].textContent"))
        assert texts == sorted(texts)
        page.click("#layer-0 th:has-text('installed')")
        values = shown.ask(column.format("+one.cells[2].querySelector('data').value"))
        assert values == sorted(values, reverse=True)
        assert (
            shown.ask("document.querySelector('#layer-0 th[aria-sort]').ariaSort") == "descending"
        )


def test_names_of_anybody_run_nothing_and_stay_in_their_place(
    tmp_path: Path, browser: Browser
) -> None:
    outcome = large_outcome(files=400)
    for layer_id, built in outcome.built.items():
        packages = tuple(
            replace(package, name=HOSTILE[number % len(HOSTILE)])
            for number, package in enumerate(built.details.packages)
        )
        outcome.built[layer_id] = replace(built, details=replace(built.details, packages=packages))
        outcome.files[layer_id] = tuple(
            LayerFile(
                path=f"python/{HOSTILE[number % len(HOSTILE)]}/{file.path}",
                size=file.size,
                checksum=file.checksum,
                distribution=HOSTILE[number % len(HOSTILE)],
            )
            for number, file in enumerate(outcome.files[layer_id])
        )
    file = tmp_path / "report.html"
    file.write_text(render_html(outcome), "utf-8")
    for width in (WIDE, PHONE):
        with opened(browser, file, width=width) as shown:
            shown.page.hover(".map")
            assert shown.complaints == []
            assert shown.ask("document.images.length + document.scripts.length") == 1
            assert shown.ask("document.documentElement.scrollWidth") <= width
            assert "\u202e" not in shown.page.content()
