"""The fault matrix: AWS fails at a call, and all is published once, or it is told what is.

Each test is one ill in one scenario, at some of the scenario's calls in turn; the calls are those of
a run in which nothing fails. Those of the sample have each call of a scenario with some ill, and
each ill with some call; the rest waits for `make reliability`, which writes docs/reliability.md.
"""

import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pytest

from ..cloud import judge
from ..cloud.faults import Fault, Trouble
from ..cloud.ills import Ill
from ..cloud.matrix import Theatre, keep, sample, tried
from ..cloud.program import Program
from ..cloud.proxy import Heard, Proxy
from ..cloud.scenarios import MATRIX, SCENARIOS, Scenario
from ..cloud.view import View

CASES = [
    pytest.param(
        *(emulator, scenario, ill, part),
        id=f"{scenario.name}-{ill.name}-{emulator}-{part}",
        marks=marks,
    )
    for part, marks in (("sample", ()), ("rest", pytest.mark.nightly))
    for emulator, scenario, ill in MATRIX
]
SCENES = list(dict.fromkeys((emulator, scenario.name) for emulator, scenario, _ in MATRIX))
REPOSITORY = Path(__file__).resolve().parents[3]
RESETS = {"moto": "/moto-api/reset", "ministack": "/_ministack/reset"}


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What is found out once for an emulator and a scenario."""

    calls: list[Heard]
    built: Path


@pytest.fixture(scope="session")
def _rehearsals() -> dict[tuple[str, str], Rehearsal]:
    return {}


@pytest.fixture(scope="session")
def _views() -> Iterator[dict[str, View]]:
    views: dict[str, View] = {}
    yield views
    for view in views.values():
        view.close()


@pytest.fixture
def url(request: pytest.FixtureRequest, emulator: str) -> str:
    """Give the address of the emulator."""
    found: str = request.getfixturevalue({"moto": "aws", "ministack": "ministack"}[emulator])
    return found


@pytest.fixture
def theatre(  # noqa: PLR0913, PLR0917 (what a play needs)
    program: Program,
    proxy: Proxy,
    environ: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    _views: dict[str, View],
    emulator: str,
    url: str,
) -> Theatre:
    """Give a theatre before the emulator."""
    proxy.upstream = url
    view = _views.setdefault(emulator, View(url))
    again = urllib.request.Request(url + RESETS[emulator], method="POST")
    return Theatre(
        program=program,
        proxy=proxy,
        view=view,
        reset=lambda: urllib.request.urlopen(again).close(),
        environment=environ,
        folder=tmp_path_factory.mktemp("theatre"),
    )


@pytest.fixture
def rehearsal(
    _rehearsals: dict[tuple[str, str], Rehearsal],
    theatre: Theatre,
    scenario: Scenario,
    emulator: str,
) -> Rehearsal:
    """Build the scenario's layers, and list its calls by a run in which nothing goes wrong."""
    key = emulator, scenario.name
    if key not in _rehearsals:
        built = theatre.build(scenario)
        _rehearsals[key] = Rehearsal(calls=theatre.calls(scenario, built), built=built)
    return _rehearsals[key]


@pytest.mark.parametrize(("emulator", "scenario", "ill", "part"), CASES)
def test_a_fault_at_any_call_is_survived_or_told(  # noqa: PLR0913, PLR0917 (a case of the table)
    theatre: Theatre, rehearsal: Rehearsal, emulator: str, scenario: Scenario, ill: Ill, part: str
) -> None:
    calls = rehearsal.calls
    chosen = sample(emulator, scenario, calls)[ill.name]
    row, wrong = MATRIX.index((emulator, scenario, ill)), []
    for index in tried(scenario, ill, calls):
        if (str(calls[index]) in chosen) is not (part == "sample"):
            continue
        verdict = theatre.play(scenario, ill, calls, rehearsal.built, index)
        keep(replace(verdict, emulator=emulator), row, index)
        wrong += [str(verdict)] if verdict.wrong else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("emulator", "scenario"),
    [(emulator, one) for emulator, name in SCENES for one in SCENARIOS if one.name == name],
    ids=[f"{name}-{emulator}" for emulator, name in SCENES],
)
def test_the_sample_has_every_call_and_every_fault(
    rehearsal: Rehearsal, emulator: str, scenario: Scenario
) -> None:
    chosen = sample(emulator, scenario, rehearsal.calls)
    ills = [ill for on, of, ill in MATRIX if (on, of) == (emulator, scenario)]
    calls = rehearsal.calls
    whole = {ill.name: {str(calls[at]) for at in tried(scenario, ill, calls)} for ill in ills}
    assert all(chosen.values())
    assert chosen.keys() == whole.keys()
    assert set(chain(*chosen.values())) == set(chain(*whole.values()))


@pytest.mark.parametrize(("emulator", "scenario"), [("moto", SCENARIOS[0])], ids=["moto"])
def test_what_cannot_be_known_is_not_claimed(
    theatre: Theatre, rehearsal: Rehearsal, proxy: Proxy, scenario: Scenario
) -> None:
    """AWS publishes, its answer is lost, and then nothing of it can be read."""
    folder = theatre.stage(scenario, rehearsal.built)
    view = theatre.view
    older = judge.versions(scenario, view)
    publish = "PublishLayerVersion"
    proxy.troubles = (
        Trouble(fault=Fault.RESET_AFTER, operation=publish),
        Trouble(fault=Fault.INTERNAL, operation=publish, nth=2, times=None, everywhere=True),
    )
    done = theatre.run(scenario, folder)
    assert (done.code, len(judge.versions(scenario, view, older))) == (6, 1), done.text
    told = judge.told(folder)
    assert told.in_report == told.in_outputs == set()
    denied = [line for line in done.text.splitlines() if "not published" in line]
    assert not [line for line in denied if "a in eu-west-1" in line], "nobody knows that"
    assert [line for line in denied if "b in eu-west-1" in line]
    proxy.clear()
    again = theatre.run(scenario, folder)
    assert judge.after_the_rerun(scenario, again, folder, view, older) == []


def test_the_page_tells_of_every_fault_and_scenario() -> None:
    page = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")
    tables = {
        title: rows for title, _, rows in (part.partition("\n") for part in page.split("\n## "))
    }
    told = {
        (emulator, scenario, row.split(" | ")[0].removeprefix("| "))
        for title, rows in tables.items()
        if " on " in title
        for scenario, _, emulator in [title.rpartition(", on ")]
        for row in rows.splitlines()
        if row.startswith("| ") and not row.startswith(("| fault", "| ---"))
    }
    wanted = {
        (emulator, scenario.name.capitalize(), ill.name) for emulator, scenario, ill in MATRIX
    }
    assert {(e, s.capitalize(), i) for e, s, i in told} == wanted, "run `make reliability`"
