import re
from collections.abc import Callable, Mapping

from layer_builder.advice import alternatives, requirements
from layer_builder.errors import Place, Problem
from layer_builder.model.layer import Layer, Reference
from layer_builder.model.limits import Weight

PLACE = Place(file="layers.yml")
REQUIRES = {"pytest": ["ini", "shared"], "app": ["shared"], "ini": [], "shared": []}
WEIGHTS = {
    name: Weight(zip_bytes=size, unzipped_bytes=10 * size)
    for name, size in {"pytest": 100, "ini": 20, "app": 50, "shared": 7, "psycopg2": 3}.items()
}


def asked(
    layer: Callable[..., Layer],
    *lines: str,
    requires: Mapping[str, list[str]] = REQUIRES,
    in_file: bool = False,
) -> requirements.AskedFor:
    named = () if in_file else tuple(Reference(text=line, place=PLACE) for line in lines)
    files = (Reference(text="requirements.txt", place=PLACE),) if in_file else ()
    return requirements.AskedFor(
        layer=layer("core", packages=named, requirements=files),
        lines=lines,
        weights=WEIGHTS,
        requires=requires,
    )


def test_a_tool_goes_with_what_only_it_requires(layer: Callable[..., Layer]) -> None:
    (found,) = requirements.tool_advice(asked(layer, "app>=1", "PyTest[x]==8"))
    assert found.line == 'packages: ["app>=1"]'
    assert found.text == "pytest is a development tool; it goes and 1 that only it requires"
    assert found.gain == Weight(zip_bytes=120, unzipped_bytes=1200)


def test_a_tool_that_others_require_stays(layer: Callable[..., Layer]) -> None:
    needed = {**REQUIRES, "app": ["pytest"]}
    assert list(requirements.tool_advice(asked(layer, "app", "pytest", requires=needed))) == []


def test_what_a_file_asks_for_is_changed_there(layer: Callable[..., Layer]) -> None:
    (found,) = requirements.tool_advice(asked(layer, "pytest", in_file=True))
    assert found.line == "without pytest in requirements.txt"


def test_a_twin_without_a_known_size_has_no_number(layer: Callable[..., Layer]) -> None:
    it = asked(layer, "psycopg2[x]>=2.9; python_version > '3'")
    (twin,) = requirements.twins_of(it)
    found = requirements.twin_advice(it, twin, None)
    assert found.gain is None
    assert found.line == 'packages: ["psycopg2-binary[x]>=2.9; python_version > \\"3\\""]'
    assert found.text.endswith("(https://www.psycopg.org/docs/install.html; not measured)")
    known = requirements.twin_advice(it, twin, Weight(zip_bytes=1, unzipped_bytes=25))
    assert known.gain == Weight(zip_bytes=2, unzipped_bytes=5)


def test_versions_that_nobody_says_are_named(layer: Callable[..., Layer]) -> None:
    (found,) = requirements.version_advice(asked(layer, "app", "ini==1", "shared>=2,<3", "six===1"))
    assert found.line == "layer-builder lock"
    assert found.text.startswith("app, shared: no version is said")


def test_twins_are_names_with_a_source() -> None:
    names = [twin.name for twin in alternatives.TWINS]
    assert len(set(names)) == len(names)
    for twin in alternatives.TWINS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", twin.name)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", twin.instead)
        assert twin.source.startswith("https://")


def test_a_failure_names_the_twin_of_what_it_is_about_first() -> None:
    problem = Problem(message="psycopg2 has no wheel", details=("mypsycopg2",), advice=("other",))
    letter, other = requirements.with_twins(problem).advice
    assert letter.startswith("psycopg2-binary in the place of psycopg2: ")
    assert other == "other"
    assert requirements.with_twins(Problem(message="psycopg2-binary, my-psycopg2")).advice == ()
