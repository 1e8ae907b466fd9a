"""Packages that misbehave as they are imported: each is its own verdict and reaches nothing else.

All is tried twice: with all isolation that this system allows, and with none.
"""

import hashlib
import os
import shutil
import socket
import subprocess
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
from layer_builder.prove.differential import ProofSetup
from layer_builder.prove.interpreter import Interpreter
from layer_builder.prove.results import ImportResults, Verdict
from layer_builder.tree.tree import Tree

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

IMPORTED, FAILED, DIED = Verdict.IMPORTED, Verdict.FAILED, Verdict.DIED
WITHOUT_RIGHTS = """#!/bin/sh
exec {user} setpriv --bounding-set=-all --inh-caps=-all {python} "$@"
"""


@pytest.fixture(params=["isolated", "bare"])
def interpreter(request: pytest.FixtureRequest, tmp_path: Path) -> Interpreter:
    """Give a Python that isolates imports, or one that lacks the rights to."""
    if request.param == "isolated":
        return Interpreter(path=sys.executable, seconds=5)
    if not shutil.which("setpriv"):
        pytest.skip("there is no setpriv to give up the right to isolate")
    user = "" if os.getuid() == 0 else "unshare --user --map-root-user"
    if subprocess.run([*user.split(), "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets users not isolate anything anyway")
    program = tmp_path / "python-without-rights"
    program.write_text(WITHOUT_RIGHTS.format(user=user, python=sys.executable))
    program.chmod(0o755)
    return Interpreter(path=str(program), seconds=5)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "layer").mkdir()
    return Tree.below(tmp_path / "layer")


def attempt(interpreter: Interpreter, tree: Tree, sources: Mapping[str, str]) -> ImportResults:
    """Import modules in the order given, seen from a layer that holds nothing else."""
    for name, source in sources.items():
        (tree.root / f"{name}.py").write_text(source)
    return interpreter.import_modules(tree.root, list(sources), caches=[tree.bytecode])


def error(found: ImportResults, name: str = "evil") -> str:
    return found.by_name[name].error


def digests(tree: Tree) -> dict[str, str]:
    return {e.path: hashlib.sha256(tree.read(e.path)).hexdigest() for e in tree.scan()}


def left_running(root: Path) -> list[str]:
    """List command lines that name the folder of a layer."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().decode()
        except OSError:
            continue
        if str(root.parent) in line and int(process.name) != os.getpid():
            found.append(line)
    return found


def needs(found: ImportResults, isolation: str) -> None:
    if isolation not in found.isolated:
        pytest.skip(f"this system does not isolate {isolation}")


WAYS_TO_END = {
    "exit": ("import os; os._exit(0)", DIED, "ended the interpreter with exit code 0"),
    "exit code": ("import os; os._exit(7)", DIED, "ended the interpreter with exit code 7"),
    "segfault": ("import ctypes; ctypes.string_at(0)", DIED, "killed the interpreter with SIGSEGV"),
    "abort": ("import os; os.abort()", DIED, "killed the interpreter with SIGABRT"),
    "real-time signal": (
        "import os, signal; os.kill(os.getpid(), signal.SIGRTMIN + 3)",
        DIED,
        "killed the interpreter with ",
    ),
    "sys.exit": ("raise SystemExit(0)", FAILED, "SystemExit: 0"),
    "interrupt": ("raise KeyboardInterrupt", FAILED, "KeyboardInterrupt"),
    "recursion": ("def f(): f()\nf()", FAILED, "RecursionError"),
    "an error that cannot be told": (
        "class Mute(Exception):\n    def __str__(self): raise SystemExit(1)\nraise Mute",
        FAILED,
        "Mute: <exception str() failed>",
    ),
    "100 GiB": ("bytearray(100 * 2**30)", FAILED, "MemoryError"),
    "silence": ("import os; os.close(3)", DIED, "ended the interpreter"),
    "fork that goes on": ("import os; os.fork()", IMPORTED, ""),
    "threads": (
        "import threading, time\n"
        "for _ in range(5): threading.Thread(target=time.sleep, args=(9999,)).start()",
        IMPORTED,
        "",
    ),
    "atexit": (
        "import atexit, os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "atexit.register(time.sleep, 9999)",
        IMPORTED,
        "",
    ),
    "audit hook": ("import sys; sys.addaudithook(lambda *_: None)", IMPORTED, ""),
    "flood": (
        "import sys\nfor _ in range(3000): print('x' * 10000); print('y' * 10000, file=sys.stderr)",
        IMPORTED,
        "",
    ),
    "another folder": ("import os; os.chdir('/')", IMPORTED, ""),
    "lost path": ("import sys; sys.path.clear()", IMPORTED, ""),
    "fake modules": (
        "import sys\nclass Liar:\n    def __getattr__(self, name): raise SystemExit\n"
        "sys.modules['liar'] = Liar()",
        IMPORTED,
        "",
    ),
}


@pytest.mark.parametrize(("source", "verdict", "said"), WAYS_TO_END.values(), ids=WAYS_TO_END)
def test_a_bad_import_is_its_own_verdict_and_the_next_is_still_judged(
    interpreter: Interpreter, tree: Tree, source: str, verdict: Verdict, said: str
) -> None:
    sources = {"before": "", "evil": source, "after": "import before", "broken": "1 / 0"}
    found = attempt(interpreter, tree, sources)
    assert [attempt.verdict for attempt in found.by_name.values()] == [
        IMPORTED, verdict, IMPORTED, FAILED,
    ]  # fmt: skip
    assert said in error(found)
    assert left_running(tree.root) == []


@pytest.mark.parametrize(
    "source",
    [
        "os.kill(os.getppid(), 9)",
        "os.kill(0, 9)",
        "os.kill(os.getpid(), 9)",
        "os.killpg(os.getpgid(os.getppid()), 9)",
    ],
)
def test_an_import_that_kills_the_prover_does_not_keep_the_next_from_its_verdict(
    interpreter: Interpreter, tree: Tree, source: str
) -> None:
    for name, text in {"before": "", "evil": f"import os\n{source}", "later": ""}.items():
        (tree.root / f"{name}.py").write_text(text)
    bench = ProofSetup(tree=tree, prover=interpreter, caches=(tree.bytecode,))
    result = differential.prove_tree(
        bench, PrunePlan(), {}, ["before", "evil", "later"], ProofDepth.IMPORTS
    )
    assert result.proof
    assert {"before", "later"} <= set(result.proof.imported)
    assert left_running(tree.root) == []


@pytest.mark.parametrize(
    "data",
    [
        r"b'\xff\x00 no newline'",
        r"b'[1, 2]\n\"text\"\nnull\n{}\n'",
        r"""b'{"imported": -1}\n{"imported": 99}\n{"imported": "x"}\n{"failed": null}\n'""",
        r"""b'{"imported": 1}\n{"start": 2}\n{"imported": 2}\n{"loaded": 3}\n'""",
        r"""b'{"ended": -999}\n{"ended": 0}\n'""",
        r"""b'{"python": 1, "isolated": 5}\n{"python": "9.9", "isolated": ["files"]}\n'""",
    ],
)
def test_forged_answers_change_nothing(interpreter: Interpreter, tree: Tree, data: str) -> None:
    honest = attempt(interpreter, tree, {"before": "", "evil": "", "broken": "1 / 0"})
    evil = f"import os; os.write(3, {data})"
    found = attempt(interpreter, tree, {"before": "", "evil": evil, "broken": "1 / 0"})
    assert [a.verdict for a in found.by_name.values()] == [IMPORTED, IMPORTED, FAILED]
    assert (found.version, found.isolated) == (honest.version, honest.isolated)
    assert found.loaded == {"before.py", "evil.py"}


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import time; time.sleep(9999)",
        "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\ntime.sleep(9999)",
        "import os, time\nwhile True: os.write(3, b'{\"python\": 1}\\n'); time.sleep(0.05)",
        "import ctypes, os, time\nctypes.CDLL(None).prctl(1, 0)\n"
        "if os.fork(): time.sleep(9999)\nos.setsid(); time.sleep(9999)",
    ],
    ids=["spinning", "sleeping", "deaf", "chatting", "detached"],
)
def test_an_import_that_never_returns_is_ended(
    interpreter: Interpreter, tree: Tree, source: str
) -> None:
    impatient = Interpreter(path=interpreter.path, seconds=1)
    found = attempt(impatient, tree, {"before": "", "evil": source, "after": ""})
    assert [a.verdict for a in found.by_name.values()] == [IMPORTED, DIED, IMPORTED]
    assert error(found) == "was not imported within 1 s"
    assert left_running(tree.root) == []


def test_answers_without_end_are_the_verdict(interpreter: Interpreter, tree: Tree) -> None:
    source = "import os\nwhile True: os.write(3, b'x' * 65536 + b'\\n')"
    found = attempt(interpreter, tree, {"before": "", "evil": source, "after": ""})
    assert [a.verdict for a in found.by_name.values()] == [IMPORTED, DIED, IMPORTED]


LEFT_BEHIND = {
    "child": "import os, time\nif not os.fork(): time.sleep(9999)",
    "orphan": "import os, time\nif not os.fork():\n    os.setsid()\n    if os.fork(): os._exit(0)\n    time.sleep(9999)",
    "program": "import subprocess, sys\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(9999)', __file__],"
    " start_new_session=True)",
    "deaf program": "import subprocess\n"
    "subprocess.Popen(['/bin/sh', '-c', 'trap \"\" TERM HUP; while :; do sleep 1; done', __file__],"
    " start_new_session=True)",
    "family": "import os, time\nfor _ in range(4): os.fork()\nos.setsid() if os.getpid() != os.getsid(0) else 0",
}


@pytest.mark.parametrize("source", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_nothing_that_an_import_started_goes_on(
    interpreter: Interpreter, tree: Tree, source: str
) -> None:
    found = attempt(interpreter, tree, {"evil": source, "after": ""})
    assert found.by_name["after"].verdict is IMPORTED
    assert left_running(tree.root) == []


WRITES = {
    "append": "open(__file__, 'a').write('# more')",
    "overwrite": "import before; open(before.__file__, 'w').write('evil = True')",
    "create": "open(__file__ + '.new', 'w')",
    "remove": "import os, before; os.unlink(before.__file__)",
    "rename": "import os, before; os.rename(before.__file__, before.__file__ + '.old')",
    "chmod": "import os, before; os.chmod(before.__file__, 0o777)",
    "same bytes, old date": "import os, before\npath = before.__file__\nold = os.stat(path)\n"
    "open(path, 'w').write('')\nos.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))",
}


@pytest.mark.parametrize("source", WRITES.values(), ids=WRITES)
def test_the_layer_stays_as_it_was_or_is_refused(
    interpreter: Interpreter, tree: Tree, source: str
) -> None:
    for name, text in {"before": "", "evil": source, "after": ""}.items():
        (tree.root / f"{name}.py").write_text(text)
    was = digests(tree)
    bench = ProofSetup(tree=tree, prover=interpreter, caches=(tree.bytecode,))
    try:
        result = differential.prove_tree(
            bench, PrunePlan(), {}, ["after", "before", "evil"], ProofDepth.IMPORTS
        )
    except ProofError as refusal:
        message = refusal.problems[0].message
        assert message.startswith("importing its modules changed files of the layer: ")
    else:
        assert result.proof
        assert "files" in result.proof.isolated
        assert "PermissionError" in result.failed_before["evil"].error
        assert result.proof.imported == ("after", "before")
        assert digests(tree) == was


def test_home_is_an_empty_folder_that_is_gone_afterwards(
    interpreter: Interpreter, tree: Tree
) -> None:
    source = (
        "import os\nhome = os.path.expanduser('~')\nassert os.getcwd() == home\n"
        "seen = os.listdir(home)\nopen(home + '/loot', 'w').write('loot')\n"
        "raise RuntimeError(home, seen)"
    )
    found = attempt(interpreter, tree, {"evil": source})
    last = error(found).splitlines()[-1]
    assert last.endswith(", [])")
    home = last.split("'")[1]
    assert home != os.path.expanduser("~")  # noqa: PTH111 (what the import asked for)
    assert not Path(home).exists()


def test_the_environment_holds_no_secrets(
    interpreter: Interpreter, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL",
        "INPUT_GITHUB-TOKEN", "SSH_AUTH_SOCK", "https_proxy", "UV_DEFAULT_INDEX", "PYTHONPATH",
    ):  # fmt: skip
        monkeypatch.setenv(name, "a-secret")
    found = attempt(
        interpreter, tree, {"evil": "import os; raise RuntimeError(sorted(os.environ))"}
    )
    names = error(found).splitlines()[-1]
    assert names in {
        f"RuntimeError: {['HOME', *more, 'PATH', 'PYTHONHASHSEED', 'TMPDIR']}"
        for more in (["LANG"], ["LANG", "LC_CTYPE"])
    } | {"RuntimeError: ['HOME', 'LANG', 'PATH', 'PWD', 'PYTHONHASHSEED', 'TMPDIR']"}


def test_a_socket_reaches_nobody(tree: Tree) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = (
            f"import socket; socket.create_connection(('127.0.0.1', {port}), 2).sendall(b'loot')"
        )
        found = attempt(Interpreter(path=sys.executable, seconds=5), tree, {"evil": source})
        needs(found, "network")
        assert found.by_name["evil"].verdict is FAILED
        server.setblocking(False)  # noqa: FBT003 (the standard library's)
        with pytest.raises(BlockingIOError):
            server.accept()


CORRUPTERS = {
    "hook": "import sys\ndef hook(event, _):\n    if event == 'open': raise RuntimeError('no')\nsys.addaudithook(hook)",
    "limit": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
    "poison": "import sys; sys.modules['later'] = None",
    "poison and fail": "import sys; sys.modules['later'] = None; 1 / 0",
    "finder": "import sys; sys.meta_path.clear()",
}


@pytest.mark.parametrize("source", CORRUPTERS.values(), ids=CORRUPTERS)
def test_who_spoils_imports_for_others_does_not_make_them_fail(
    interpreter: Interpreter, tree: Tree, source: str
) -> None:
    sources = {"evil": source, "later": "import decimal", "most": "import later"}
    for name, text in sources.items():
        (tree.root / f"{name}.py").write_text(text)
    bench = ProofSetup(tree=tree, prover=interpreter, caches=(tree.bytecode,))
    result = differential.prove_tree(bench, PrunePlan(), {}, list(sources), ProofDepth.IMPORTS)
    assert result.proof
    assert {"later", "most"} <= set(result.proof.imported)


def test_nothing_printed_or_raised_becomes_a_workflow_command(
    run: Run, add_wheel: Add, workspace: Path, tmp_path: Path
) -> None:
    commands = [
        "  ::error::no",
        "##[error]no",
        "a\r::stop-commands::t",
        "x ##[group]",
        "::set-output name=x::y",
    ]
    text = "\n".join(commands)
    source = (
        f"import os, sys\nfor stream in (1, 2):\n    os.write(stream, {text!r}.encode())\n"
        f"print({text!r}); print({text!r}, file=sys.stderr)\nraise RuntimeError({text!r})"
    )
    add_wheel("evil", "1.0", {"evil.py": source})
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{sys.version_info[0]}.{sys.version_info[1]}"\n'
        "layers:\n  demo: {packages: [evil], imports: [evil]}\n"
    )
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        Path(file).touch()
    for env in ({}, {"GITHUB_ACTIONS": "true", **files}):
        done = run("build", env=env)
        assert done.returncode == 4, done.stderr
        lines = (done.stdout + done.stderr).replace("\r", "\n").splitlines()
        assert [line for line in lines if "set-output" in line]
        for line in lines:
            if line.startswith("::error file=layers.yml"):  # ours; a runner reads no further
                continue
            assert "##[" not in line
            assert not line.lstrip().startswith(("::set-output", "::stop-commands"))
            assert not (line.lstrip().startswith("::error") and line.endswith("::no"))


def test_secrets_of_other_processes_are_out_of_reach(
    run: Run, add_wheel: Add, workspace: Path
) -> None:
    source = (
        "import glob\nloot = b''\nfor path in glob.glob('/proc/[0-9]*/environ'):\n"
        "    try: loot += open(path, 'rb').read()\n    except OSError: pass\n"
        "raise RuntimeError(b'swordfish' in loot)"
    )
    add_wheel("evil", "1.0", {"evil.py": source})
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{sys.version_info[0]}.{sys.version_info[1]}"\n'
        "layers:\n  demo: {packages: [evil], imports: [evil]}\n"
    )
    done = run("build", env={"GITHUB_TOKEN": "swordfish"}, anew=True)
    if os.getuid() != 0 and "RuntimeError: True" in done.stderr:
        pytest.skip("this system does not isolate processes")
    assert "RuntimeError: False" in done.stderr


def test_the_proof_of_many_ends_with_one_process_each(interpreter: Interpreter, tree: Tree) -> None:
    names = [f"module{number}" for number in range(30)]
    found = attempt(interpreter, tree, dict.fromkeys(names, "import os; os._exit(3)"))
    assert {a.verdict for a in found.by_name.values()} == {DIED}
    assert list(found.by_name) == names


def test_what_runs_before_any_import_is_said_aloud(
    run: Run, add_wheel: Add, workspace: Path
) -> None:
    files = {"demo.py": "", "sitecustomize.py": "", "demo.pth": "import demo\n"}
    add_wheel("demo", "1.0", files)
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{sys.version_info[0]}.{sys.version_info[1]}"\n'
        "layers:\n  demo: {packages: [demo]}\n"
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    for name in ("demo.pth", "sitecustomize.py"):
        assert f"layer demo: code that no function asks for: {name} (demo)" in done.stderr
