"""What must hold, and the page that says so, from results that are written out here."""

from dataclasses import replace

import pytest

from benchmarks.peers import results
from benchmarks.peers.builders import Pass
from benchmarks.peers.report import claims, page
from benchmarks.peers.report.claims import Claim
from benchmarks.peers.results import RECIPE, STAND_IN, Point, Results, Row, Table

ALL = "boto3 pandas"


def row(title: str, zip_bytes: int = 1000, **more: object) -> Row:
    """Give a row in which all works, unless told otherwise."""
    whole = Row(title=title, zip_bytes=zip_bytes, works=ALL.split(), checks=3)
    return replace(whole, **more)  # type: ignore[arg-type]  # whatever a test sets


def core(*rows: Row) -> Results:
    table = Table(
        name="core-deps",
        about="Core.",
        requirements=[],
        modules=ALL.split(),
        rounds=1,
        is_timed=True,
        rows=rows,
    )
    return Results(machine="1 core", pins={"pip": "1"}, rounds=1, tables=[table])


def example(*rows: Row) -> Results:
    [table] = core(*rows).tables
    return replace(core(), tables=[replace(table, name="example", is_timed=False)])


def claim(found: Results, start: str) -> Claim:
    return next(claim for claim in claims.check(found) if claim.what.startswith(start))


@pytest.mark.parametrize(("seconds", "holds"), [(5.0, True), (5.1, False)])
def test_a_time_is_compared_with_the_recipes(seconds: float, holds: bool) -> None:  # noqa: FBT001 (a table's column)
    found = example(
        row(RECIPE, seconds={Pass.COLD: [40.0]}),
        row(claims.DEFAULT, seconds={Pass.COLD: [seconds]}),
    )
    assert claim(found, "the example, empty").holds is holds


@pytest.mark.parametrize(("seconds", "holds"), [(2.0, True), (2.1, False)])
def test_a_publish_of_what_is_known_takes_a_twentieth_of_the_recipes_time(
    seconds: float,
    holds: bool,  # noqa: FBT001 (a table's column)
) -> None:
    found = example(
        row(RECIPE, seconds={Pass.COLD: [40.0]}),
        row(claims.DEFAULT, seconds={Pass.KNOWN: [seconds]}),
    )
    assert claim(found, "the example, nothing changed, empty caches").holds is holds


def test_a_recipe_has_no_cache_so_its_cold_run_is_what_a_warm_one_beats() -> None:
    found = example(
        row(RECIPE, seconds={Pass.COLD: [40.0, 20.0, 60.0]}),
        row(claims.DEFAULT, seconds={Pass.WARM: [2.0, 2.0, 2.0]}),
    )
    value = claim(found, "the example, caches as").value
    assert value is not None
    assert (value.median, value.least, value.most) == (20, 10, 30)


@pytest.mark.parametrize(("size", "holds"), [(980, True), (981, False)])
def test_a_zip_is_compared_with_the_recipes(size: int, holds: bool) -> None:  # noqa: FBT001 (a table's column)
    found = core(row(RECIPE), row(claims.DEFAULT, size))
    assert claim(found, "core-deps, zip of this program: part of the recipe's").holds is holds


def test_a_small_zip_that_does_not_work_does_not_count() -> None:
    found = core(row(RECIPE), row(claims.DEFAULT, 1, broken={"import boto3": "gone"}))
    failed = claim(found, "core-deps, zip of this program: part of the recipe's")
    assert failed.holds is False
    assert failed.note == "1 of 3 imports and checks fail"


def test_a_peer_that_failed_leaves_its_claim_open_and_says_why() -> None:
    found = core(row(RECIPE), row(claims.DEFAULT), Row(title=claims.PEX, error="no wheel"))
    open_claim = claim(found, "core-deps, zip of this program: part of pex's")
    assert open_claim.holds is None
    assert open_claim.note == "pex: no wheel"


def test_where_the_recipes_imports_fail_a_stand_in_is_compared_and_what_works_in_both() -> None:
    found = core(
        row(RECIPE, works=["pandas"], import_seconds={"pandas": [2.0]}),
        row(STAND_IN, import_seconds={ALL: [4.0]}),
        row(claims.DEFAULT),
        row(claims.IMPORTED, import_seconds={ALL: [1.0], "pandas": [0.5]}),
    )
    whole = claim(found, "core-deps, cold import of this program, bytecode: imported")
    assert whole.what.endswith("than pip + zip's")
    assert whole.note == "the recipe's boto3 do not import, so pip + zip stands in for it"
    part = claim(found, "the same of pandas alone")
    assert [c.value and c.value.median for c in (whole, part)] == [4, 4]


def test_the_page_has_a_row_for_who_failed_and_says_how() -> None:
    found = core(
        row(RECIPE, seconds={Pass.COLD: [4.0]}, cpu_seconds={Pass.COLD: [3.0]}),
        Row(title="SAM build", error="no wheel for numpy"),
    )
    text = page.page(found)
    assert "| the recipe | 4.0 | 3.0 | 1.00 |" in text
    assert "| SAM build | – |" in text
    assert "- SAM build: no wheel for numpy" in text


def test_the_page_says_which_zips_aws_refuses() -> None:
    text = page.page(core(row(RECIPE, unzipped_bytes=300 * 1024**2)))
    assert "- the recipe: over AWS's 250 MiB unzipped" in text


def test_steps_are_added_up_over_the_layers_that_were_built() -> None:
    layers = [
        {"same_as": None, "seconds": {"install": 1.0, "prove": 2.0}},
        {"same_as": None, "seconds": {"install": 0.5}},
        {"same_as": "a", "seconds": {"install": 9.0}},
    ]
    assert results.summed({"layers": layers}) == {"install": 1.5, "prove": 2.0}


def test_the_scale_tells_its_slope() -> None:
    points = [
        Point(layers=n, mib=1.0, seconds=[1.0 + n / 2], again=[1.0], peak_bytes=0, steps={"a": 1.0})
        for n in (1, 5, 20)
    ]
    text = page.page(replace(core(), tables=[], by_layers=points))
    assert "0.500 s a layer, from 1.00 s on" in text
