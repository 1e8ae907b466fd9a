from collections.abc import Callable
from dataclasses import replace

import pytest

from layer_builder.errors import ManifestError
from layer_builder.model.layer import Layer
from layer_builder.model.resolution import HeldBack, Pin, Resolution
from layer_builder.resolve.lockfile import Locked, Lockfile
from layer_builder.sources.requirements import Requirements

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
LOCKED = {
    "core 3.12-x86_64": Locked(
        asked=("a>=1", "b; python_version < '3.14'", '-c c<"2"'),
        resolution=Resolution(
            pins=(Pin(name="a", version="1.2", hashes=(ONE, TWO)),),
            held_back=(HeldBack(name="a", version="1.2", newer="2.0"),),
        ),
    ),
    "code 3.12-arm64": Locked(asked=(), resolution=Resolution()),
}
TEXT = f"""\
# What each layer holds. Written by `layer-builder lock`, which keeps these versions as long as the
# requirements allow them; `layer-builder lock --upgrade` looks for newer ones.
version = 1

[layers."core 3.12-x86_64"]
asked = [
  "a>=1",
  "b; python_version < '3.14'",
  "-c c<\\"2\\"",
]
pins = [
  "a==1.2 --hash={ONE} --hash={TWO}",
]
held-back = [
  "a 1.2 2.0",
]

[layers."code 3.12-arm64"]
asked = []
pins = []
"""


def test_a_lock_is_written_for_reviewers_and_read_back() -> None:
    assert Lockfile(file="layers.lock", layers=LOCKED).text == TEXT
    assert Lockfile.parse(TEXT, "layers.lock") == Lockfile(file="layers.lock", layers=LOCKED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = ", "layers.lock: the lock cannot be read: Invalid value"),
        ("version = 1\nlayers = 3", "layers.lock: the lock cannot be read: "),
        ("version = 1\n[layers.a]\nasked = []", "layers.lock: the lock cannot be read: 'pins'"),
        (TEXT.replace("a 1.2 2.0", "a 1.2"), "layers.lock: the lock cannot be read: "),
        ("version = 7", "layers.lock: the lock has format 7; this program reads 1"),
    ],
)
def test_a_lock_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(ManifestError) as raised:
        Lockfile.parse(text, "layers.lock")
    assert raised.value.problems[0].lines()[0].startswith(said)


@pytest.mark.parametrize(
    "pin",
    [
        f"--no-binary sdi #==1 --hash={ONE}",
        f"evil @ http://a/evil-1-py3-none-any.whl?x==1 --hash={ONE}",
        f"-r other.txt #==1 --hash={ONE}",
        f"a==1; python_version>'3' --hash={ONE}",
        f"a[extra]==1 --hash={ONE}",
        f"a==1 --hash={ONE} --index-url http://b",
        f"a==1\\n--index-url http://b\\nb==1 --hash={ONE}",
        f"a==1  --hash={ONE}",
        f"A==1 --hash={ONE}",
        f"a-==1 --hash={ONE}",
        f"a===1 --hash={ONE}",
        f"a==1.* --hash={ONE}",
        f"a==one --hash={ONE}",
        f"a==1 --hash=md5:{'1' * 32}",
        f"a==1 --hash={ONE[:-1]}",
        f"a==1 --hash={ONE}0",
        f"a==1 --hash={ONE.replace('1', 'g')}",
        "a==1",
        "a",
        "",
        f"a==1 {' '.join([f'--hash={ONE}'] * 2000)}",
    ],
)
def test_a_pin_that_is_more_or_less_than_a_name_a_version_and_hashes_is_refused(pin: str) -> None:
    text = f'version = 1\n[layers.core]\nasked = []\npins = ["{pin}"]\n'
    with pytest.raises(ManifestError) as raised:
        Lockfile.parse(text, "layers.lock")
    (problem,) = raised.value.problems
    assert "is not a pin, which is name==version and for each file --hash=sha256:" in str(problem)
    assert len(problem.message) < 300


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f'pins = ["a==1 --hash={ONE}", "a==2 --hash={ONE}"]', "a is pinned twice"),
        ("pins = [1]", "pins is a list of texts"),
        (f'pins = "a==1 --hash={ONE}"', "pins is a list of texts"),
        ('pins = []\nheld-back = ["a 1 2 3"]', "'a 1 2 3' is not a name and two versions"),
        ('pins = []\nheld-back = "a 1 2"', "held-back is a list of texts"),
    ],
)
def test_a_lock_of_other_parts_is_refused(row: str, said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        Lockfile.parse(f"version = 1\n[layers.core]\nasked = []\n{row}\n", "layers.lock")


def test_what_is_asked_for_is_written_without_hashes_in_a_fixed_order() -> None:
    requirements = Requirements(lines=("b", "a==1 --hash=sha256:1"), constraints=("d<1", "c<1"))
    assert Locked.of(requirements, Resolution()).asked == ("a==1", "b", "-c c<1", "-c d<1")


@pytest.mark.parametrize(
    ("requirements", "difference"),
    [
        (Requirements(lines=("b", "a")), []),
        (Requirements(lines=("a", "c>=2")), ["- b", "+ c>=2"]),
        (Requirements(lines=("a", "b"), constraints=("c<1",)), ["+ -c c<1"]),
        (Requirements(), ["- a", "- b"]),
        (Requirements(lines=("a", "b"), hashes={"a": frozenset({"sha256:1", "sha256:2"})}), []),
        (
            Requirements(lines=("a", "b"), hashes={"a": frozenset({"sha256:2"})}),
            ["~ a==1: other hashes"],
        ),
        (
            Requirements(lines=("a", "b"), hashes={"b": frozenset({"sha256:1"})}),
            ["~ a==1: other hashes"],
        ),
    ],
)
def test_requirements_that_moved_are_a_diff(
    layer: Callable[..., Layer], requirements: Requirements, difference: list[str]
) -> None:
    pins = (Pin(name="a", version="1", hashes=("sha256:1",)),)
    locked = Locked(asked=("a", "b"), resolution=Resolution(pins=pins))
    lock = Lockfile(file="layers.lock", layers={layer().id: locked})
    assert lock.moved(layer(), requirements) == difference


def test_a_layer_that_was_never_locked_has_moved_if_it_asks_for_anything(
    layer: Callable[..., Layer],
) -> None:
    lock = Lockfile(file="layers.lock")
    assert lock.moved(layer(), Requirements()) == []
    assert lock.moved(layer(), Requirements(lines=("a",))) == ["+ a"]


def test_locked_versions_are_preferred_but_for_those_to_renew() -> None:
    other = replace(LOCKED["core 3.12-x86_64"], resolution=Resolution.from_lines("b==1\nc==1\n"))
    lock = Lockfile(file="layers.lock", layers={**LOCKED, "other": other, "far": other})
    ids = {"core 3.12-x86_64", "other"}
    assert lock.preferred(ids, set()).versions == {"a": "1.2", "b": "1", "c": "1"}
    assert lock.preferred(ids, {"b"}).versions == {"a": "1.2", "c": "1"}
    assert lock.preferred({"far"}, set()).versions == {"b": "1", "c": "1"}
