from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from layer_builder.tree.console_scripts import with_runtime_shebang
from layer_builder.tree.distributions import (
    Distribution,
    Installation,
    find_distributions,
    record_with,
    record_without,
    recorded_paths,
)

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
    record = TREE["A_B-1.0.dist-info/RECORD"]
    assert record_without(record, {"a_b/__init__.py"}) == (
        'A_B-1.0.dist-info/RECORD,,\n"a_b/odd, name.py",sha256=y,1\n'
    )


def test_a_record_tells_the_digest_of_what_changed() -> None:
    assert record_with("a,sha256=old,3\nb,sha256=same,1\n", {"a": b"new content"}) == (
        "a,sha256=_jJgjJ71ts9-P5RkgCU_928k9OwGePPQ8H-YRMv_lgE,11\nb,sha256=same,1\n"
    )


PATH = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)


@given(st.sets(PATH, max_size=8), st.sets(PATH, max_size=3))
def test_a_record_keeps_every_odd_name_that_stays(paths: set[str], gone: set[str]) -> None:
    rows = record_without("", ()) + "".join(
        '"' + path.replace('"', '""') + '",sha256=x,1\n' for path in sorted(paths)
    )
    assert recorded_paths(rows) == sorted(paths)
    assert recorded_paths(record_without(rows, gone)) == sorted(paths - gone)


def test_a_script_runs_on_lambdas_own_python() -> None:
    for head in (
        b"#!/builds/venv/bin/python3.12\n",
        b"#!/usr/bin/env python\n",
        b"#!/bin/sh\n'''exec' '/a b/python' \"$0\" \"$@\"\n' '''\n",
    ):
        script = with_runtime_shebang(head + b"import a\n#!python\n", "python3.12")
        assert script == b"#!/var/lang/bin/python3.12\nimport a\n#!python\n"
    assert with_runtime_shebang(b"#!/bin/bash\n", "python3.12") == b"#!/bin/bash\n"
