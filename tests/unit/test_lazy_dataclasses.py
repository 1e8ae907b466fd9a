"""A lazy dataclass is the library's in all but when its methods are written."""

import copy
import dataclasses
import importlib
import pickle
import pkgutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from functools import cached_property
from typing import Protocol

import pytest
from pydantic import TypeAdapter

import layer_builder
from layer_builder.lazy_dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Base:
    """One that others inherit from."""

    name: str
    sizes: tuple[int, ...] = ()
    notes: dict[str, int] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("no name")

    @cached_property
    def total(self) -> int:
        """Its sizes together."""
        return sum(self.sizes)


@dataclass(frozen=True, kw_only=True)
class Derived(Base):
    """One that inherits."""

    depth: int = 2


class Undecorated(Derived):
    """One that inherits without being a dataclass."""


class Named(Protocol):
    """Something with a name."""

    name: str


@dataclass(kw_only=True)
class Mutable(Named):
    """One that may change."""

    name: str
    seen: list[int] = field(default_factory=list)


def test_it_is_constructed_compared_shown_and_copied_as_the_librarys() -> None:
    one = Derived(name="a", sizes=(1, 2))

    assert repr(one) == "Derived(name='a', sizes=(1, 2), notes={}, depth=2)"
    assert one == Derived(name="a", sizes=(1, 2), notes={"x": 1})
    assert hash(one) == hash(Derived(name="a", sizes=(1, 2)))
    assert one.total == 3
    assert dataclasses.replace(one, depth=3).depth == 3
    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(one)) == one
    assert dataclasses.asdict(one) == {"name": "a", "sizes": (1, 2), "notes": {}, "depth": 2}
    assert Base(name="a") < Base(name="b")
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.depth = 4  # type: ignore[misc]
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'name'"):
        Base()  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="no name"):
        Base(name="")
    mutable = Mutable(name="m")
    mutable.seen.append(1)
    assert mutable != Mutable(name="m")


def test_its_fields_are_told_before_there_is_an_instance() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Upper(Base):
        width: int = 1

    assert dataclasses.is_dataclass(Upper)
    assert [one.name for one in dataclasses.fields(Upper)] == ["name", "sizes", "notes", "width"]


def test_a_class_that_inherits_is_made_first() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Lower:
        name: str

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Upper(Lower):
        width: int = 1

    class Plain(Lower):
        pass

    assert Upper(name="a") == Upper(name="a", width=1)
    assert Plain(name="a").name == "a"
    assert Undecorated(name="u", depth=1).depth == 1


def test_pydantic_reads_one_before_there_is_an_instance() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Read:
        name: str
        of: Base | None = None

    found = TypeAdapter(Read).validate_python({"name": "r", "of": {"name": "b", "sizes": [1]}})

    assert found == Read(name="r", of=Base(name="b", sizes=(1,)))


def test_slots_are_made_at_once() -> None:
    @dataclass(frozen=True, kw_only=True, slots=True)
    class Slotted:
        name: str

    assert "__dataclass_fields__" in vars(Slotted)
    assert not hasattr(Slotted(name="s"), "__dict__")


def test_threads_that_make_the_first_instance_at_once_all_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = dataclasses.dataclass
    calls = []

    def slow(**options: bool) -> object:
        calls.append(options)
        time.sleep(0.05)
        return library(**options)

    @dataclass(frozen=True, kw_only=True)
    class Shared:
        name: str

    monkeypatch.setattr(dataclasses, "dataclass", slow)
    start = threading.Barrier(8)

    def make(number: int) -> str:
        start.wait(10)
        return Shared(name=str(number)).name

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert list(pool.map(make, range(8))) == list(map(str, range(8)))
    assert len(calls) == 1


def test_every_one_of_the_program_can_be_completed() -> None:
    """A mistake in one shows with its first instance alone."""
    names = [
        name
        for _, name, _ in pkgutil.walk_packages(layer_builder.__path__, "layer_builder.")
        if ".programs" not in name and not name.endswith("__main__")
    ]
    classes = {
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and value.__module__.startswith("layer_builder.")
    }

    completed = [one for one in classes if dataclasses.is_dataclass(one)]

    assert len(completed) > 200
    assert all(dataclasses.fields(one) is not None for one in completed)
