"""What is compiled ahead: the modules that imports begin with, and what these import at their start."""

from pathlib import Path

import pytest

from layer_builder.bytecode.reach import likely_loaded

FILES: dict[str, str | bytes] = {
    "demo/__init__.py": "from .deep.one import (\n    a,\n    b,\n)\nimport demo.deep.two as two, json\n",
    "demo/beside.py": "from . import deep\nfrom demo.deep import three\n",
    "demo/deep/__init__.py": "def later():\n    import demo.deep.late\n",
    "demo/deep/one.py": "from ..deep import four\nfrom ...beyond import nothing\n",
    "demo/deep/two.py": "",
    "demo/deep/three.py": b"# caf\xe9\nfrom .five import *  # all\n",
    "demo/deep/four.py": "",
    "demo/deep/five.py": "from \xe9 import x\n",
    "demo/deep/late.py": "",
    "demo/deep/deeper/__init__.py": "",
    "alone.py": "import demo.deep.deeper.gone\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / path).write_bytes(content)
    return tmp_path


def test_what_a_module_imports_at_its_start_is_reached(root: Path) -> None:
    assert set(FILES) - set(likely_loaded(root, FILES)) == {"demo/deep/late.py"}


def test_what_is_gone_is_left_out(root: Path) -> None:
    (root / "demo/deep/three.py").unlink()
    assert set(FILES) - set(likely_loaded(root, FILES)) == {
        "demo/deep/late.py",
        "demo/deep/three.py",
        "demo/deep/five.py",
    }
