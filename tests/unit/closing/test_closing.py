from dataclasses import replace

import pytest

from layer_builder.closing import closing_lines, report_place, stopped_problem
from layer_builder.exit_codes import ExitCode
from layer_builder.inputs import Command, Inputs
from layer_builder.model import Weight
from layer_builder.outcome import Outcome

WHOLE = [
    "core: 10.0 MiB zipped, 25.0 MiB unzipped, 20% of 50.0 MiB zip, 2 distributions,"
    " 2 imports proven, 2.0 s; published as core:3 in eu-west-1, unchanged as core:2 in us-east-1",
    "code: 300 B zipped, 1000 B unzipped, 30% of 1000 B zip; unchanged as code:8 in eu-west-1",
]


def lines(outcome: Outcome) -> list[str]:
    return [f"{title}: {line}" for title, line in closing_lines(outcome)]


def test_each_layer_has_a_line(outcome: Outcome) -> None:
    assert lines(outcome) == WHOLE


def test_a_layer_with_the_content_of_another_is_not_told_twice(outcome: Outcome) -> None:
    first, second, *_ = outcome.layers
    outcome.built[second.id] = replace(outcome.built[second.id], same_as=first.id)
    assert lines(outcome)[1].startswith(f"{second.title}: the same as {first.title}; ")


def test_what_became_of_nothing_is_told_as_that(outcome: Outcome) -> None:
    outcome.inputs = Inputs(command=Command.PUBLISH)
    outcome.built, outcome.known, outcome.releases = {}, {}, {}
    first = outcome.layers[0]
    outcome.finished[first.stem] = Weight(zip_bytes=2**20, unzipped_bytes=2**21)
    said = lines(outcome)
    assert said[0] == f"{first.title}: 1.0 MiB zipped, 2.0 MiB unzipped; not published"
    assert {line.partition(": ")[2] for line in said[1:]} == {"not built"}


def test_a_dry_run_says_where_it_would_publish(outcome: Outcome) -> None:
    outcome.inputs = Inputs(dry_run=True)
    outcome.releases = {}
    outcome.to_publish = {outcome.layers[0].id: ["eu-west-1", "us-east-1"]}
    assert lines(outcome)[0].endswith("; would be published to eu-west-1, us-east-1")


def test_what_was_stopped_says_what_was_done(outcome: Outcome) -> None:
    first = outcome.layers[0]
    outcome.inputs = Inputs(command=Command.PUBLISH)
    outcome.finished = {first.stem: Weight(zip_bytes=1, unzipped_bytes=1)}
    outcome.exit_code = ExitCode.INTERRUPTED
    arns = outcome.published_arns()
    assert stopped_problem(outcome, keeps_builds=True).lines() == [
        "stopped by the user",
        f"    built: 1 of {len(outcome.layers)}: {first.title}",
        f"    published: {len(arns)}: {', '.join(arns)}",
        "  → run it again: what was built comes from the cache",
        "  → run it again: what was published is known by its stamp, and stays as it is",
    ]


@pytest.mark.parametrize("command", list(Command))
def test_what_was_stopped_at_once_promises_nothing(command: Command) -> None:
    outcome = Outcome(inputs=Inputs(command=command))
    assert stopped_problem(outcome, keeps_builds=True).lines() == ["stopped by the user"]


def test_the_report_is_where_it_was_asked_for() -> None:
    outcome = Outcome(inputs=Inputs(output_dir="out/layers"))
    assert report_place(outcome) == "report: out/layers/report.html"
