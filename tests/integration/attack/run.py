"""Attacks the real program, as a wheel that is imported and as an sdist that is built.

`PYTHONPATH=tests python -m integration.attack.run [--expect isolated|refused|either]`, on any Python
from 3.11 with nothing installed: the victim is this process, with canary credentials in the environment, files and listening sockets. It ends with 0
where the program either isolated the attack, which then reached nothing, or refused to run it.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..local_index import answers, serving, wheel
from ..resolve.sdists import add_sdist

REPOSITORY = Path(__file__).resolve().parents[3]
ATTACK = REPOSITORY / "tests" / "integration" / "isolation" / "attack.py"
CANARY = "canary-of-the-step"
CREDENTIALS = (
    "CANARY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GITHUB_TOKEN", "INPUT_GITHUB-TOKEN",
)  # fmt: skip
DISRUPTIVE = ("a signal to all", "mount", "chroot")
"""What would harm this machine, where isolation failed."""
PRETENDED = ("the mode of a file", "the dates of a file", "an attribute of a file")
"""What a backend is told that it did; whether it did is looked at afterwards."""
RIGHTS = ["files", "network", "processes"]
REFUSED = "code of others cannot be isolated here, so it was not run"

HOSTILE = """\
import contextlib, io, json, sys

said, words, sys.argv = io.StringIO(), sys.argv, ["attack", {orders!r}]
with contextlib.redirect_stdout(said):
    exec({attack!r}, {{"__name__": "attack"}})
sys.argv = words
REACHED = json.loads(said.getvalue().splitlines()[0])
if REACHED:
    raise RuntimeError("REACHED: " + ", ".join(REACHED))
"""
BACKEND = """
import pathlib, shutil

def build_wheel(folder, settings=None, metadata=None):
    wheel = next(pathlib.Path("wheel").iterdir())
    shutil.copy(wheel, folder)
    return wheel.name
"""


class Victim:
    """This process, and what it has to lose."""

    def __init__(self, folder: Path) -> None:
        """Lay it all out in a folder."""
        self.folder = folder
        for name in ("home", "cache"):
            (folder / name).mkdir(parents=True)
        for name in ("file", "removable", "movable", "command_file"):
            (folder / name).write_text(CANARY)
            os.utime(folder / name, (1, 1))
        os.mkfifo(folder / "fifo")
        self.fifo = os.open(folder / "fifo", os.O_RDWR | os.O_NONBLOCK)
        self.listening = {
            "port": socket.create_server(("127.0.0.1", 0)),
            "socket": socket.socket(socket.AF_UNIX),
            "abstract": socket.socket(socket.AF_UNIX),
        }
        with suppress(OSError):  # containers have no IPv6
            self.listening["port6"] = socket.create_server(("::1", 0), family=socket.AF_INET6)
        self.listening["socket"].bind(str(folder / "socket"))
        self.listening["abstract"].bind(f"\0{os.getpid()}-attack")
        for listener in self.listening.values():
            listener.listen()
            listener.setblocking(False)  # noqa: FBT003 (socket's own)
        self.before = self._state()

    def orders(self, leave_out: Sequence[str]) -> str:
        """Tell the attack where everything is."""
        ports = {name: self.listening[name].getsockname()[1] for name in ("port", "port6")
                 if name in self.listening}  # fmt: skip
        names = ("home", "cache", "file", "removable", "movable", "command_file", "fifo", "socket")
        return json.dumps({
            "pid": os.getpid(),
            "folder": str(self.folder),
            **{name: str(self.folder / name) for name in names},
            "port6": ports["port"],
            **ports,
            "abstract": f"{os.getpid()}-attack",
            "prefix": "",
            "leave_out": list(leave_out),
        })  # fmt: skip

    def harm(self) -> list[str]:
        """Say what was done to it."""
        found = [f"{name} was connected to" for name, one in self.listening.items() if _met(one)]
        with suppress(BlockingIOError):
            found.append(f"the FIFO was written to: {os.read(self.fifo, 99)!r}")
        after = self._state()
        return found + [
            f"{name}: {self.before.get(name)} became {after.get(name)}"
            for name in sorted(self.before.keys() | after.keys())
            if self.before.get(name) != after.get(name)
        ]

    def _state(self) -> dict[str, object]:
        state: dict[str, object] = {}
        for path in self.folder.rglob("*"):
            about = path.lstat()
            text = path.read_text() if path.is_file() else ""
            dates = about.st_mtime if path.is_file() else 0
            state[path.name] = (about.st_mode, dates, text, about.st_nlink)
        return state


def _met(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What came of one attack."""

    kind: str
    outcome: str
    """isolated, refused, or what else."""
    wrong: list[str]
    log: str


def attempt(kind: str, program: Sequence[str], environ: Mapping[str, str]) -> Attempt:
    """Have the program build a layer from a hostile wheel, or from a hostile sdist."""
    with tempfile.TemporaryDirectory(prefix="attack-") as name:
        base = Path(name)
        victim, index, workspace = Victim(base / "victim"), base / "index", base / "workspace"
        for folder in (index, workspace):
            folder.mkdir()
        out = DISRUPTIVE if kind == "wheel" else (*DISRUPTIVE, *PRETENDED)
        hostile = HOSTILE.format(orders=victim.orders(out), attack=ATTACK.read_text("utf-8"))
        if kind == "wheel":
            file, content = wheel("hostile", "1.0", {"hostile.py": hostile})
            (index / file).write_bytes(content)
        else:
            add_sdist(index, "hostile", {"hostile.py": ""}, backend=hostile + BACKEND)
        python = ".".join(map(str, sys.version_info[:2]))
        build = ", build: [hostile]" if kind == "sdist" else ""
        (workspace / "layers.yml").write_text(
            f'version: 1\npython: "{python}"\nlayers:\n  deps: {{packages: [hostile]{build}}}\n'
        )
        with serving(answers(index)) as url:
            done = subprocess.run(
                [*program, "build"],
                cwd=workspace,
                env={
                    **environ,
                    **dict.fromkeys(CREDENTIALS, CANARY),
                    "GITHUB_ENV": str(base / "victim" / "command_file"),
                    "UV_DEFAULT_INDEX": f"{url}/simple",
                    "UV_CACHE_DIR": str(base / "uv-cache"),
                    "LAYER_BUILDER_NO_CACHE": "1",
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                check=False,
            )
        return _judge(kind, done.returncode, done.stdout, workspace / "dist/layers", victim)


def _judge(kind: str, code: int, log: str, output_dir: Path, victim: Victim) -> Attempt:
    wrong = victim.harm()
    if code == 4 and REFUSED in log:
        outcome = "refused"
        wrong += [f"it left {path.name}" for path in output_dir.glob("*.zip")]
    elif code == 0:
        outcome = "isolated"
        report = json.loads((output_dir / "report.json").read_text("utf-8"))
        [proof] = [layer["proof"] for layer in report["layers"]]
        if proof["isolated"] != RIGHTS or proof["imported"] != ["hostile"]:
            wrong.append(f"the report says {proof}")
    else:
        outcome = "neither"
        wrong.append(f"it ended with {code}")
    return Attempt(kind=kind, outcome=outcome, wrong=wrong, log=log)


def main() -> int:
    """Attack; tell what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--expect", choices=["isolated", "refused", "either"], default="either")
    parser.add_argument("--installed", action="store_true", help="by this Python, as it is")
    asked = parser.parse_args()
    start = ["-m", "layer_builder"] if asked.installed else [str(REPOSITORY / "entrypoint.py")]
    program = [sys.executable, *start]
    failed = False
    for kind in ("wheel", "sdist"):
        came = attempt(kind, program, os.environ)
        wrong = list(came.wrong)
        if asked.expect not in {"either", came.outcome}:
            wrong.append(f"it should be {asked.expect}")
        lines = [f"{kind}: {came.outcome}", *(f"  wrong: {line}" for line in wrong)]
        sys.stdout.write("\n".join([*lines, came.log if wrong else ""]) + "\n")
        failed = failed or bool(wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
