"""The deciding behind `try` and `why`."""

from dataclasses import replace

import pytest
from packaging.requirements import Requirement

from layer_builder.answers.chains import requirer_chains
from layer_builder.answers.changes import Mode, changed_request
from layer_builder.answers.importers import module_names
from layer_builder.answers.trial import Fit, TrialOption, WeighedChange, best_options
from layer_builder.answers.words import trial_data, trial_lines
from layer_builder.errors import Place
from layer_builder.forecast import LayerEstimate
from layer_builder.model import (
    Architecture,
    Budget,
    Layer,
    Package,
    Python,
    Target,
    Weight,
    check_limits,
)
from layer_builder.sources import LayerRequest, Requirements

LAYER = Layer(
    key="deps",
    name="deps",
    target=Target(python=Python.PY312, architecture=Architecture.X86_64),
    place=Place(file="layers.yml"),
    budget=Budget(unzipped_bytes=1000),
)


def estimate(*packages: tuple[str, str, int], least: float = 0.9) -> LayerEstimate:
    size = sum(one[2] for one in packages)
    weight = Weight(zip_bytes=size // 2, unzipped_bytes=size)
    return LayerEstimate(
        layer=LAYER,
        weight=weight,
        least=replace(weight, unzipped_bytes=int(size * least)),
        readings=check_limits(weight, LAYER.budget.limits),
        packages=tuple(
            Package(name=name, version=version, bytes_installed=kept, bytes_kept=kept)
            for name, version, kept in packages
        ),
        whole={},
    )


def option(
    key: str, *packages: tuple[str, str, int], there: tuple[tuple[str, str, int], ...] = ()
) -> TrialOption:
    change = WeighedChange(before=estimate(*there), after=estimate(*there, *packages))
    return TrialOption(key=key, layers=(change,))


def test_a_change_lists_what_comes_goes_and_moves() -> None:
    change = WeighedChange(
        before=estimate(("a", "1", 100), ("b", "1", 50), ("same", "1", 5)),
        after=estimate(("b", "2", 70), ("c", "1", 10), ("same", "1", 5)),
    )
    told = [(one.name, one.before, one.after, one.bytes) for one in change.packages]
    assert told == [("c", None, "1", 10), ("b", "1", "2", 20), ("a", "1", None, -100)]
    assert change.grows == Weight(zip_bytes=-35, unzipped_bytes=-70)
    assert change.shares == (0.155, 0.085)


@pytest.mark.parametrize(
    ("size", "verdict"),
    [(1000, Fit.FITS), (1001, Fit.MAY_FIT), (1200, Fit.CANNOT_FIT)],
)
def test_a_verdict_heeds_the_error(size: int, verdict: Fit) -> None:
    assert option("deps", ("a", "1", size)).verdict is verdict


def test_the_best_fits_and_grows_least() -> None:
    small, large = option("z", ("a", "1", 100)), option("a", ("a", "1", 200))
    doubtful, hopeless = option("b", ("a", "1", 1050)), option("c", ("a", "1", 2000))
    refused = TrialOption(key="d", refused="no version")
    assert best_options([large, small, doubtful, hopeless, refused]) == [small]
    assert best_options([hopeless, doubtful, refused]) == [doubtful]
    assert best_options([hopeless, refused]) == []


def test_of_equal_ones_the_best_has_the_most_room_and_the_others_are_named() -> None:
    package = ("new", "1", 100)
    full, empty = option("full", package, there=(("there", "1", 500),)), option("empty", package)
    assert best_options([full, empty]) == [empty, full]
    asked = [Requirement("new")]
    lines = [*trial_lines(Mode.ADD, asked, [full, empty], [empty, full])]
    assert lines[-1] == "best: empty (full: the same bytes, no more room)"
    data = trial_data(Mode.ADD, asked, [full, empty], [empty, full])
    assert (data["best"], data["alike"]) == ("empty", ["full"])


@pytest.mark.parametrize(
    ("mode", "package", "lines"),
    [
        (Mode.ADD, "new>=2", ("Old_Name==1.0", "b[x]==2; python_version > '3'", "c<3", "new>=2")),
        (Mode.ADD, "old.name<9", ("b[x]==2; python_version > '3'", "c<3", "old.name<9")),
        (Mode.REMOVE, "old-name", ("b[x]==2; python_version > '3'", "c<3")),
        (Mode.UPGRADE, "old-name", ("Old_Name", "b[x]==2; python_version > '3'", "c<3")),
        (Mode.UPGRADE, "b", ("Old_Name==1.0", 'b[x]; python_version > "3"', "c<3")),
        (Mode.UPGRADE, "c", ("Old_Name==1.0", "b[x]==2; python_version > '3'", "c<3")),
        (Mode.UPGRADE, "c<5", ("Old_Name==1.0", "b[x]==2; python_version > '3'", "c<5")),
    ],
)
def test_requirements_change_as_asked(mode: Mode, package: str, lines: tuple[str, ...]) -> None:
    asked = Requirements(
        lines=("Old_Name==1.0 --hash=sha256:00", "b[x]==2; python_version > '3'", "c<3"),
        names=frozenset({"old-name", "b", "c"}),
        hashes={"old-name": frozenset({"sha256:00"})},
        constraints=("old-name==1.0", "z==1"),
    )
    request = LayerRequest(layer=LAYER, requirements=asked)
    changed = changed_request(request, [Requirement(package)], mode).requirements
    assert changed.lines == lines
    assert changed.hashes == {}
    assert "z==1" in changed.constraints
    assert ("old-name==1.0" in changed.constraints) is (not package.startswith("old"))


def test_chains_are_the_shortest_even_in_circles() -> None:
    requires = {"a": {"b", "c"}, "b": {"a", "d"}, "c": {"d"}, "d": {"b"}, "e": {"f"}}
    assert requirer_chains("d", {"a", "d", "e"}, requires) == [["d"], ["a", "b", "d"]]
    assert requirer_chains("x", {"a"}, requires) == []


def test_a_shared_namespace_is_no_module_of_a_distribution() -> None:
    paths = [
        "google/cloud/storage/__init__.py",
        "google/cloud/storage/blob.py",
        "x-1.dist-info/RECORD",
    ]
    assert module_names(paths) == {"google.cloud.storage", "google.cloud.storage.blob"}
