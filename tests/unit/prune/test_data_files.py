"""Who reads RECORD and top_level.txt of whom."""

import pytest

from layer_builder.prune.metadata import index_metadata

METADATA = index_metadata(
    [
        "a/__init__.py",
        "A_B-1.0.dist-info/RECORD",
        "A_B-1.0.dist-info/top_level.txt",
        "A_B-1.0.dist-info/licenses/LICENSE",
        "c-2.0.post1.dist-info/RECORD",
    ],
    {"a/__init__.py": "a-b", "c/__init__.py": "c"},
)


def test_metadata_is_found_by_normalised_name() -> None:
    assert sorted(METADATA.files) == ["a-b", "c"]
    assert len(METADATA.files["a-b"]) == 3


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b"x = 1\n", {}),
        (b"from importlib import metadata\nmetadata.version('a-b')\n", {}),
        (
            b"from importlib.metadata import files\nfiles('c')\n",
            {"c-2.0.post1.dist-info/RECORD": "m.py:2"},
        ),
        (
            b'import importlib.metadata as m\n\nm.distribution("c").read_text("RECORD")\n',
            {"c-2.0.post1.dist-info/RECORD": "m.py:3"},
        ),
        (b"from importlib.resources import files\nfiles('c')\n", {}),
        (b"# importlib.metadata.packages_distributions knows\n", {}),
        (b'""":func:`importlib.metadata.packages_distributions`, so"""\n', {}),
        (
            b"from importlib import metadata\nmetadata.packages_distributions()\n",
            {"A_B-1.0.dist-info/top_level.txt": "m.py:2", "c-2.0.post1.dist-info/RECORD": "m.py:2"},
        ),
        (
            b"try:\n    version(name)\nexcept PackageNotFoundError:\n    packages_distributions()\n",
            {"A_B-1.0.dist-info/top_level.txt": "m.py:4"},
        ),
    ],
)
def test_what_a_source_asks_for_is_found_with_its_line(
    source: bytes, found: dict[str, str]
) -> None:
    assert METADATA.read_by("m.py", source) == found
