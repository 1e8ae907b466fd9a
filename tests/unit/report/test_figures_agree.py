"""Log, summary, page, comment, outputs and report.json tell the same figures, whatever a run came to."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layer_builder.changes import LayerSnapshot, compare
from layer_builder.errors import Problem
from layer_builder.inputs import Command, Inputs
from layer_builder.manifest import Manifest
from layer_builder.model import (
    Action,
    Advice,
    BuildDetails,
    Built,
    KnownLayer,
    Layer,
    LayerFile,
    Package,
    Pin,
    PrunedPart,
    Release,
    Restoration,
    RuleTotal,
    Stack,
    Weight,
    mib,
    weigh_stack,
)
from layer_builder.outcome import Outcome
from layer_builder.plain_text import build_details_lines, one_line
from layer_builder.report import action_outputs, render_comment, render_markdown
from layer_builder.report_html import render_html
from layer_builder.report_json import report_data

Make: TypeAlias = Callable[..., Built]
HOSTILE = (
    *("numpy", "<script>alert(1)</script>", "a|b", "a\nb", "::error::x", "\u202egnp", "x" * 300),
    *("</script>", "--><b>", "{{ 7 * 7 }}", '" onload="x', "'", "&lt;", "</style>", "\x00\x1b[31m"),
)
REGIONS = ("eu-west-1", "us-east-1")
names = st.sampled_from(HOSTILE)
rules = st.sampled_from(("tests", "docs", "drop"))
sizes = st.integers(0, 300 * 1024 * 1024)


def packages() -> st.SearchStrategy[tuple[Package, ...]]:
    one = st.builds(
        Package,
        name=names,
        version=names,
        bytes_installed=sizes,
        bytes_kept=sizes,
        bytes_zipped=sizes,
    )
    return st.lists(one, max_size=3).map(tuple)


def details() -> st.SearchStrategy[BuildDetails]:
    count = st.integers(0, 10**5)
    return st.builds(
        BuildDetails,
        packages=packages(),
        pruned=st.lists(st.builds(RuleTotal, rule=rules, files=count, bytes=sizes), max_size=2).map(
            tuple
        ),
        pruned_parts=st.lists(
            st.builds(
                PrunedPart, distribution=names, folder=names, rule=rules, files=count, bytes=sizes
            ),
            max_size=2,
        ).map(tuple),
        restored=st.lists(
            st.builds(Restoration, path=names, size=sizes, rule=rules, needed_by=names), max_size=2
        ).map(tuple),
        included_bytes=sizes,
    )


def files() -> st.SearchStrategy[tuple[LayerFile, ...]]:
    one = st.builds(
        LayerFile,
        path=st.lists(names, min_size=1, max_size=3).map(lambda steps: "python/" + "/".join(steps)),
        size=sizes,
        checksum=st.integers(0, 2),
        distribution=st.one_of(st.just(""), names),
    )
    return st.lists(one, max_size=4).map(tuple)


def advice() -> st.SearchStrategy[list[Advice]]:
    gain = st.builds(Weight, zip_bytes=sizes, unzipped_bytes=sizes)
    one = st.builds(Advice, line=names, text=names, gain=st.one_of(st.none(), gain))
    return st.lists(one, max_size=2)


@st.composite
def outcomes(draw: st.DrawFn, make: Make) -> Outcome:
    inputs = Inputs(
        command=draw(st.sampled_from((Command.BUILD, Command.PUBLISH))),
        dry_run=draw(st.booleans()),
        regions=draw(st.sampled_from(((), REGIONS[:1], REGIONS))),
    )
    outcome = Outcome(inputs=inputs)
    layers: list[Layer] = []
    for number in range(draw(st.integers(1, 3))):
        built = make(f"layer-{number}", draw(sizes), draw(sizes), details=draw(details()))
        layer = built.layer
        layers.append(layer)
        if draw(st.integers(0, 4)):
            outcome.built[layer.id] = built
            outcome.files[layer.id] = draw(files())
            outcome.advice[layer.id] = draw(advice())
            if draw(st.booleans()):
                before = draw(st.one_of(st.none(), snapshots()))
                after = snapshot(built)
                outcome.compared[layer.id] = compare(before, after, layer.budget, ["x|y"])
        else:
            pins = (Pin(name=draw(names), version="1"),)
            outcome.known[layer.id] = KnownLayer(layer=layer, pins=pins)
        for region in inputs.regions if draw(st.booleans()) else ():
            version = draw(st.integers(1, 10**6))
            arn = f"arn:aws:lambda:{region}:123456789012:layer:{layer.name}:{version}"
            action = draw(st.sampled_from((Action.PUBLISHED, Action.UNCHANGED)))
            outcome.releases.setdefault(layer.id, {})[region] = Release(
                region=region, arn=arn, version=version, action=action
            )
        if inputs.dry_run and draw(st.booleans()):
            outcome.to_publish[layer.id] = list(inputs.regions)
    stack = Stack(
        key="api",
        function_name=draw(names),
        layers=tuple(layers),
        reserve=draw(sizes),
        place=layers[0].place,
    )
    outcome.manifest = Manifest(file="layers.yml", layers=tuple(layers), stacks=(stack,))
    if not outcome.known:
        outcome.stacks = [weigh_stack(stack, outcome.built)]
    text = draw(names)
    problem = Problem(message=text, layer=text, details=(text,), advice=(text,))
    outcome.warnings = draw(st.sampled_from(([], [problem])))
    outcome.errors = draw(st.sampled_from(([], [problem])))
    return outcome


def snapshot(built: Built) -> LayerSnapshot:
    weight = built.archive.weight
    return LayerSnapshot(
        zip_bytes=weight.zip_bytes, unzipped_bytes=weight.unzipped_bytes, sha256="1"
    ).with_packages(built.details.packages)


def snapshots() -> st.SearchStrategy[LayerSnapshot]:
    return st.builds(
        lambda zipped, unzipped, parts: LayerSnapshot(
            source="arn:x", zip_bytes=zipped, unzipped_bytes=unzipped, sha256="2"
        ).with_packages(parts),
        zipped=st.one_of(st.none(), sizes),
        unzipped=st.one_of(st.none(), sizes),
        parts=packages(),
    )


class Page(HTMLParser):
    """Keeps the figures of a page; fails where tags do not nest or something could run or load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.figures: dict[str, tuple[str, str]] = {}
        self.open: list[str] = []
        self.scripts = 0
        self.at: str | None = None
        self.value = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        assert not {name for name in named if name.startswith("on")} | named.keys() & {"src"}
        assert named.get("href", "#").startswith("#")
        self.scripts += tag == "script"
        if tag == "data":
            self.at, self.value = named["data-at"], named["value"]
            self.figures[self.at] = (self.value, "")
        if tag not in {"br", "meta", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.at = None if tag == "data" else self.at

    def handle_data(self, data: str) -> None:
        if self.at is not None:
            self.figures[self.at] = (self.value, data)


def pointed(data: Any, path: str) -> Any:  # noqa: ANN401 (JSON)
    for step in path.split("/"):
        data = data[int(step)] if isinstance(data, list) else data[step]
    return data


def shown(size: int | None) -> str:
    return "–" if size is None else mib(size)


def rows(markdown: str, heading: str) -> list[list[str]]:
    """Give the cells of the first table with that heading."""
    found = markdown.split(f"| {heading} |", 1)
    lines = found[1].split("\n")[2:] if len(found) > 1 else []
    table = lines[: next((n for n, line in enumerate(lines) if not line.startswith("|")), None)]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in table
    ]


def check_page(html: str, data: dict[str, Any]) -> None:
    page = Page(html)
    assert page.scripts == 1
    counts = ("files", "number", "modules")
    for path, (value, text) in page.figures.items():
        told = pointed(data, path)
        assert value == ("" if told is None else str(told)), path
        expected = shown(told) if path.rpartition("/")[2] not in counts else f"{told:,}"
        assert text == expected or "seconds" in path, path
    for number, layer in enumerate(data["layers"]):
        wanted = {f"layers/{number}/zip_bytes", f"layers/{number}/unzipped_bytes"}
        for kind, names_ in (
            ("packages", ("bytes_installed", "bytes_kept")),
            ("pruned", ("files", "bytes")),
            ("restored", ("bytes",)),
            ("advice", ("gain_bytes",)),
        ):
            wanted |= {
                f"layers/{number}/{kind}/{index}/{name}"
                for index, item in enumerate(layer[kind])
                for name in names_
                if item[name] is not None
            }
        assert page.figures.keys() >= wanted
    for number, function in enumerate(data["functions"]):
        wanted = {f"functions/{number}/shares/{key}" for key in function["shares"]}
        assert page.figures.keys() >= wanted
        assert function["known"] or f"functions/{number}/unzipped_bytes" in page.figures
    assert all(arn in html for layer in data["layers"] for arn in layer["arn"].values())


def check_summary(markdown: str, data: dict[str, Any]) -> None:
    table = rows(markdown, "layer | zip | unzipped | of its limit | version | ARN |")
    assert len(table) == len(data["layers"])
    for cells, layer in zip(table, data["layers"], strict=True):
        assert cells[1:3] == [shown(layer["zip_bytes"]), shown(layer["unzipped_bytes"])]
        if layer["limit"]:
            used = layer["limit"]["bytes"] - layer["headroom"]
            assert f" {used / layer['limit']['bytes']:.0%} of" in cells[3]
            assert mib(layer["limit"]["bytes"]) in cells[3]
        assert re.findall(r"arn:[^`]+", cells[5]) == list(layer["arn"].values())
    for function in data["functions"]:
        if not function["known"]:
            assert f"= {mib(function['unzipped_bytes'])} unzipped" in markdown
    gains = [
        f"{mib(advice['gain_bytes'])} {advice['kind']}" if advice["gain_bytes"] is not None else "–"
        for layer in data["layers"]
        for advice in layer["advice"]
    ]
    assert [cells[2] for cells in rows(markdown, "layer | change | takes off |")] == gains
    for layer in data["layers"]:
        for total in layer["pruned"] if layer["packages"] else ():
            assert f"| {total['files']:,} | {mib(total['bytes'])} |" in markdown


def check_comment(comment: str, data: dict[str, Any]) -> None:
    whole = "\n".join(comment.splitlines())
    for layer in data["layers"]:
        if layer["zip_bytes"] is not None:
            pattern = rf"^\| {layer['key']}[^|]*\| {re.escape(mib(layer['zip_bytes']))}|new · |not"
            assert re.search(pattern, whole, re.MULTILINE)
            assert mib(layer["zip_bytes"]) in whole


def check_outputs(outputs: dict[str, str], data: dict[str, Any]) -> None:
    regions = {
        region: {layer["key"]: layer["arn"][region] for layer in data["layers"] if layer["arn"]}
        for region in data["regions"]
    }
    assert json.loads(outputs["layer-arns-by-region"]) == regions
    assert json.loads(outputs["would-publish"]) == data["would_publish"]
    by_stem = json.loads(outputs["digests"])
    assert sorted(by_stem.values()) == sorted(
        layer["sha256"] for layer in data["layers"] if layer["sha256"]
    )
    told = json.loads(outputs["changes"]).get("layers", {})
    assert told == {
        layer["key"]: layer["changes"] for layer in data["layers"] if layer["changes"] is not None
    }


def check_log(outcome: Outcome, data: dict[str, Any]) -> None:
    built = {one.layer.key: one for one in outcome.built.values()}
    for layer in data["layers"]:
        if layer["key"] not in built:
            continue
        lines = build_details_lines(built[layer["key"]])
        for package in layer["packages"]:
            sizes_ = (mib(package["bytes_installed"]), mib(package["bytes_kept"]))
            words = f"{sizes_[0]:>10} → {sizes_[1]:>10}  {package['name']} {package['version']}"
            assert words in lines
        for total in layer["pruned"]:
            words = f"rule {total['rule']}: {total['files']:,} files, {mib(total['bytes'])} removed"
            assert words in lines


@given(found=st.data())
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
def test_all_that_a_run_tells_has_the_figures_of_the_report(
    built: Make, found: st.DataObject
) -> None:
    outcome = found.draw(outcomes(built))
    data = json.loads(json.dumps(report_data(outcome)))
    check_page(render_html(outcome), data)
    check_summary(render_markdown(outcome), data)
    check_comment(render_comment(outcome, ""), data)
    check_outputs(action_outputs(outcome), data)
    check_log(outcome, data)


def test_no_text_of_others_has_what_ends_or_turns_a_line() -> None:
    assert {one_line(text) for text in HOSTILE} & {"a\nb", "\u202egnp", "\x00\x1b[31m"} == set()
