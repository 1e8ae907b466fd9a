"""What `plan` found, in Markdown, HTML and data: the same figures, and text of others stays text."""

import json

import pytest

from layer_builder.errors import Place
from layer_builder.forecast import LayerEstimate
from layer_builder.inputs import Command, Inputs
from layer_builder.manifest import Manifest
from layer_builder.model import (
    Architecture,
    Layer,
    Package,
    Python,
    Stack,
    StackWeight,
    Target,
    Weight,
    check_limits,
    mib,
)
from layer_builder.outcome import Outcome
from layer_builder.report import render_markdown
from layer_builder.report_html import render_html
from layer_builder.report_json import report_data

HOSTILE = ["<script>alert(1)</script>", "a|b", "a\nb", "::error::x", "\u202egnp", "x" * 300]

PLACE = Place(file="layers.yml", line=3)


def planned(name: str = "demo", why: str = "a reason") -> Outcome:
    target = Target(python=Python.PY312, architecture=Architecture.X86_64)
    layer = Layer(key="deps", name="deps", target=target, place=PLACE)
    weight = Weight(zip_bytes=11_000_000, unzipped_bytes=33_000_000)
    stack = Stack(key="api", function_name=None, layers=(layer,), reserve=5_000_000, place=PLACE)
    estimate = LayerEstimate(
        layer=layer,
        weight=weight,
        least=weight,
        readings=check_limits(weight, layer.budget.limits),
        packages=(
            Package(name=name, version="1.0", bytes_installed=44_000_000, bytes_kept=32_000_000),
        ),
        whole={name: why},
    )
    return Outcome(
        inputs=Inputs(command=Command.PLAN),
        manifest=Manifest(file="layers.yml", layers=(layer,), stacks=(stack,)),
        estimates={layer.id: estimate},
        stacks=[StackWeight(stack=stack, shares={"deps": 33_000_000}, is_estimate=True)],
    )


def test_all_reports_have_the_same_figures() -> None:
    outcome = planned()
    (estimate,) = report_data(outcome)["estimates"]
    (function,) = report_data(outcome)["functions"]
    assert (estimate["zip_bytes"], estimate["unzipped_bytes"]) == (11_000_000, 33_000_000)
    assert (function["estimated"], function["unzipped_bytes"]) == (True, 38_000_000)
    assert estimate["fetched_whole"] == {"demo": "a reason"}
    for text in (render_markdown(outcome), render_html(outcome)):
        for size in (11_000_000, 33_000_000, 38_000_000, 32_000_000):
            assert mib(size) in text
        assert "Nothing was built; ≈ means ±10%" in text
        assert "1 planned" in text
        assert "not tried" not in text


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_others_does_no_harm(text: str) -> None:
    outcome = planned(text, text)
    markdown, html = render_markdown(outcome), render_html(outcome)
    assert "<script" not in markdown.replace("\\<", "")
    assert html.count("<script") == 1
    assert "\n::error" not in markdown + html
    rows = [line for line in markdown.splitlines() if line.startswith("| ") and "1.0" in line]
    assert [row.replace("\\|", "").count("|") for row in rows] == [5]
    assert (
        json.loads(json.dumps(report_data(outcome)))["estimates"][0]["packages"][0]["name"] == text
    )
