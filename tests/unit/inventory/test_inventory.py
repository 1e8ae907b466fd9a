import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.inventory.duplicates import find_repeats
from layer_builder.inventory.packed import packed_files
from layer_builder.inventory.pruned import pruned_parts
from layer_builder.model import InstalledFile, LayerFile, Package, PrunePlan, Removal


def zipped(*paths: str) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in paths:
            archive.writestr(path, path)
    file.seek(0)
    return file


def test_the_files_of_a_zip_are_whose_the_build_says() -> None:
    packages = [
        Package(name="demo", version="1", bytes_installed=1, bytes_kept=1, places=("ns/demo",)),
        Package(name="other", version="1", bytes_installed=1, bytes_kept=1, places=("o.py",)),
    ]
    file = zipped(
        "python/ns/demo/a.py",
        "python/ns/demo/__pycache__/a.cpython-312.pyc",
        "python/demo-1.dist-info/METADATA",
        "python/o.py",
        "python/app.py",
        "lib/libx.so",
    )
    found = {one.path: one.distribution for one in packed_files(file, packages)}
    assert found == {
        "lib/libx.so": "",
        "python/app.py": "",
        "python/demo-1.dist-info/METADATA": "demo",
        "python/ns/demo/__pycache__/a.cpython-312.pyc": "demo",
        "python/ns/demo/a.py": "demo",
        "python/o.py": "other",
    }


def test_without_a_build_the_names_of_metadata_tell() -> None:
    found = packed_files(zipped("python/Demo_x/a.py", "python/demo_x-2.dist-info/METADATA"))
    assert {one.distribution for one in found} == {"demo-x"}
    assert {one.size for one in found} == {18, 34}


def test_what_is_no_zip_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="it is no zip"):
        packed_files(io.BytesIO(b"PK no"))


folders = st.sampled_from(("a/tests", "a/docs/x/y/z", "", "b"))
removals = st.lists(
    st.tuples(folders, st.integers(0, 10**6), st.sampled_from(("tests", "docs", "strip"))),
    max_size=30,
)


@given(removals, st.integers(0, 10))
def test_parts_of_what_was_pruned_add_up_to_the_rules_totals(
    found: list[tuple[str, int, str]], most: int
) -> None:
    gone = tuple(
        Removal(entry=InstalledFile(path=f"{folder}/{number}.py", size=size), rule=rule)
        for number, (folder, size, rule) in enumerate(found)
    )
    runtime = (InstalledFile(path="boto3/x.py", size=9),)
    plan = PrunePlan(removals=gone, to_runtime=runtime)
    parts = pruned_parts(plan, {"boto3/x.py": "boto3"}, most)
    assert len(parts) <= most + 4
    for total in plan.totals:
        mine = [part for part in parts if part.rule == total.rule]
        assert sum(part.files for part in mine) == total.files
        assert sum(part.bytes for part in mine) == total.bytes


def test_what_one_layer_alone_has_twice_is_no_repeat() -> None:
    def file(path: str, checksum: int, owner: str = "six") -> LayerFile:
        return LayerFile(path=path, size=100, checksum=checksum, distribution=owner)

    below = [file("python/six.py", 1), file("python/copy.py", 1), file("python/a.py", 2)]
    above = [file("python/_vendor/six.py", 1, "other"), file("python/b.py", 3)]
    found = find_repeats([("core", below), ("extra", above)])
    assert [(one.path, one.layers) for one in found.files] == [("python/six.py", ("core", "extra"))]
    assert found.excess == 100
    assert [(one.name, dict(one.shares)) for one in found.distributions] == [
        ("six", {"core": 300, "extra": 100})
    ]
