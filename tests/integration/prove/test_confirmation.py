"""Nobody but an import that returned can say that it did: forgeries, with the program's text at hand.

Each is tried with all isolation that this system allows; the module that forges then raises, so that
it would never import in Lambda.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from layer_builder.errors import ProofError
from layer_builder.model.prune_plan import PrunePlan
from layer_builder.model.settings import ProofDepth
from layer_builder.prove import differential
from layer_builder.prove.differential import ProofResult, ProofSetup
from layer_builder.prove.interpreter import Interpreter
from layer_builder.prove.results import ImportResults, Verdict
from layer_builder.tree.tree import Tree

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"

FORGERIES = {
    "answers on every descriptor": (
        "import os\n"
        "for number in range(256):\n"
        '    for line in (\'{"start": 0}\', \'{"imported": 0, "seconds": 0, "loaded": []}\'):\n'
        "        try: os.write(number, ('\\n' + line + '\\n').encode())\n"
        "        except OSError: pass\n"
    ),
    "the answer of those who can, from their frames": (
        "import sys\n"
        "frame = sys._getframe()\n"
        "while frame:\n"
        "    tell = frame.f_locals.get('tell')\n"
        "    if tell:\n"
        "        number = frame.f_locals.get('index', 0)\n"
        "        tell(imported=number, seconds=0.0, opened=[], loaded=['evil.py'])\n"
        "        import os\n"
        "        os._exit(0)\n"
        "    frame = frame.f_back\n"
    ),
    "each name that an object holds": (
        "import gc, os, sys\n"
        "found, todo = [], [sys._getframe(), *gc.get_objects()]\n"
        "frame = sys._getframe()\n"
        "while frame:\n"
        "    todo += [frame, *frame.f_locals.values(), *gc.get_referents(frame), *frame.f_code.co_consts]\n"
        "    frame = frame.f_back\n"
        "for one in todo:\n"
        "    found += [x for x in [one, *gc.get_referents(one)] if isinstance(x, (str, bytes))]\n"
        "home = os.fsencode(os.getcwd())\n"
        "for one in set(found):\n"
        "    name = one if isinstance(one, bytes) else os.fsencode(one.encode('utf-8', 'replace'))\n"
        "    if name.startswith(home) and len(name) < 200 or len(name) == 32:\n"
        "        try: open(os.path.join(home, name), 'x').close()\n"
        "        except (OSError, ValueError): pass\n"
    ),
    "what is left on standard input": (
        "import os\n"
        "try: rest = os.read(0, 65536)\n"
        "except OSError: rest = b''\n"
        "rest and open(rest, 'x').close()\n"
    ),
    "a copy that does not raise": "import os\nif os.fork(): os.wait(); ",
    "an end without an answer": "import os\nos._exit(0)\n",
    "a hook for the end": "import atexit, os\natexit.register(os._exit, 0)\n",
    "a thread that waits": (
        "import os, threading, time\n"
        "def later():\n    time.sleep(0.2)\n    os._exit(0)\n"
        "threading.Thread(target=later).start()\n"
    ),
    "another way to end, to write and to tell": (
        "import builtins, json, os, sys, traceback\n"
        "os._exit_, exit_ = os._exit, os._exit\n"
        "os._exit = lambda code: exit_(0)\n"
        'json.dump = lambda answer, file: file.write(\'{"loaded": ["evil.py"]}\')\n'
        "traceback.format_exception = lambda *_: ['']\n"
        "sys.excepthook = lambda *_: exit_(0)\n"
    ),
    "its own entry, as if it had ended": (
        "import sys, types\n"
        "fake = types.ModuleType('evil')\n"
        "fake.__file__ = __file__\n"
        "fake.__spec__ = __spec__\n"
        "sys.modules['evil'] = fake\n"
    ),
    "hooks for what comes": (
        "import builtins, os, sys\n"
        "def hook(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('answer.json'): os._exit(0)\n"
        "sys.addaudithook(hook)\n"
    ),
    "the program's own functions": (
        "import sys\n"
        "main = sys.modules['__main__']\n"
        "def attempt(*_): return 0o600\n"
        "for name in ('attempt', 'load', 'refuse_substitute'):\n"
        "    if hasattr(main, name):\n"
        "        getattr(main, name).__code__ = (lambda *_: 0o600).__code__\n"
        "        setattr(main, name, attempt)\n"
    ),
    "a trace of those who called": (
        "import sys\n"
        "def tracer(frame, event, _):\n"
        "    for name in ('make', 'end', 'attempt'):\n"
        "        if name in frame.f_locals: frame.f_locals[name] = lambda *_: 0\n"
        "    return tracer\n"
        "frame = sys._getframe()\n"
        "while frame:\n    frame.f_trace = tracer\n    frame = frame.f_back\n"
        "sys.settrace(tracer)\n"
    ),
    "loading once more": (
        "import importlib, importlib.util, sys\n"
        "sys.meta_path.insert(0, type('F', (), {'find_spec': staticmethod(lambda *_: None)}))\n"
    ),
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "layer").mkdir()
    return Tree.below(tmp_path / "layer")


def confirm(tree: Tree, sources: Mapping[str, str], names: list[str]) -> ImportResults:
    for name, source in sources.items():
        (tree.root / f"{name}.py").write_text(source)
    python = Interpreter(path=sys.executable, seconds=5)
    return python.confirm(tree.root, names, caches=[tree.bytecode])


def prove(tree: Tree, sources: Mapping[str, str], alone: list[list[str]]) -> ProofResult:
    for name, source in sources.items():
        (tree.root / f"{name}.py").write_text(source)
    bench = ProofSetup(
        tree=tree,
        prover=Interpreter(path=sys.executable, seconds=5),
        caches=(tree.bytecode,),
        alone=alone,
    )
    return differential.prove_tree(bench, PrunePlan(), {}, list(sources), ProofDepth.IMPORTS)


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_what_raises_is_not_confirmed(tree: Tree, forgery: str) -> None:
    found = confirm(tree, {"evil": f"{forgery}raise RuntimeError('always')\n"}, ["evil"])
    assert found.by_name["evil"].verdict is not Verdict.IMPORTED
    assert found.isolated


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_nor_is_what_imports_a_forger_and_raises(tree: Tree, forgery: str) -> None:
    """Others that it imports can do as much for it as it can itself."""
    sources = {"evil": forgery, "honest": "import evil\nraise RuntimeError('always')\n"}
    found = confirm(tree, sources, ["honest"])
    assert found.by_name["honest"].verdict is not Verdict.IMPORTED


def test_no_answer_of_a_shared_process_stands_where_it_is_confirmed(tree: Tree) -> None:
    """Whoever comes first could answer for all: a later one's own process says otherwise."""
    forger = (
        "import os, sys\n"
        "frame = sys._getframe()\n"
        "while frame and 'tell' not in frame.f_locals: frame = frame.f_back\n"
        "if frame:\n"
        "    tell = frame.f_locals['tell']\n"
        "    tell(imported=0, seconds=0.0, opened=[], loaded=[])\n"
        "    for number in (1,):\n"
        "        tell(start=number); tell(imported=number, seconds=0.0, opened=[], loaded=[])\n"
        "    os._exit(0)\n"
    )
    sources = {"evil": forger, "victim": "raise RuntimeError('always')\n"}
    result = prove(tree, sources, [["victim"]])
    assert result.proof
    assert result.proof.imported == ("evil",)
    assert "RuntimeError: always" in result.failed_before["victim"].error


def test_a_shared_process_vouches_for_nothing_that_is_confirmed(tree: Tree) -> None:
    """The module answers for itself, and raises: there, it has the descriptor and the secret."""
    forger = FORGERIES["the answer of those who can, from their frames"]
    with pytest.raises(ProofError, match="evil imported before pruning, and not after"):
        prove(tree, {"evil": f"{forger}raise RuntimeError('always')\n"}, [["evil"]])


def test_a_good_import_is_confirmed_and_tells_what_it_loaded(tree: Tree) -> None:
    sources = {
        "good": "import helper, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n",
        "helper": "",
        "noisy": "import os; print('x' * 9999); os.write(2, b'y'); os.chdir('/')",
    }
    found = confirm(tree, sources, ["good", "noisy"])
    assert [one.verdict for one in found.by_name.values()] == [Verdict.IMPORTED] * 2
    assert found.loaded == {"good.py", "helper.py", "noisy.py"}


def test_of_several_each_has_its_own_verdict(tree: Tree) -> None:
    sources = {
        "bad": "1 / 0",
        "dead": "import os; os._exit(3)",
        "good": "",
        "slow": "while True: pass",
    }
    found = confirm(tree, sources, list(sources))
    assert [one.verdict for one in found.by_name.values()] == [
        Verdict.FAILED, Verdict.DIED, Verdict.IMPORTED, Verdict.DIED,
    ]  # fmt: skip
    assert "ZeroDivisionError" in found.by_name["bad"].error
    assert found.by_name["dead"].error == "ended the interpreter with exit code 3"
    assert found.by_name["slow"].error == "was not imported within 5 s"


@pytest.mark.parametrize(
    "left", ["os.mkfifo('answer.json')", "os.symlink('/dev/zero', 'answer.json')"]
)
def test_what_lies_in_the_place_of_its_words_is_not_followed(tree: Tree, left: str) -> None:
    found = confirm(tree, {"evil": f"import os\n{left}\nos._exit(1)\n"}, ["evil"])
    assert found.by_name["evil"].error == "ended the interpreter with exit code 1"
