import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.attach import plan as attachment
from layer_builder.attach.plan import Attachment, ChangeKind
from layer_builder.attach.sizes import FunctionSize, Size
from layer_builder.model.layer_version import layer_arn_of
from layer_builder.model.limits import MIB

OURS = frozenset("abcd")
"""Keys of the manifest's layers; capital letters are other people's."""


def arn(short: str) -> str:
    """Write `a3` for version 3 of layer a."""
    account = "123456789012" if short[0].islower() else "999999999999"
    return f"arn:aws:lambda:eu-west-1:{account}:layer:{short[0]}:{short[1:]}"


def arns(text: str) -> list[str]:
    return [arn(short) for short in text.split()]


def plan(before: str, wanted: str) -> Attachment:
    return attachment.plan(
        arns(before), arns(wanted), {layer_arn_of(arn(f"{key}1")) for key in OURS}
    )


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("", "a1 b1", "a1 b1"),
        ("a1 b1", "a1 b1", "a1 b1"),
        ("a1 b1", "a2 b1", "a2 b1"),
        # What is not ours stays where it is; ours take the places of ours, then the end.
        ("X1 Y1", "a1 b1", "X1 Y1 a1 b1"),
        ("X1 a1 Y1", "a2 b1", "X1 a2 Y1 b1"),
        ("a1 X1 c1", "a1 b1 c1", "a1 X1 b1 c1"),
        ("b1 X1 a1", "a1 b1", "a1 X1 b1"),
        # One of ours that the function's list no longer has goes.
        ("a1 b1", "a1", "a1"),
        ("c1 X1 d4", "a1", "X1 a1"),
        ("c1 X1 a1", "a1", "X1 a1"),
        # external: wanted in its version, in the place that it has; before ours where it has none.
        ("X1 a1", "X1 a1", "X1 a1"),
        ("a1 X1", "X2 a1", "a1 X2"),
        ("a1", "X1 a1", "X1 a1"),
        ("Y1", "X1 a1", "Y1 X1 a1"),
        # Another account's layer with the name of ours is not ours.
        ("A1", "a1", "A1 a1"),
        # AWS attaches no layer twice; whoever did, gets it once.
        ("a1 a2 X1 X2", "a3", "a3 X1 X2"),
    ],
)
def test_which_layers_a_function_is_to_have(before: str, wanted: str, after: str) -> None:
    found = plan(before, wanted)
    assert list(found.after) == arns(after)
    assert list(found.before) == arns(before)
    assert found.is_needed is (before != after)


def test_what_becomes_of_each_layer_is_told() -> None:
    found = plan("d9 b1 X1 a1 c1", "a1 b1 c2")
    assert [(change.kind, change.before, change.after) for change in found.changes] == [
        (ChangeKind.MOVED, arn("a1"), arn("a1")),
        (ChangeKind.FOREIGN, arn("X1"), arn("X1")),
        (ChangeKind.MOVED, arn("b1"), arn("b1")),
        (ChangeKind.REPLACED, arn("c1"), arn("c2")),
        (ChangeKind.REMOVED, arn("d9"), None),
    ]
    assert [change.kind for change in plan("a1", "a1 b1").changes] == [
        ChangeKind.KEPT,
        ChangeKind.ADDED,
    ]
    assert str(found.changes[3]) == f"replaced {arn('c1')} → 2"
    assert [str(found.changes[4]), str(found.changes[1])] == [
        f"removed {arn('d9')}",
        f"foreign {arn('X1')}",
    ]


def test_before_and_after_are_shown_as_a_diff() -> None:
    assert plan("X1 a1 b1", "a2 b1 c1").diff() == [
        f"  {arn('X1')}",
        f"- {arn('a1')}",
        f"+ {arn('a2')}",
        f"  {arn('b1')}",
        f"+ {arn('c1')}",
    ]


KEYS = "abcdXYZ"
VERSIONS = {key: st.sampled_from([f"{key}{number}" for number in (1, 2, 3)]) for key in KEYS}
BEFORE = st.lists(st.sampled_from(KEYS), unique=True, max_size=5).flatmap(
    lambda keys: st.tuples(*(VERSIONS[key] for key in keys))
)
WANTED = st.tuples(
    st.lists(st.sampled_from("XY"), unique=True, max_size=2),
    st.lists(st.sampled_from("abcd"), unique=True, min_size=1, max_size=3),
).flatmap(lambda parts: st.tuples(*(VERSIONS[key] for part in parts for key in part)))


@given(before=BEFORE, wanted=WANTED)
def test_whatever_a_function_has(before: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    found = plan(" ".join(before), " ".join(wanted))
    after = list(found.after)

    def foreign(versions: list[str]) -> list[str]:
        return [layer_arn_of(one) for one in versions if one.split(":")[4] == "999999999999"]

    ours = [one for one in after if one.split(":")[4] == "123456789012"]
    assert set(arns(" ".join(wanted))) <= set(after), "all that is wanted is there"
    assert ours == [arn(one) for one in wanted if one[0] in OURS], "ours in stack order"
    others = foreign(list(found.before))
    assert [one for one in foreign(after) if one in others] == others, "foreign ones in their order"
    assert len(set(map(layer_arn_of, after))) == len(after), "no layer twice"
    gone = {one[0] for one in before if one[0] in OURS} - {one[0] for one in wanted}
    if not gone:
        places = {i: layer_arn_of(one) for i, one in enumerate(found.before)}
        for i, layer in places.items():
            if layer in others:
                assert layer_arn_of(after[i]) == layer, "a foreign layer keeps its place"
    again = attachment.plan(
        after, arns(" ".join(wanted)), {layer_arn_of(arn(f"{key}1")) for key in OURS}
    )
    assert not again.is_needed, "a second run has nothing to do"
    told = [change.after for change in found.changes if change.after]
    assert told == after
    assert {change.before for change in found.changes if change.before} == set(found.before)


def test_a_sixth_layer_is_refused_with_the_list() -> None:
    assert attachment.too_many(plan("X1 Y1 Z1 a1", "a1 b1")) is None
    problem = attachment.too_many(plan("X1 Y1 Z1 V1 a1", "a2 b1"))
    assert problem
    assert "\n".join(problem.lines()) == (
        "it would have 6 layers; AWS attaches 5 at most\n"
        f"    foreign {arn('X1')}\n"
        f"    foreign {arn('Y1')}\n"
        f"    foreign {arn('Z1')}\n"
        f"    foreign {arn('V1')}\n"
        f"    replaced {arn('a1')} → 2\n"
        f"    added {arn('b1')}\n"
        "  → detach a foreign one, or join two layers of the manifest"
    )


def test_code_and_layers_over_the_limit_are_refused_part_by_part() -> None:
    code = Size(name="the function's code", size=MIB, source="its zip's directory")
    layers = Size(name=arn("a1"), size=249 * MIB - 1, source="its zip's directory")
    unknown = Size(name=arn("X1"), size=None, source="it may not be read")
    assert FunctionSize(parts=(code, layers, unknown)).problem() is None
    one_more = Size(name=arn("b1"), size=1, source="declared in external:")
    problem = FunctionSize(parts=(code, layers, unknown, one_more)).problem()
    assert problem
    assert "\n".join(problem.lines()) == (
        "its code and layers would unzip to 250.0 MiB, 1 B over the"
        " 250.0 MiB that AWS allows a function and all its layers\n"
        "       1.0 MiB  the function's code\n"
        f"     249.0 MiB  {arn('a1')}\n"
        f"           1 B  {arn('b1')}\n"
        f"             ?  {arn('X1')}: it may not be read\n"
        "  → detach a layer, or shrink the function's code; a build says what would take how much off"
        " each layer\n"
        "  → what cannot fit 250 MiB runs as a container image (10 GiB)"
    )
