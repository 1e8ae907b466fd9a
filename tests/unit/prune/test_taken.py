"""The warning of a rule that takes most of a distribution."""

import pytest

from layer_builder.model.prune_plan import InstalledFile, PrunePlan, Removal
from layer_builder.model.settings import PruneProfile
from layer_builder.prune.taken import taken_warnings


@pytest.mark.parametrize(
    ("rule", "size", "said"),
    [
        ("scripts", 60_000, ["prune: safe: the rule scripts takes 58.6 KiB of 97.7 KiB of a"]),
        ("scripts", 50_000, []),
        ("tests", 99_000, []),
        ("native-sources", 99_000, []),
        ("drop", 99_000, []),
        ("sdk", 99_000, []),
    ],
)
def test_more_than_half_is_said_but_for_tests_and_headers(
    rule: str, size: int, said: list[str]
) -> None:
    gone = InstalledFile(path="bin/a", size=size)
    files = [gone, InstalledFile(path="a.py", size=100_000 - size)]
    plan = PrunePlan(removals=(Removal(entry=gone, rule=rule),))
    owners = {"bin/a": "a", "a.py": "a"}
    found = taken_warnings(plan, files, owners, PruneProfile.SAFE)
    assert [problem.message for problem in found] == said


def test_a_small_distribution_is_not_worth_a_word() -> None:
    gone = InstalledFile(path="bin/a", size=9_000)
    plan = PrunePlan(removals=(Removal(entry=gone, rule="scripts"),))
    assert taken_warnings(plan, [gone], {"bin/a": "a"}, PruneProfile.SAFE) == []
