"""Who reads RECORD and top_level.txt of whom."""

import time

import pytest

from layer_builder.prune.data_files import index_data_files
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


def test_data_is_looked_for_in_time_linear_in_the_source() -> None:
    """Once each of 3,000 names was looked for in each source: 27 s for awscli."""
    paths = [f"a/examples/{number}/file-{number}.rst" for number in range(3_000)]
    found = index_data_files(paths, paths, dict.fromkeys(paths, "a"))
    source = b"x = 'word' + open('file-7.rst').read()\n" * 50_000
    start = time.process_time()
    read = found.read_by("a/x.py", source, "a")
    assert read == {"a/examples/7/file-7.rst": "a/x.py:1"}
    assert time.process_time() - start < 1.5


def test_examples_are_read_where_their_folder_is_named_and_not_one_in_it() -> None:
    paths = ["a/examples/ec2/run.rst", "a/examples/s3/cp.rst"]
    found = index_data_files(paths, paths, dict.fromkeys(paths, "a"))
    assert found.read_by("a/x.py", b"client('ec2')", "a") == {}
    assert found.read_by("a/x.py", b"join(here, 'examples')", "a") == dict.fromkeys(
        paths, "a/x.py:1"
    )
