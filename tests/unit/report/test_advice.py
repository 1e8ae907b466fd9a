"""Advice in words, in the summary, in report.json and in errors: the same numbers, whatever the names."""

from collections.abc import Callable

from layer_builder.advice import words
from layer_builder.builder import limit_problems
from layer_builder.errors import Place
from layer_builder.model.build import Advice, Built
from layer_builder.model.layer import Layer
from layer_builder.model.limits import MIB, Weight
from layer_builder.model.stack import Stack, weigh_stack
from layer_builder.outcome import Outcome
from layer_builder.report import markdown
from layer_builder.report_json import report_data


def advice(line: str, zip_bytes: int | None = None, unzipped: int = 0) -> Advice:
    gain = None
    if zip_bytes is not None:
        gain = Weight(zip_bytes=zip_bytes, unzipped_bytes=unzipped)
    return Advice(line=line, text=f"{line} | <script>\n::error::", gain=gain)


FOUND = [
    advice("layer-builder lock"),
    advice("prune: aggressive", 99_000, 50 * MIB),
    advice("strip: true", 2 * MIB, 5 * MIB),
    advice("requires: [a`|b]", 3 * MIB, MIB),
]


def test_the_largest_gain_of_the_tightest_limit_is_first_and_less_than_a_hundredth_is_left_out() -> (
    None
):
    assert [one.line for one in words.in_order(FOUND, "zip", 10 * MIB)] == [
        "requires: [a`|b]",
        "strip: true",
        "layer-builder lock",
    ]
    first, *_ = words.in_order(FOUND, "unzipped", 10 * MIB)
    assert first.line == "prune: aggressive"


def test_the_log_has_three_that_were_measured() -> None:
    found = words.in_order([*FOUND, advice("sdk: auto", MIB), advice("a: b", MIB)], "zip", MIB)
    lines = words.advice_lines(found, "zip")
    assert [line.partition(" (")[0] for line in lines] == [
        "requires: [a`|b]",
        "strip: true",
        "a: b",
    ]
    assert lines[-1].endswith("(3 more in the report)")
    assert words.advice_lines([advice("layer-builder lock")], "zip") == []


def test_summary_and_report_tell_the_same_and_nothing_breaks_out(outcome: Outcome) -> None:
    (layer_id, built), *_ = outcome.built.items()
    assert built.tightest.limit.kind == "zip"
    outcome.advice = {layer_id: FOUND}
    first, *_ = report_data(outcome)["layers"]
    assert [(one["gain_bytes"], one["kind"], one["line"]) for one in first["advice"]] == [
        (3 * MIB, "zip", "requires: [a`|b]"),
        (2 * MIB, "zip", "strip: true"),
        (None, "zip", "layer-builder lock"),
    ]
    text = markdown.render_markdown(outcome)
    rows = [line for line in text.splitlines() if line.startswith("| core | `")]
    assert len(rows) == 3
    assert all(row.replace(r"\|", "").count("|") == 5 for row in rows)
    assert "| core | `strip: true` | 2.0 MiB zip |" in text
    assert "<script>" not in text
    assert "\n::error::" not in text


def test_a_function_over_the_limit_hears_what_takes_how_much_off_which_layer(
    layer: Callable[..., Layer], built: Callable[..., Built]
) -> None:
    place = Place(file="layers.yml")
    api = Stack(
        key="api", function_name=None, layers=(layer("a"), layer("b")), reserve=0, place=place
    )
    made = {b.layer.id: b for b in (built(key, unzipped_bytes=150 * MIB) for key in "ab")}
    weight = weigh_stack(api, made)
    first, second = made
    problem = limit_problems.stack_problem(
        weight,
        {first: [advice("strip: true", 0, 5 * MIB)], second: [advice("sdk: auto", 0, 9 * MIB)]},
    )
    assert [line.partition(" (")[0] for line in problem.advice[:2]] == [
        "layer b: sdk: auto",
        "layer a: strip: true",
    ]
    assert problem.advice[2].startswith("take a layer out of the function")
