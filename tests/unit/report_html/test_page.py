import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from layer_builder import __version__
from layer_builder.changes import LayerSnapshot, compare
from layer_builder.errors import Place, Problem
from layer_builder.inputs import Inputs
from layer_builder.model import (
    FunctionProof,
    InitCost,
    LayerFile,
    ModuleImport,
    PrunedPart,
    VersionSummary,
)
from layer_builder.outcome import Outcome
from layer_builder.report_html import render_html
from layer_builder.report_json import report_data

EVIL = "<script>alert('1')</script>&\""
VOID = {"br", "meta", "input"}
WHOLE = Path(__file__).with_name("whole.html")
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:core:"


class _Reader(HTMLParser):
    """Keeps the tags and the text; fails where tags do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert not {"src", "onclick", "onload"} & named.keys()
        assert (named.get("href") or "#").startswith("#")
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data


@pytest.fixture
def rich(outcome: Outcome) -> Outcome:
    """Add what a publish finds besides: files, what was there before, how a function starts."""
    core, code = outcome.built.values()
    parts = (
        PrunedPart(distribution="pandas", folder="pandas/tests", rule="tests", files=2, bytes=9000),
    )
    core = replace(core, details=replace(core.details, pruned_parts=parts))
    outcome.built[core.layer.id] = core

    def file(path: str, size: int, owner: str = "pandas") -> LayerFile:
        return LayerFile(path=path, size=size, checksum=size, distribution=owner)

    outcome.files = {
        core.layer.id: (
            file("python/pandas/__init__.py", 20_000),
            file("python/pandas/core/deep.so", 70_000),
            file("python/pandas/core/empty.py", 0),
            file("python/pandas-2.2.0.dist-info/METADATA", 9_000),
            file("python/six.py", 30_000, "six"),
        ),
        code.layer.id: (file("python/six.py", 30_000, ""), file("python/app.py", 5_000, "")),
    }
    now = LayerSnapshot(zip_bytes=core.archive.weight.zip_bytes, sha256="2").with_packages(
        core.details.packages
    )
    old = tuple(replace(part, version="1.0") for part in now.parts or ())[:1]
    before = replace(now, source=f"{ARN}2", parts=old, zip_bytes=9_000_000, sha256="1")
    outcome.compared[core.layer.id] = compare(before, now, core.layer.budget)
    outcome.versions["core"] = tuple(
        VersionSummary(
            arn=f"{ARN}{number}", number=number, created="2026", runtimes=(), architectures=()
        )
        for number in (2, 1)
    )
    inner = ModuleImport(name="pandas", own=0.25, cumulative=0.25)
    cost = InitCost(
        source=1.5,
        bytecode=0.75,
        processes=5,
        memory_bytes=90_000_000,
        modules=1200,
        imports=(ModuleImport(name="api", own=0.5, cumulative=0.75, imports=(inner,)),),
    )
    outcome.function_proofs = [FunctionProof(function="api", handler="api.handler", cost=cost)]
    return outcome


def test_the_page_holds_what_the_summary_holds(outcome: Outcome) -> None:
    found = _Reader(render_html(outcome))
    for words in (
        "Lambda layers: 1 published, 2 unchanged",
        "arn:aws:lambda:eu-west-1:123456789012:layer:core:3",
        "pandas2.2.060.0 MiB24.0 MiB",
        "tests1,23436.0 MiB",
        "2 imports with Python 3.12.11, kept from network and processes",
        "a/tests/x.pya/core.py:7tests2.0 KiB",
        "core 25.0 MiB code 1000 B reserved for code 20.0 MiB = 45.0 MiB unzipped, 18% of 250 MiB",
        "layers.yml:4:3: layer core: 1 + 1 is 3\n    first\n    second\n  → count again",
    ):
        assert words in re.sub(r"(?<! )\n(?! )", " ", found.text) or words in found.text


def test_the_whole_page_is_as_it_was_looked_at(rich: Outcome) -> None:
    page = re.sub(
        "(?s)(<style>|<script>|sha256-).+?(</style>|</script>|')", r"\1…\2", render_html(rich)
    )
    page = page.replace(f"layer-builder {__version__} ", "layer-builder VERSION ")
    assert page == WHOLE.read_text("utf-8")


def test_the_same_outcome_makes_the_same_page(rich: Outcome) -> None:
    assert render_html(rich) == render_html(rich)


def test_the_page_loads_nothing_and_runs_its_own_script_alone(outcome: Outcome) -> None:
    html = render_html(outcome)
    assert _Reader(html).tags.count("script") == 1
    assert not re.search(r"https?://|url\(|@import", html)
    assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" in html


def test_text_from_outside_stays_text() -> None:
    problem = Problem(
        message=EVIL, layer=EVIL, place=Place(file=EVIL), details=(EVIL,), advice=(EVIL,)
    )
    failed = Outcome(inputs=Inputs(), errors=[problem], warnings=[problem])
    found = _Reader(render_html(failed))
    assert found.tags.count("script") == 1
    assert found.text.count(EVIL) == 10


def test_names_of_layers_functions_and_packages_stay_text(outcome: Outcome) -> None:
    for layer_id, built in outcome.built.items():
        evil = replace(built.layer, key=EVIL)
        packages = tuple(replace(p, name=EVIL) for p in built.details.packages)
        details = replace(built.details, packages=packages)
        outcome.built[layer_id] = replace(built, layer=evil, details=details)
        outcome.files[layer_id] = (
            LayerFile(path=f"python/{EVIL}", size=7, checksum=1, distribution=EVIL),
        )
    found = _Reader(render_html(outcome))
    assert found.tags.count("script") == 1
    assert found.text.count(EVIL) >= 5


def test_versions_have_the_sizes_that_the_run_knows(rich: Outcome) -> None:
    (core, code) = report_data(rich)["versions"]
    assert [(row["number"], row["zip_bytes"], row["this_run"]) for row in core["versions"]] == [
        (1, None, False),
        (2, 9_000_000, False),
        (3, 10 * 1024 * 1024, True),
    ]
    assert [row["arn"][-6:] for row in code["versions"]] == ["code:8"]


def test_what_two_layers_have_is_told(rich: Outcome) -> None:
    (told,) = report_data(rich)["repeats"]
    assert told == {
        "function": "api",
        "bytes": 30_000,
        "files": 1,
        "distributions": [],
        "largest": [{"path": "python/six.py", "bytes": 30_000, "layers": ["core", "code"]}],
    }


def test_without_the_files_of_a_layer_its_functions_are_left_out(rich: Outcome) -> None:
    rich.files.popitem()
    assert report_data(rich)["repeats"] == []
    assert 'class="map"' in render_html(rich)
