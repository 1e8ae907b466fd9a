from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from layer_builder.errors import Place
from layer_builder.model.layer import Layer, Reference
from layer_builder.model.limits import Budget
from layer_builder.model.prune_plan import ServiceUse
from layer_builder.model.settings import Compression, PruneProfile, Sdk, SdkPolicy
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.sdk_services import ServiceNeeds
from layer_builder.sources.request import IncludedFile, LayerRequest
from layer_builder.sources.requirements import Requirements

FILE = IncludedFile(path="python/a.py", sha256="1" * 64, executable=False)


@pytest.fixture
def recipe(layer: Callable[..., Layer]) -> Callable[..., LayerRequest]:
    def make(**layer_parts: Any) -> LayerRequest:  # noqa: ANN401 (passed on)
        asked = Requirements(lines=("a", "b>=2"), names=frozenset({"a", "b"}))
        return LayerRequest(layer=layer(**layer_parts), requirements=asked, digests=(FILE,))

    return make


@pytest.mark.parametrize(
    "part",
    [
        {"target": Target(python=Python.PY313, architecture=Architecture.X86_64)},
        {"target": Target(python=Python.PY312, architecture=Architecture.ARM64)},
        {"prune": PruneProfile.OFF},
        {"keep": ("x",)},
        {"drop": ("x",)},
        {"build": ("b",)},
        {"strip": True},
        {"compression": Compression.BEST},
        {"sdk": Sdk(policy=SdkPolicy.RUNTIME)},
        {"imports": (Reference(text="b.c", place=Place(file="x")),)},
    ],
)
def test_what_decides_the_bytes_changes_both_keys(
    recipe: Callable[..., LayerRequest], part: dict[str, Any]
) -> None:
    assert recipe(**part).key != recipe().key
    assert recipe(**part).content_key("lock") != recipe().content_key("lock")


@pytest.mark.parametrize(
    "part",
    [
        {"key": "other"},
        {"place": Place(file="elsewhere.yml", line=99, column=1)},
        {"budget": Budget(zip_bytes=1)},
        {"description": "new words"},
        {"license": "MIT"},
    ],
)
def test_what_is_only_said_of_a_layer_changes_neither(
    recipe: Callable[..., LayerRequest], part: dict[str, Any]
) -> None:
    assert recipe(**part).key == recipe().key
    assert recipe(**part).content_key("lock") == recipe().content_key("lock")


@pytest.mark.parametrize(
    "asked",
    [
        Requirements(lines=("a", "b>=3")),
        Requirements(lines=("a", "b>=2"), constraints=("c<1",)),
        Requirements(lines=("a", "b>=2"), options=("--no-index",)),
    ],
)
def test_other_requirements_change_the_key(
    recipe: Callable[..., LayerRequest], asked: Requirements
) -> None:
    assert replace(recipe(), requirements=asked).key != recipe().key


def test_the_order_of_requirements_does_not_change_the_key(
    recipe: Callable[..., LayerRequest],
) -> None:
    turned = replace(recipe(), requirements=Requirements(lines=("b>=2", "a")))
    assert turned.key == recipe().key


@pytest.mark.parametrize("change", [{"path": "b"}, {"sha256": "2" * 64}, {"executable": True}])
def test_every_fact_of_a_file_changes_the_key(
    recipe: Callable[..., LayerRequest], change: dict[str, Any]
) -> None:
    other = replace(recipe(), digests=(replace(FILE, **change),))
    assert other.key != recipe().key


def test_other_versions_change_the_content_and_not_the_recipe(
    recipe: Callable[..., LayerRequest],
) -> None:
    assert recipe().content_key("a==1") != recipe().content_key("a==2")
    assert len(recipe().key) == len(recipe().content_key("a==1")) == 64


def test_services_that_code_asks_for_change_both_keys_and_their_places_neither(
    recipe: Callable[..., LayerRequest],
) -> None:
    def asking(*services: str, line: int = 1, **more: Any) -> LayerRequest:  # noqa: ANN401 (passed on)
        uses = tuple(ServiceUse(service=name, place=f"app.py:{line}") for name in services)
        return recipe(sdk=Sdk(policy=SdkPolicy.AUTO)).with_code(ServiceNeeds(uses=uses, **more))

    def keys(request: LayerRequest) -> tuple[str, str]:
        return request.key, request.content_key("lock")

    assert keys(asking("s3")) == keys(asking("s3", line=9))
    assert keys(asking("s3")) == keys(asking("s3", "sts"))  # which stays anyway
    for other in (asking(), asking("sqs"), asking("s3", "sqs"), asking("s3", unseen=("f",))):
        assert not {*keys(other)} & {*keys(asking("s3"))}
    assert keys(asking("s3", unseen=("f",))) == keys(asking("sqs", unseen=("g",)))
