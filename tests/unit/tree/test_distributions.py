from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.errors import InstallError
from layer_builder.tree.console_scripts import with_runtime_shebang
from layer_builder.tree.distributions import (
    Distribution,
    Installation,
    find_distributions,
)
from layer_builder.tree.record import read_record, record_text, rows_with, rows_without

TREE = {
    "a_b/__init__.py": "",
    "A_B-1.0.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: A.B\nVersion: 1.0\nRequires-Dist: c>=2\n"
        "Requires-Dist: d ; extra == 'x'\n\nName: not a header\n"
    ),
    "A_B-1.0.dist-info/WHEEL": "Root-Is-Purelib: false\nTag: cp312-cp312-x\nTag: cp312-abi3-y\n",
    "A_B-1.0.dist-info/RECORD": (
        'a_b/__init__.py,sha256=x,0\r\n"a_b/odd, name.py",sha256=y,1\r\n\r\n'
        "A_B-1.0.dist-info/RECORD,,\r\n"
    ),
    "c/x.py": "",
    "c-2.dist-info/METADATA": "Name: c\nVersion: 2\n",
    "c-2.dist-info/RECORD": "c/x.py,,\n",
    "vendor/z-1.dist-info/RECORD": "not at the root",
}


def found(tree: Mapping[str, str]) -> list[Distribution]:
    return find_distributions(sorted(tree), lambda path: tree[path].encode())


def test_distributions_are_what_their_metadata_says() -> None:
    assert found(TREE) == [
        Distribution(
            name="a-b",
            version="1.0",
            record="A_B-1.0.dist-info/RECORD",
            hashes={
                "a_b/__init__.py": "sha256=x",
                "a_b/odd, name.py": "sha256=y",
                "A_B-1.0.dist-info/RECORD": "",
            },
            requires=("c>=2", "d ; extra == 'x'"),
            tags=("cp312-cp312-x", "cp312-abi3-y"),
            is_pure=False,
        ),
        Distribution(name="c", version="2", record="c-2.dist-info/RECORD", hashes={"c/x.py": ""}),
    ]


def test_each_file_belongs_to_what_brought_it() -> None:
    assert Installation(files=(), distributions=found(TREE)).owners == {
        "a_b/__init__.py": "a-b",
        "a_b/odd, name.py": "a-b",
        "A_B-1.0.dist-info/RECORD": "a-b",
        "c/x.py": "c",
    }


def test_a_record_tells_only_of_what_is_left() -> None:
    rows = read_record(TREE["A_B-1.0.dist-info/RECORD"].encode(), "RECORD")
    assert record_text(rows_without(rows, {"a_b/__init__.py"})) == (
        '"a_b/odd, name.py",sha256=y,1\nA_B-1.0.dist-info/RECORD,,\n'
    )


def test_a_record_tells_the_digest_of_what_changed() -> None:
    rows = [["a", "sha256=old", "3"], ["b", "sha256=same", "1"]]
    assert record_text(rows_with(rows, {"a": b"new content"})) == (
        "a,sha256=_jJgjJ71ts9-P5RkgCU_928k9OwGePPQ8H-YRMv_lgE,11\nb,sha256=same,1\n"
    )


PATH = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)


@given(st.sets(PATH, max_size=8), st.sets(PATH, max_size=3))
def test_a_record_keeps_every_odd_name_that_stays(paths: set[str], gone: set[str]) -> None:
    text = "".join('"' + path.replace('"', '""') + '",sha256=x,1\n' for path in sorted(paths))
    rows = read_record(text.encode(), "a-1.dist-info/RECORD")
    assert [row[0] for row in rows] == sorted(paths)
    left = record_text(rows_without(rows, gone))
    read_again = read_record(left.encode(), "a-1.dist-info/RECORD")
    assert [row[0] for row in read_again] == sorted(paths - gone)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"METADATA": None}, "it has no METADATA"),
        ({"METADATA": b"Version: 1\n"}, "its METADATA names no distribution and version"),
        ({"METADATA": b"Name: c\n"}, "its METADATA names no distribution and version"),
        ({"METADATA": b"Name: c/../d\nVersion: 1\n"}, "its METADATA names no distribution and version"),
        ({"METADATA": b"Name: c\nVersion: 1 | 2\n"}, "its METADATA names no distribution and version"),
        ({"RECORD": b"\xff,,\n"}, "its RECORD cannot be read: 'utf-8' codec"),
        ({"RECORD": b"a.py\n"}, "its RECORD has the row 'a.py'"),
        ({"RECORD": b"a.py,x\n"}, "its RECORD has the row 'a.py,x'"),
        ({"RECORD": b'"' + b"a" * 200_000 + b'",,\n'}, "its RECORD cannot be read: field larger than"),
    ],
)  # fmt: skip
def test_metadata_that_a_wheel_got_wrong_is_told(
    changed: Mapping[str, bytes | None], said: str
) -> None:
    sound: dict[str, bytes | None] = {"METADATA": b"Name: c\nVersion: 2\n", "RECORD": b"c.py,,\n"}
    whole = {f"c-2.dist-info/{name}": text for name, text in {**sound, **changed}.items()}
    files = {name: text for name, text in whole.items() if text is not None}
    with pytest.raises(InstallError) as raised:
        find_distributions(sorted(files), lambda path: files[path])
    assert str(raised.value).startswith(f"a wheel brought 'c-2.dist-info', and {said}")


def test_a_script_runs_on_lambdas_own_python() -> None:
    for head in (
        b"#!/builds/venv/bin/python3.12\n",
        b"#!/usr/bin/env python\n",
        b"#!/bin/sh\n'''exec' '/a b/python' \"$0\" \"$@\"\n' '''\n",
    ):
        script = with_runtime_shebang(head + b"import a\n#!python\n", "python3.12")
        assert script == b"#!/var/lang/bin/python3.12\nimport a\n#!python\n"
    assert with_runtime_shebang(b"#!/bin/bash\n", "python3.12") == b"#!/bin/bash\n"
