import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.changes.diff import LayerChanges, compare
from layer_builder.changes.snapshot import LayerPart, LayerSnapshot
from layer_builder.changes.words import changes_headline, changes_lines, signed_mib
from layer_builder.changes.zipped import read_snapshot
from layer_builder.inventory.places import places_of
from layer_builder.model import MIB, Budget, Package

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:core:3"


def part(name: str, version: str, size: int | None = 100) -> LayerPart:
    return LayerPart(name=name, version=version, unzipped=size)


def snapshot(*parts: LayerPart, **more: Any) -> LayerSnapshot:  # noqa: ANN401 (fields)
    return LayerSnapshot(source=ARN, parts=parts, **more)


def compared(before: LayerSnapshot | None, after: LayerSnapshot, *unknown: str) -> LayerChanges:
    return compare(before, after, Budget(), unknown)


def test_each_distribution_that_differs_is_told_with_its_bytes() -> None:
    before = snapshot(
        part("a", "1"), part("b", "2.10"), part("c", "1"), part("e", "1", 5), part("f", "1")
    )
    after = snapshot(
        part("b", "2.9"), part("c", "1.0.1", 250), part("d", "1"), part("e", "1", 7), part("f", "1")
    )
    found = [(str(one.kind), one.name, one.growth) for one in compared(before, after).parts]
    assert found == [
        ("added", "d", 100),
        ("removed", "a", -100),
        ("upgraded", "c", 150),
        ("downgraded", "b", 0),
        ("resized", "e", 2),
    ]


def test_the_headline_has_size_versions_and_counts() -> None:
    before = snapshot(part("boto3", "1.44.7"), zip_bytes=int(41.9 * MIB), sha256="1")
    after = snapshot(
        part("boto3", "1.44.8"),
        part("x", "1"),
        part("y", "1"),
        zip_bytes=int(43.1 * MIB),
        sha256="2",
    )
    changes = compared(before, after)
    headline = "43.1 MiB (+1.2) · boto3 1.44.7 → 1.44.8 · +2 distributions"
    assert changes_headline(changes) == headline
    assert changes_lines(changes) == [f"compared with {ARN}", headline]


@pytest.mark.parametrize(
    ("before", "after", "unknown", "same", "headline"),
    [
        (None, snapshot(zip_bytes=300), (), False, "new · 300 B"),
        (None, snapshot(), ("no rights",), None, "not compared"),
        (snapshot(sha256="1"), snapshot(sha256="1"), (), True, "unchanged"),
        (snapshot(sha256="1"), snapshot(sha256="2"), (), False, "the same distributions, other files"),
        (LayerSnapshot(sha256="1"), snapshot(sha256="2"), ("x",), False,
         "other bytes; which distributions differ is not known"),
        (LayerSnapshot(), snapshot(), ("x",), None, "not known whether it differs"),
        (snapshot(content="1"), snapshot(content="1"), (), True, "unchanged"),
        (snapshot(content="1"), snapshot(content="2"), (), False, "the same distributions, other files"),
        (snapshot(runtimes=("python3.12",), sha256="1"), snapshot(runtimes=("python3.13",), sha256="1"), (),
         False, "+python3.13 -python3.12"),
        (snapshot(permissions=()), snapshot(permissions=("everybody",)), (), False, "+everybody"),
        (snapshot(zip_bytes=39 * MIB), snapshot(zip_bytes=41 * MIB, sha256="2"), (), None,
         "41.0 MiB (+2.0) · nears its limit: zip · not known whether it differs"),
        (snapshot(zip_bytes=39 * MIB, sha256="1"), snapshot(zip_bytes=41 * MIB, sha256="2"), (), False,
         "41.0 MiB (+2.0) · nears its limit: zip · the same distributions, other files"),
    ],
)  # fmt: skip
def test_what_is_known_decides_what_is_said(
    before: LayerSnapshot | None,
    after: LayerSnapshot,
    unknown: tuple[str, ...],
    same: bool | None,  # noqa: FBT001 (a column of the table)
    headline: str,
) -> None:
    changes = compared(before, after, *unknown)
    assert (changes.is_same, changes_headline(changes)) == (same, headline)


def test_only_a_limit_that_was_not_near_before_is_neared() -> None:
    sizes = [(39 * MIB, 41 * MIB), (41 * MIB, 42 * MIB), (45 * MIB, 30 * MIB)]
    found = [
        compared(snapshot(zip_bytes=old), snapshot(zip_bytes=new)).neared for old, new in sizes
    ]
    assert [[(one.limit.kind, one.before, one.after) for one in item] for item in found] == [
        [("zip", 39 * MIB, 41 * MIB)], [], []
    ]  # fmt: skip


@given(st.integers(min_value=-(2**40), max_value=2**40))
def test_a_difference_has_one_sign(growth: int) -> None:
    shown = signed_mib(growth)
    assert shown[0] == ("+" if growth > 0 else "-" if growth < 0 else "±")
    assert shown.count("-") == (growth < 0)


def zipped(**files: int) -> io.BytesIO:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for path, size in files.items():
            file.writestr(path, b"x" * size)
    return data


FILES = {
    "python/six.py": 10,
    "python/six-1.16.0.dist-info/METADATA": 1,
    "python/google/cloud/storage/a.py": 20,
    "python/google_cloud_storage-2.0.dist-info/METADATA": 2,
    "python/dateutil/__init__.py": 40,
    "python/python_dateutil-2.9.dist-info/METADATA": 4,
    "python/numpy.libs/x.so": 80,
    "python/numpy-2.0.dist-info/METADATA": 8,
    "python/app.py": 160,
}


@pytest.mark.parametrize("knows", [False, True])
def test_a_zip_tells_its_distributions_and_whose_its_files_are(*, knows: bool) -> None:
    places = {"python-dateutil": ("dateutil",), "six": ("six.py",)} if knows else {}
    packages = [
        Package(name=name, version="0", bytes_installed=0, bytes_kept=0, places=own)
        for name, own in places.items()
    ]
    found = read_snapshot(zipped(**FILES), packages)
    assert [(one.name, one.version, one.unzipped) for one in found.parts or ()] == [
        ("google-cloud-storage", "2.0", 22),
        ("numpy", "2.0", 88),
        ("python-dateutil", "2.9", 44 if knows else 4),
        ("six", "1.16.0", 11),
    ]
    assert found.unzipped_bytes == sum(FILES.values())


def test_what_is_no_zip_is_said() -> None:
    with pytest.raises(ValueError, match="it is no zip"):
        read_snapshot(io.BytesIO(b"PK"))


def test_places_are_the_shortest_that_no_other_distribution_has() -> None:
    assert places_of(
        {
            "google-a": ["google/a/x.py", "google/a/y.py", "google_a-1.dist-info/METADATA"],
            "google-b": ["google/b.py", "b/__init__.py", "../bin/b"],
            "same": ["twice.py"],
            "other": ["twice.py"],
        }
    ) == {"google-a": ("google/a",), "google-b": ("b", "google/b.py"), "same": (), "other": ()}
