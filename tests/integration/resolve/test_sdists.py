"""What the backend of an sdist can reach while it is built: its own folder, and nothing else."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from layer_builder.backends import StandIn
from layer_builder.errors import ProofError

from ..conftest import REPOSITORY
from .sdists import add_sdist

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

SECRET = "canary-of-the-step"
SECRETS = ("AWS_SECRET_ACCESS_KEY", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "INPUT_GITHUB-TOKEN")

ATTACK = """\
import ctypes, glob, json, os, signal, socket, subprocess, sys

TOLD = json.loads({told!r})

def read(path):
    with open(path, "rb") as file:
        return file.read()

def append(path):
    with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "wb") as file:
        file.write(b"\\nEVIL = 1\\n")

def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as client:
        client.settimeout(1)
        client.connect(address)
        client.send(b"GET / HTTP/1.0\\r\\n\\r\\n")

def parents():
    pid, found = os.getpid(), []
    while pid > 1:
        found.append(pid)
        try:
            pid = int(read("/proc/%d/stat" % pid).rsplit(b")", 1)[1].split()[1])
        except OSError:
            break
    return found[1:] + [TOLD["pid"]]

def known(content):
    if TOLD["secret"].encode() not in content:
        raise OSError

def first(paths, attempt):
    for path in paths:
        try:
            return attempt(path)
        except OSError:
            pass
    raise OSError

def change_mode(path):
    os.chmod(path, 0o777)
    if os.stat(path).st_mode & 0o777 != 0o777:
        raise OSError

def others_of_uv():
    own = os.path.realpath(os.getcwd())
    for folder, _, names in os.walk(TOLD["cache"]):
        if not os.path.realpath(folder).startswith(own):
            yield from (os.path.join(folder, name) for name in [*names, "poison"])

ATTEMPTS = {{
    "own environment": lambda: known(repr(dict(os.environ)).encode()),
    "environment of others": lambda: first(glob.glob("/proc/[0-9]*/environ"), lambda p: known(read(p))),
    "memory of others": lambda: first(["/proc/%d/maps" % p for p in parents()], read),
    "output of others": lambda: first(["/proc/%d/fd/1" % p for p in parents()], append),
    "command file": lambda: append(TOLD["command_file"]),
    "reading home": lambda: read(TOLD["credentials"]),
    "listing home": lambda: os.listdir(TOLD["home"]),
    "planting in home": lambda: append(os.path.join(TOLD["home"], "planted")),
    "mode of a file": lambda: change_mode(TOLD["credentials"]),
    "workspace": lambda: append(os.path.join(TOLD["workspace"], "planted")),
    "uv's cache": lambda: first(others_of_uv(), append),
    "what was installed to build": lambda: append(__import__("helper").__file__),
    "the interpreter": lambda: append(os.path.join(sys.prefix, "planted")),
    "the program's Python": lambda: append(TOLD["program"]),
    "TCP": lambda: connect(socket.AF_INET, ("127.0.0.1", TOLD["port"])),
    "UDP": lambda: connect(socket.AF_INET, ("127.0.0.1", TOLD["port"]), socket.SOCK_DGRAM),
    "socket in a folder": lambda: connect(socket.AF_UNIX, TOLD["socket"]),
    "signals to parents": lambda: [os.kill(pid, 0) for pid in parents()],
    "a signal": lambda: os.kill(TOLD["pid"], signal.SIGCONT),
    "ptrace": lambda: ctypes.CDLL(None).ptrace(16, TOLD["pid"], 0, 0) and os.listdir("/nowhere"),
}}

def reached():
    found = []
    for name, attempt in ATTEMPTS.items():
        try:
            attempt()
        except (OSError, AttributeError):
            continue
        found.append(name)
    return found

def stay():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", TOLD["survivor"]],
                     start_new_session=True)

def note(hook):
    stay()
    with open("reached.txt", "a") as file:
        file.write(json.dumps([hook, reached()]) + "\\n")

note("import")

def get_requires_for_build_wheel(settings=None):
    note("get_requires_for_build_wheel")
    return []

def build_wheel(folder, settings=None, metadata=None):
    import base64, hashlib, pathlib, zipfile
    note("build_wheel")
    wheel = next(pathlib.Path("wheel").iterdir())
    told = read("reached.txt")
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(pathlib.Path(folder, wheel.name), "w") as made:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("/RECORD"):
                digest = base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=").decode()
                data += f"reached.txt,sha256={{digest}},{{len(told)}}\\n".encode()
            made.writestr(name, data)
        made.writestr("reached.txt", told)
    return wheel.name
"""


class Victim:
    """A listening process with files, all of which a backend is told of."""

    def __init__(self, tmp_path: Path) -> None:
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.credentials = self.home / "credentials"
        self.credentials.write_text(SECRET)
        self.credentials.chmod(0o600)
        self.command_file = tmp_path / "github_env"
        self.command_file.write_text("")
        self.survivor = f"survivor-{os.urandom(8).hex()}"
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(self.tcp.getsockname())
        self.local = socket.socket(socket.AF_UNIX)
        self.local.bind(str(tmp_path / "s"))
        self.local.listen()
        for one in (self.tcp, self.udp, self.local):
            one.setblocking(False)  # noqa: FBT003 (socket's own)

    def told(self, tmp_path: Path, workspace: Path) -> str:
        """Tell a backend where everything is."""
        return json.dumps({
            "secret": SECRET,
            "pid": os.getpid(),
            "home": str(self.home),
            "credentials": str(self.credentials),
            "command_file": str(self.command_file),
            "workspace": str(workspace),
            "cache": str(tmp_path / "uv-cache"),
            "program": str(Path(sys.executable).parents[1] / "planted"),
            "port": self.tcp.getsockname()[1],
            "socket": self.local.getsockname(),
            "survivor": self.survivor,
        })  # fmt: skip

    def harm(self, workspace: Path) -> set[str]:
        """Name what was done to it."""
        found = set()
        for name, listener in {"TCP": self.tcp, "a socket": self.local}.items():
            try:
                listener.accept()
            except BlockingIOError:
                continue
            found.add(name)
        with contextlib.suppress(BlockingIOError):
            found.add(f"UDP {self.udp.recv(99)!r}")
        found |= {"the command file"} if self.command_file.read_text() else set()
        found |= {"a mode"} if stat.S_IMODE(self.credentials.stat().st_mode) != 0o600 else set()
        found |= {str(path) for path in (self.home / "planted", workspace / "planted")
                  if path.exists()}  # fmt: skip
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found |= {"a survivor"} if self.survivor in line.read_text() else set()
            except OSError:
                continue
        return found


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    made = Victim(tmp_path)
    yield made
    for one in (made.tcp, made.udp, made.local):
        one.close()


@pytest.fixture
def wheels(add_wheel: Add) -> None:
    """Put a wheel on the index that a build requires, and one that a layer does."""
    for name in ("helper", "other"):
        add_wheel(name, "1.0", {f"{name}.py": "A = 1\n"})


def ask_for(workspace: Path, *packages: str) -> None:
    """Write a manifest with one layer that builds the sdist `demo`."""
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\n'
        f"layers:\n  deps: {{packages: [{', '.join(packages)}], build: [demo], prune: off}}\n"
    )


def packed(workspace: Path, name: str) -> str:
    """Read a file of the layer."""
    with zipfile.ZipFile(workspace / "dist/layers/deps.zip") as archive:
        return archive.read(f"python/{name}").decode()


@pytest.mark.usefixtures("wheels")
def test_the_backend_of_an_sdist_reaches_its_own_folder_and_nothing_else(
    run: Run, workspace: Path, tmp_path: Path, victim: Victim
) -> None:
    backend = ATTACK.format(told=victim.told(tmp_path, workspace))
    add_sdist(tmp_path / "index", "demo", {"demo.py": ""}, backend=backend, requires=["helper"])
    ask_for(workspace, "demo", "other")
    more = {"GITHUB_ENV": str(victim.command_file)}
    done = run("build", env=dict.fromkeys(SECRETS, SECRET) | more)
    assert done.returncode == 0, done.stderr
    notes = [json.loads(line) for line in packed(workspace, "reached.txt").splitlines()]
    assert {hook for hook, _ in notes} == {"import", "get_requires_for_build_wheel", "build_wheel"}
    assert {name for _, reached in notes for name in reached} == set()
    assert victim.harm(workspace) == set()
    cache = tmp_path / "uv-cache"
    assert [path for path in cache.rglob("poison") if "src" not in path.parts] == []
    assert packed(workspace, "other.py") == "A = 1\n"


LEFT = """\
import os

def prepare_metadata_for_build_wheel(folder, settings=None):
    {does}
"""
WAYS_OUT = {
    "a link for metadata": (
        "os.mkdir(folder + '/d'); os.symlink({secret!r}, folder + '/d/METADATA'); return 'd'",
        "d/METADATA is a link that leads out of its folder",
    ),
    "a link that uv reads next time": (
        "os.remove('pyproject.toml'); os.symlink({secret!r}, 'pyproject.toml'); return 'd'",
        "pyproject.toml is a link that leads out of its folder",
    ),
    "a path for a name": ("return '../../..{home}'", "is not the name of a file"),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_uv_is_not_led_out_by_what_a_backend_leaves(
    run: Run, workspace: Path, tmp_path: Path, victim: Victim, way: str
) -> None:
    does, said = WAYS_OUT[way]
    does = does.format(secret=str(victim.credentials), home=str(victim.home))
    add_sdist(tmp_path / "index", "demo", {"demo.py": ""}, backend=LEFT.format(does=does))
    ask_for(workspace, "demo")
    for _ in range(2):
        done = run("build")
        assert done.returncode == 3
        assert said in done.stderr
        assert SECRET not in done.stderr


WITHOUT_LANDLOCK = """\
#!{python}
import ctypes, errno, os, sys
sys.path.insert(0, {repository!r})
from layer_builder.isolation.programs import seccomp

libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
refused = (0x06, 0, 0, 0x00050000 | errno.ENOSYS)
seccomp.restrict(libc, [
    (0x20, 0, 0, 0), (0x15, 0, 1, 444), refused, (0x06, 0, 0, 0x7FFF0000),
])
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


def test_a_backend_that_cannot_be_isolated_is_not_run(
    run: Run, workspace: Path, tmp_path: Path, victim: Victim
) -> None:
    python = tmp_path / "python-without-landlock"
    text = WITHOUT_LANDLOCK.format(python=sys.executable, repository=str(REPOSITORY))
    python.write_text(text)
    python.chmod(0o755)
    backend = ATTACK.format(told=victim.told(tmp_path, workspace))
    add_sdist(tmp_path / "index", "demo", {"demo.py": ""}, backend=backend)
    ask_for(workspace, "demo")
    done = run("build", python=str(python))
    assert done.returncode == 4, done.stderr
    assert "code of others cannot be isolated here, so it was not run" in done.stderr
    assert "  → or accept it in writing: the input require-isolation: false" in done.stderr
    assert victim.harm(workspace) == set()
    assert list(tmp_path.rglob("reached.txt")) == []
    assert not (workspace / "dist/layers/deps.zip").exists()


@pytest.mark.parametrize("runs", ["another Python", "no Python"])
def test_a_uv_that_runs_backends_by_another_python_is_not_used(runs: str) -> None:
    def uv(words: Sequence[str]) -> str:
        if runs == "another Python":
            backend = Path(words[-1]).parent / "probe" / "probe.py"
            call = f"exec(open({str(backend)!r}).read()); get_requires_for_build_wheel()"
            subprocess.run([sys.executable, "-c", call], check=False)
        return "what uv says"

    stand_in = StandIn()
    for _ in range(2):
        with pytest.raises(ProofError, match="uv does not run the backends of sdists") as raised:
            stand_in.ready(uv)
        assert raised.value.problems[0].details == ("what uv says",)


def test_a_backend_that_needs_more_than_its_folder_is_told_what_it_has(
    run: Run, workspace: Path, tmp_path: Path
) -> None:
    backend = "import socket\nsocket.create_connection(('127.0.0.1', 9))\n"
    add_sdist(tmp_path / "index", "demo", {"demo.py": ""}, backend=backend)
    ask_for(workspace, "demo")
    done = run("build")
    assert done.returncode == 3
    assert "  → backends run isolated: without network and variables" in done.stderr
