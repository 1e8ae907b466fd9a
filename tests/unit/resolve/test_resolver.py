from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

import layer_builder
from layer_builder.errors import InstallError, Place
from layer_builder.model.layer import Layer
from layer_builder.model.resolution import Resolution
from layer_builder.model.settings import ProofDepth, PruneProfile
from layer_builder.model.stack import Stack
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.resolve.groups import LayerGroup, group_layers
from layer_builder.resolve.lockfile import Locked, Lockfile
from layer_builder.resolve.resolver import Installer, Resolved, assign_distributions, resolve_group
from layer_builder.sources import request
from layer_builder.sources.request import IncludedFile, LayerRequest
from layer_builder.sources.requirements import Requirements

ARM = Target(python=Python.PY312, architecture=Architecture.ARM64)


@pytest.fixture
def order(layer: Callable[..., Layer]) -> Callable[..., LayerRequest]:
    def make(key: str, *asked: str, file: IncludedFile | None = None, **parts: Any) -> LayerRequest:  # noqa: ANN401 (passed on)
        return LayerRequest(
            layer=layer(key, **parts),
            requirements=Requirements(lines=asked, names=frozenset(asked)),
            digests=(file,) if file else (),
        )

    return make


def stack(*requests: LayerRequest) -> Stack:
    return Stack(
        key="f", function_name=None, layers=tuple(o.layer for o in requests), reserve=0,
        place=Place(file="layers.yml"),
    )  # fmt: skip


def test_layers_that_share_a_function_or_require_one_another_are_a_family(
    order: Callable[..., LayerRequest],
) -> None:
    a, b, c, d, e = order("a", "x"), order("b", "y"), order("c"), order("d"), order("e")
    f = order("f", requires=("e",))
    found = group_layers([a, b, c, d, e, f], [stack(a, c), stack(c, b), stack(d)])
    assert [family.keys for family in found] == [["a", "b", "c"], ["d"], ["e", "f"]]
    assert found[0].asked.lines == ("x", "y")
    assert {order.whole_group.lines for order in found[0].requests} == {("x", "y")}


def test_targets_are_families_of_their_own(order: Callable[..., LayerRequest]) -> None:
    requests = [order(key, target=target, requires=requires)
              for key, requires in (("a", ()), ("b", ("a",)))
              for target in (ARM, Target(python=Python.PY312, architecture=Architecture.X86_64))]  # fmt: skip
    found = group_layers(requests, [])
    assert [family.keys for family in found] == [["a", "b"], ["a", "b"]]
    assert [len({order.layer.target for order in family.requests}) for family in found] == [1, 1]


def test_each_distribution_goes_to_the_lowest_layer_that_needs_it(
    order: Callable[..., LayerRequest],
) -> None:
    low, mid = order("low", "x"), order("mid", "y", requires=("low",))
    top = order("top", "z", requires=("mid",))
    whole = {
        low.layer.id: Resolution.from_lines("x==1\n"),
        mid.layer.id: Resolution.from_lines("x==1\ny==1\n"),
        top.layer.id: Resolution.from_lines("x==1\ny==1\nz==1\n"),
    }
    found = assign_distributions(LayerGroup(requests=(top, mid, low)), whole)
    assert {key: list(item.own.versions) for key, item in found.items()} == {
        top.layer.id: ["z"], mid.layer.id: ["y"], low.layer.id: ["x"],
    }  # fmt: skip
    assert found[top.layer.id].below == (mid.layer.id, low.layer.id)
    assert list(found[top.layer.id].elsewhere.versions) == ["x", "y"]


def test_an_upper_layer_with_nothing_left_is_refused(order: Callable[..., LayerRequest]) -> None:
    low, top = order("low", "x"), order("top", "x", requires=("low",))
    same = Resolution.from_lines("x==1\n")
    with pytest.raises(InstallError, match=r"^layer top: all that it asks for is in low already"):
        assign_distributions(
            LayerGroup(requests=(low, top)), {low.layer.id: same, top.layer.id: same}
        )


@pytest.fixture
def resolved(order: Callable[..., LayerRequest]) -> Callable[..., Resolved]:
    """Resolve the upper of two layers; says how the lower one is made, and what both hold."""

    def make(
        low: dict[str, Any] | None = None,
        pins: tuple[str, str] = ("x==1", "y==1"),
        **top: Any,  # noqa: ANN401 (passed on)
    ) -> Resolved:
        lower = order("low", "x", **(low or {}))
        upper = order("top", "y", requires=("low",), **top)
        whole = {lower.layer.id: Resolution.from_lines(pins[0]),
                 upper.layer.id: Resolution.from_lines("\n".join(pins))}  # fmt: skip
        return assign_distributions(LayerGroup(requests=(lower, upper)), whole)[upper.layer.id]

    return make


FILE = IncludedFile(path="python/a.py", sha256="1" * 64, executable=False)


@pytest.mark.parametrize(
    "change",
    [
        {"pins": ("x==1", "y==2")},
        {"pins": ("x==2", "y==1")},
        {"pins": ("x==1", "y==1 --hash=sha256:2")},
        {"prune": PruneProfile.OFF},
        {"keep": ("z",)},
        {"proof": ProofDepth.DEEP},
        {"file": FILE},
        {"file": replace(FILE, executable=True)},
        {"low": {"prune": PruneProfile.AGGRESSIVE}},
        {"low": {"drop": ("x.py",)}},
        {"low": {"file": FILE}},
    ],
)
def test_what_a_layer_and_its_proof_rest_on_changes_its_content_key(
    resolved: Callable[..., Resolved], change: dict[str, Any]
) -> None:
    assert resolved(**change).content_key != resolved().content_key


def test_a_version_of_this_program_that_gives_the_same_bytes_has_the_same_content_key(
    resolved: Callable[..., Resolved], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = resolved()
    monkeypatch.setattr(layer_builder, "__version__", "0.0.0")
    assert resolved().content_key == before.content_key
    assert resolved().request.key != before.request.key
    monkeypatch.setattr(request, "CONTENT_FORMAT", 0)
    assert resolved().content_key != before.content_key


def test_a_lock_of_layers_apart_is_refused_for_layers_together(
    order: Callable[..., LayerRequest],
) -> None:
    low, top = order("low", "x"), order("top", "y")
    held = ((low, "x==1\n"), (top, "x==2\ny==1\n"))
    layers = {
        one.layer.id: Locked(asked=one.requirements.lines, resolution=Resolution.from_lines(pins))
        for one, pins in held
    }
    lock = Lockfile(file="layers.lock", layers=layers)
    nobody = cast("Installer", None)  # a lock needs none
    with pytest.raises(InstallError) as raised:
        resolve_group(LayerGroup(requests=(low, top)), nobody, lock)
    assert raised.value.problems[0].details == ("x: 1 in low, 2 in top",)
    assert set(resolve_group(LayerGroup(requests=(top,)), nobody, lock)) == {top.layer.id}
