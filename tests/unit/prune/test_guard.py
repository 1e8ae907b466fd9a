from collections.abc import Callable

import pytest

from layer_builder.model.prune_plan import PrunePlan
from layer_builder.model.settings import PruneProfile

Plan = Callable[..., PrunePlan]


def back(plan: PrunePlan) -> dict[str, str]:
    return {restored.path: restored.needed_by for restored in plan.restored}


def test_a_restored_file_names_the_line_that_needs_it(plan: Plan) -> None:
    files = {
        "botocore/session.py": "import os\n\nfrom botocore.docs import get\n",
        "botocore/docs/__init__.py": "",
        "botocore/docs/unused.py": "",
    }
    found = plan(files, profile=PruneProfile.AGGRESSIVE)
    assert back(found) == {"botocore/docs/__init__.py": "botocore/session.py:3"}
    assert found.removed_paths == {"botocore/docs/unused.py"}


@pytest.mark.parametrize(
    "source",
    [
        "import a.tests.util",
        "import os, a.tests.util as util",
        "from a.tests import util",
        "from a.tests.util import x",
        "from .tests import util",
        "from .tests.util import x",
        "from . import b; from .tests import util",
        "from .tests import (\n    other,  # first (of two)\n    util,\n)",
        "from a.tests import other, \\\n    util",
        "from a.tests import other, \\\r\n    util\r\n",
        "def f():\n    from a.tests import util\n",
        "try:\n    from a.tests import util\nexcept ImportError:\n    util = None\n",
        "class C:\n    import a.tests.util\n",
        "import importlib\nimportlib.import_module('a.tests.util')",
        "from importlib import import_module\nimport_module(\n    'a.tests.util'\n)",
        "import_module('.tests.util', __package__)",
        "__import__('a.tests.util')",
    ],
)
def test_every_way_to_import_is_seen(plan: Plan, source: str) -> None:
    files = {
        "a/__init__.py": source,
        "a/tests/__init__.py": "",
        "a/tests/util.py": "",
        "a/tests/test_a.py": "",
    }
    found = plan(files)
    assert back(found).keys() == {"a/tests/__init__.py", "a/tests/util.py"}
    assert found.removed_paths == {"a/tests/test_a.py"}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("a/b/c.py", "from ..tests import util"),
        ("a/b/__init__.py", "from ..tests import util"),
        ("top.py", "import a.tests.util"),
    ],
)
def test_imports_from_elsewhere_in_the_tree_are_seen(plan: Plan, module: str, source: str) -> None:
    files = {
        module: source,
        "a/__init__.py": "",
        "a/tests/util.py": "",
        "a/tests/test_a.py": "",
    }
    assert back(plan(files)) == {"a/tests/util.py": f"{module}:1"}


def test_a_package_without_init_is_followed_all_the_same(plan: Plan) -> None:
    files = {
        "space/one/core.py": "from space.one.tests.deep import x\n",
        "space/one/tests/deep/x.py": "",
        "space/one/tests/test_one.py": "",
    }
    assert back(plan(files)) == {"space/one/tests/deep/x.py": "space/one/core.py:1"}


def test_what_is_restored_is_followed_in_turn(plan: Plan) -> None:
    files = {
        "a/__init__.py": "from .tests import one",
        "a/tests/__init__.py": "",
        "a/tests/one.py": "x = 1\nfrom . import two",
        "a/tests/two.py": "def f():\n    from .deep import three",
        "a/tests/deep/three.py": "",
        "a/tests/test_four.py": "from . import one",
    }
    found = plan(files)
    assert back(found) == {
        "a/tests/__init__.py": "a/__init__.py:1",
        "a/tests/one.py": "a/__init__.py:1",
        "a/tests/two.py": "a/tests/one.py:2",
        "a/tests/deep/three.py": "a/tests/two.py:2",
    }
    assert found.removed_paths == {"a/tests/test_four.py"}


def test_a_native_module_is_followed_by_its_name(plan: Plan) -> None:
    library = "a/tests/_fast.cpython-312-x86_64-linux-gnu.so"
    files = {"a/__init__.py": "import a.tests._fast", library: "", "a/tests/test_a.py": ""}
    assert back(plan(files)) == {library: "a/__init__.py:1"}


@pytest.mark.parametrize(
    ("source", "stays"),
    [
        ("import a.heavy", True),
        ("from . import heavy", True),
        ("try:\n    import a.heavy\nexcept ImportError:\n    pass", False),
        ("if True:\n    import a.heavy", False),
        ("def f():\n    import a.heavy", False),
        ("f = lambda: __import__('a.heavy')", False),
    ],
)
def test_drop_gives_way_only_to_what_fails_at_once(plan: Plan, source: str, stays: bool) -> None:  # noqa: FBT001 (a column of the table)
    files = {"a/__init__.py": source, "a/heavy.py": ""}
    assert ("a/heavy.py" in back(plan(files, drop=("heavy.py",)))) is stays


def test_the_stub_that_a_module_reads_as_it_loads_stays(plan: Plan) -> None:
    files = {
        "a/__init__.py": "import lazy_loader\n_, _, _ = lazy_loader.attach_stub(__name__, __file__)",
        "a/__init__.pyi": "",
        "a/b.py": "",
        "a/b.pyi": "",
    }
    found = plan(files)
    assert back(found) == {"a/__init__.pyi": "a/__init__.py:2"}
    assert found.removed_paths == {"a/b.pyi"}


def test_data_that_its_own_distribution_reads_by_name_stays(plan: Plan) -> None:
    files = {
        "a/__init__.py": "import pathlib\nWORDS = pathlib.Path(__file__).with_name('readme_words.txt')",
        "a/readme_words.txt": "",
        "a/readme.txt": "",
        "b/readme_words.txt": "",
    }
    owners = {path: path[0] for path in files}
    found = plan(files, owners, profile=PruneProfile.AGGRESSIVE)
    assert back(found) == {"a/readme_words.txt": "a/__init__.py:2"}
    assert found.removed_paths == {"a/readme.txt", "b/readme_words.txt"}


def test_a_tree_without_any_module_that_stays_is_planned_too(plan: Plan) -> None:
    """Once the empty word was looked for here, for ever."""
    files = {"tests/test_a.py": "", "not-a-module.py": "import tests.test_a"}
    assert plan(files).removed_paths == {"tests/test_a.py"}


def test_a_source_that_python_cannot_read_needs_nothing(plan: Plan) -> None:
    files = {"a/__init__.py": "import a.tests.test_x\nprint 'python 2'", "a/tests/test_x.py": ""}
    assert plan(files).removed_paths == {"a/tests/test_x.py"}


def test_what_an_entry_point_names_stays(plan: Plan) -> None:
    points = (
        "[a.plugins]\n# old = a.docs:x\nloop = a.tests.loop:Loop [extra]\nother=a.tests.other\n"
    )
    files = {
        "a/__init__.py": "",
        "a/docs/__init__.py": "",
        "a/tests/__init__.py": "",
        "a/tests/loop.py": "from . import util",
        "a/tests/other.py": "",
        "a/tests/test_a.py": "",
        "a/tests/util.py": "",
        "a-1.0.dist-info/entry_points.txt": points,
    }
    found = plan(files, profile=PruneProfile.AGGRESSIVE)
    assert back(found) == {
        "a/tests/__init__.py": "a-1.0.dist-info/entry_points.txt:3",
        "a/tests/loop.py": "a-1.0.dist-info/entry_points.txt:3",
        "a/tests/other.py": "a-1.0.dist-info/entry_points.txt:4",
        "a/tests/util.py": "a/tests/loop.py:1",
    }
    assert found.removed_paths == {"a/docs/__init__.py", "a/tests/test_a.py"}
