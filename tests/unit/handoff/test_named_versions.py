"""Exact versions are read from all that hands them on, and from nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from layer_builder.errors import ManifestError
from layer_builder.handoff.named_versions import read_named_versions, with_digests_of
from layer_builder.handoff.places import left_by_publish, named_by_input

ARN = "arn:aws:lambda:{}:123456789012:layer:{}:{}"
A, B = ARN.format("eu-west-1", "a", 3), ARN.format("us-east-1", "a", 7)
REPORT = {
    "tool": {"name": "layer-builder"},
    "layers": [
        {
            "key": "a",
            "python": "3.12",
            "architecture": "arm64",
            "sha256": "f" * 64,
            "arn": {"eu-west-1": A, "us-east-1": B},
        },
        {"key": "b", "python": "3.12", "architecture": "arm64", "sha256": None, "arn": {}},
    ],
}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (A, [("", "", A)]),
        (f"{A}, {B}\n", [("", "", A), ("", "", B)]),
        ([A], [("", "", A)]),
        ({"a": A}, [("a", "", A)]),
        ({"a": {"3.12-arm64": A}}, [("a", "3.12-arm64", A)]),
        ({"eu-west-1": {"a": A}, "us-east-1": {"a": B}}, [("a", "", A), ("a", "", B)]),
        ({"us-east-1": A}, [("us-east-1", "", A)]),
        (REPORT, [("a", "3.12-arm64", A), ("a", "3.12-arm64", B)]),
    ],
)
def test_each_shape_names_its_versions(data: Any, found: list[tuple[str, str, str]]) -> None:  # noqa: ANN401 (JSON)
    text = data if isinstance(data, str) else json.dumps(data)
    named = read_named_versions(text, "x")
    assert [(one.key, one.label, one.arn) for one in named.versions] == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "x names no layer version"),
        ("{}", "x names no layer version"),
        ("core@3", "x cannot be read: 'core@3' is not the ARN of a layer version"),
        ('{"a": 3}', "'3' is not the ARN of a layer version"),
        ("null", "'None' names nothing"),
        (f'["{A}:0"]', "is not the ARN of a layer version"),
        (f'["{A.rpartition(":")[0]}"]', "is not the ARN of a layer version"),
    ],
)
def test_anything_else_is_an_error(text: str, why: str) -> None:
    with pytest.raises(ManifestError, match=r"^x ") as caught:
        read_named_versions(text, "x")
    assert why in str(caught.value)


def test_a_report_tells_the_digests_of_its_own_arns() -> None:
    named = read_named_versions(json.dumps([A, ARN.format("eu-west-1", "a", 4)]), "x")
    known = with_digests_of(named, json.dumps(REPORT))
    assert [one.sha256 for one in known.versions] == ["f" * 64, ""]
    assert with_digests_of(named, "no JSON") == named
    assert with_digests_of(named, '{"tool": {}, "layers": [{}]}') == named


def test_what_git_tracks_was_not_left_by_a_publish(tmp_path: Path) -> None:
    path = tmp_path / "layers.by-region.json"

    def left(*, tracked: bool) -> bool:
        return left_by_publish(str(tmp_path), Path.read_text, lambda _: tracked) is not None

    assert not left(tracked=False)
    path.write_text(json.dumps({"eu-west-1": {"a": A}}))
    assert left(tracked=False)
    assert not left(tracked=True)


def test_a_file_that_cannot_be_read_is_named() -> None:
    def read(_: Path) -> str:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(ManifestError, match=r"arns: gone\.json cannot be read: No such file"):
        named_by_input("gone.json", read)
