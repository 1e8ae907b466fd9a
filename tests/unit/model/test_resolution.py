import pytest

from layer_builder.model.resolution import HeldBack, Pin, Resolution

TEXT = """\
# a comment
b-c[extra]==2.0 \\
    --hash=sha256:2 \\
    --hash=sha256:1
a==1.0 ; python_version < "3.13" --hash=sha256:3
"""


def pinned(**versions: str) -> Resolution:
    return Resolution(pins=tuple(Pin(name=name, version=v) for name, v in versions.items()))


def test_pins_are_read_with_their_hashes_and_put_in_order() -> None:
    found = Resolution.from_lines(TEXT)
    assert found.pins == (
        Pin(name="a", version="1.0", hashes=("sha256:3",)),
        Pin(name="b-c", version="2.0", hashes=("sha256:1", "sha256:2")),
    )
    assert found.versions == {"a": "1.0", "b-c": "2.0"}
    assert found.text == "a==1.0 --hash=sha256:3\nb-c==2.0 --hash=sha256:1 --hash=sha256:2\n"
    assert Resolution.from_lines(found.text) == found


def test_what_is_left_out_is_no_longer_held_back_either() -> None:
    held = tuple(HeldBack(name=name, version="1", newer="2") for name in "ab")
    found = Resolution(pins=pinned(a="1", b="1").pins, held_back=held).without({"b", "x"})
    assert (found.versions, [item.name for item in found.held_back]) == ({"a": "1"}, ["a"])


@pytest.mark.parametrize(
    ("ours", "newest", "newer"),
    [("1.9", "1.10", ["1.10"]), ("1.10", "1.9", []), ("1.0", "1", []), ("1.0rc1", "1.0", ["1.0"])],
)
def test_only_what_is_newer_elsewhere_is_held_back(
    ours: str, newest: str, newer: list[str]
) -> None:
    found = pinned(a=ours, gone="1").compared_with(pinned(a=newest, other="9"))
    assert [item.newer for item in found.held_back] == newer


@pytest.mark.parametrize(
    ("given", "kept", "doubts"),
    [
        ({}, [("1", "2"), ()], []),
        ({"a": {"2", "3"}, "b": {"1"}}, [("2",), ()],
         ["b==1: the index has no file with the hash in the requirements; it has none"]),
        ({"a": {"1"}}, [("1",), ()], ["b==1 has no --hash in the requirements"]),
        ({"a": {"3"}, "b": {"1"}}, [(), ()],
         ["a==1: the index has no file with the hash in the requirements; it has 1, 2",
          "b==1: the index has no file with the hash in the requirements; it has none"]),
    ],
)  # fmt: skip
def test_one_hash_means_that_every_distribution_needs_one(
    given: dict[str, set[str]], kept: list[tuple[str, ...]], doubts: list[str]
) -> None:
    pins = (Pin(name="a", version="1", hashes=("1", "2")), Pin(name="b", version="1"))
    trusted, doubted = Resolution(pins=pins).trusting(given)
    assert [pin.hashes for pin in trusted.pins] == kept
    assert doubted == doubts
