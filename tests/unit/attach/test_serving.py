"""Whether a version of a function is published, and where its alias goes, is decided from values."""

import pytest

from layer_builder.attach.serving import led_to, left_behind, plan_serving
from layer_builder.errors import AwsError
from layer_builder.model.release import Alias, FunctionVersion
from layer_builder.model.stack import Serving

NEW, OLD = ("l:2",), ("l:1",)


def version(number: int, layers: tuple[str, ...] = OLD) -> FunctionVersion:
    return FunctionVersion(number=str(number), layers=layers)


def live(where: str, **weights: float) -> Alias:
    shares = tuple((name[1:], share) for name, share in weights.items())
    return Alias(name="live", version=where, weights=shares, revision="r")


FOLLOWS = Serving(publishes=True, alias="live")


@pytest.mark.parametrize(
    ("versions", "alias", "publishes", "after"),
    [
        ([], live("$LATEST"), True, None),
        ([version(1)], live("1"), True, None),
        ([version(2, NEW), version(1)], live("1"), False, live("2")),
        ([version(2, NEW), version(1)], live("2"), False, None),
        ([version(3), version(2, NEW)], live("2"), False, None),
        ([version(3), version(2, NEW), version(1)], live("1"), True, None),
        ([version(3, NEW), version(2, NEW)], live("2"), False, None),
        ([version(3, NEW), version(2, NEW)], live("2", v3=0.1), False, None),
        ([version(2, NEW), version(1)], live("1", v2=0.1), False, live("2")),
        ([version(2, NEW), version(1)], live("2", v1=0.1), False, live("2")),
    ],
)
def test_a_version_is_published_where_none_that_serves_has_the_layers(
    versions: list[FunctionVersion], alias: Alias, after: Alias | None, *, publishes: bool
) -> None:
    plan = plan_serving(FOLLOWS, NEW, versions, [alias])
    assert (plan.publishes, plan.after) == (publishes, after)
    assert plan.is_needed == (publishes or after is not None)


def test_nothing_is_done_that_nobody_asked_for() -> None:
    assert not plan_serving(Serving(), NEW, [version(1)], [live("1")]).is_needed


def test_an_alias_must_be_there() -> None:
    with pytest.raises(AwsError, match="it has no alias live"):
        plan_serving(FOLLOWS, NEW, [], [Alias(name="prod", version="1")])


@pytest.mark.parametrize(
    ("alias", "weight", "after"),
    [
        (live("1"), None, live("2")),
        (live("1"), 0.1, live("1", v2=0.1)),
        (live("1", v3=0.5), 0.1, live("1", v2=0.1)),
        (live("2"), 0.1, live("2")),
        (live("$LATEST"), 0.1, live("2")),
    ],
)
def test_a_share_needs_a_published_version_for_the_rest(
    alias: Alias, weight: float | None, after: Alias
) -> None:
    assert led_to(alias, "2", weight) == after


def test_aliases_that_serve_other_layers_are_named() -> None:
    versions = [version(2, NEW), version(1)]
    aliases = [
        live("1"), Alias(name="new", version="2"), Alias(name="latest", version="$LATEST"),
        Alias(name="part", version="2", weights=(("1", 0.25),)),
    ]  # fmt: skip
    assert left_behind(NEW, versions, aliases, "") == [
        "live (version 1)",
        "part (version 2 and 1 (25%))",
    ]
    assert left_behind(NEW, versions, aliases[:1], "live") == []
