"""Puts a workflow on stage: a repository with one commit, stand-ins for what is remote, act."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .act import Run

ROOT = Path(__file__).resolve().parents[2]
STUBS = Path(__file__).with_name("stubs")
ACTION = "layer-builder/layer-builder"
RUNNERS = ("ubuntu-22.04", "ubuntu-24.04", "ubuntu-24.04-arm")
MOST_SECONDS = 400

# act finds a step's shell by PATH. Two things that act does and GitHub does not are put right here:
# it gives the steps of composites INPUT_<NAME> by itself (so in our copy action.yml sets
# MAPPED_INPUT_<NAME>, which becomes INPUT_<NAME> here), and it gives them a terminal. What a step
# says last is lost when act notices its end before it has read the terminal, hence the wait.
SHELLS = ("bash", "python3")
SHELL = """#!{python} -IS
import json
import os
import sys

env = {{k: v for k, v in os.environ.items() if not k.startswith("INPUT_") and k != "ACT"}}
mapped = {{k: env.pop(k) for k in list(env) if k.startswith("MAPPED_INPUT_")}}
env.update((k.removeprefix("MAPPED_"), v) for k, v in mapped.items())
env.update(json.loads(env.pop("ACT_STUB_ENV", "{{}}")))
env["PATH"] = os.pathsep.join(p for p in env["PATH"].split(os.pathsep) if p != {folder!r})
pipe = '"$0" "$@" 2>&1 </dev/null | cat; code=${{PIPESTATUS[0]}}; sleep 0.3; exit "$code"'
os.execve({bash!r}, ["bash", "-c", pipe, {shell!r}, *sys.argv[1:]], env)
"""

# Stands in for GitHub's CLI: finds no run of anything, and the provenance of what was attested.
GH = """#!{python} -IS
import hashlib
import os
import sys

if sys.argv[1:3] == ["attestation", "verify"] and sys.argv[3] != "--help":
    with open(os.environ["ACT_STUB_STATE"] + "/attested.sha256") as file:
        known = file.read()
    with open(sys.argv[3], "rb") as file:
        sys.exit(hashlib.sha256(file.read()).hexdigest() not in known)
"""


def commit(folder: Path, slug: str) -> Path:
    """Make a folder a repository with one commit, on main."""
    quiet = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": os.environ["PATH"],
    }
    author = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for words in (
        ("init", "-qb", "main"),
        ("add", "-A"),
        ("remote", "add", "origin", f"https://github.com/{slug}.git"),
        (*author, "commit", "-qm", "test"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, env=quiet)
    return folder


def copy_of_ours(folder: Path) -> Path:
    """Copy this repository as git would have it, with what is not committed yet."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    text = (folder / "action.yml").read_text()
    (folder / "action.yml").write_text(text.replace(" INPUT_", " MAPPED_INPUT_"))
    return commit(folder, ACTION)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Runs workflows; `action` is the checkout that stands for the published action."""

    act: Path
    action: Path
    tmp: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    """For every step, over what act sets; so that a step finds stand-ins for what is remote."""
    meddler: str = ""
    """Python that runs in the folder of each artifact that was fetched."""
    caches: Path | None = None
    """Where the stand-in for GitHub's cache service keeps things; None where the service is down."""
    lets_leak: bool = False
    """Whether a run may hold what act hands on and GitHub would not; for tests of the stage itself."""

    @property
    def state(self) -> Path:
        """Where the stand-ins leave what they were given, such as artifacts."""
        return self.tmp / "state"

    def play(
        self,
        workflow: str,
        files: Mapping[str, str] | Path,
        *,
        event: str = "push",
        payload: object = None,
    ) -> Run:
        """Run a workflow in a repository that has these files."""
        caller = self.tmp / "caller"
        if isinstance(files, Path):
            shutil.copytree(files, caller)
        else:
            for name, text in files.items():
                (caller / name).parent.mkdir(parents=True, exist_ok=True)
                (caller / name).write_text(text)
        path = caller / ".github" / "workflows" / "test.yml"
        path.parent.mkdir(parents=True)
        path.write_text(workflow)
        return self.play_in(commit(caller, "somebody/cr2a"), path, event=event, payload=payload)

    def play_in(
        self,
        repository: Path,
        workflow: Path,
        *,
        event: str = "push",
        payload: object = None,
        job: str = "",
    ) -> Run:
        """Run a workflow, or one job of it and what that needs, where the workflow is at home."""
        for name in ("home", "cache", "state", "bin", "shells"):
            (self.tmp / name).mkdir()
        self._put_tools()
        (self.tmp / "event.json").write_text(json.dumps(payload or {}))
        command = [
            str(self.act), event, "-C", str(repository), "-W", str(workflow),
            "-e", str(self.tmp / "event.json"), "--action-cache-path", str(self.tmp / "cache"),
            "--json", "-v", "--rm", "--concurrent-jobs", "1", "--container-daemon-socket", "-",
            "--pull=false", "--no-cache-server", "--use-new-action-cache", "--action-offline-mode",
            "-sGITHUB_TOKEN=act-dummy-token", "--var=AWS_REGION=eu-west-1", "--var=AWS_ROLE_ARN=a-role",
            *(f"-P={runner}=-self-hosted" for runner in RUNNERS),
            *(f"--{name}-file={os.devnull}" for name in ("env", "secret", "var", "input")),
            *(f"--local-repository={used}={self._stand_in(used)}" for used in remote(workflow, job, self.action)),
            *(["-j", job] if job else []),
        ]  # fmt: skip
        run = Run()
        for line in self._output(command, repository).splitlines():
            run.note(line)
        leaks = {key: step.leaked for key, step in run.steps.items() if step.leaked}
        assert self.lets_leak or not leaks, f"on GitHub a later step would not have {leaks}"
        return run

    def _put_tools(self) -> None:
        path, folder = surroundings()["PATH"], self.tmp / "shells"
        tools = {self.tmp / "bin" / "gh": GH.format(python=sys.executable)}
        for name in SHELLS:
            tools[folder / name] = SHELL.format(
                python=sys.executable,
                bash=shutil.which("bash"),
                shell=shutil.which(name, path=path),
                folder=str(folder),
            )
        for tool, text in tools.items():
            tool.write_text(text)
            tool.chmod(0o755)

    def _stand_in(self, used: str) -> Path:
        slug = used.partition("@")[0]
        folder = self.action if slug == ACTION else STUBS / slug
        assert folder.is_dir(), f"no stand-in for {used}"
        return folder

    def _output(self, command: list[str], folder: Path) -> str:
        process = subprocess.Popen(
            command, cwd=folder, env=self._environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            return process.communicate(timeout=MOST_SECONDS)[0]
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)  # killed, act would leave its steps running
                process.communicate(timeout=30)

    def _environment(self) -> dict[str, str]:
        """Give act what it hands on to the steps."""
        around = surroundings()
        folders = [str(self.tmp / "shells"), str(self.tmp / "bin"), around["PATH"]]
        tools = {"PATH": os.pathsep.join(folders)}
        mine = {
            "HOME": str(self.tmp / "home"),
            "ACT_STUB_STATE": str(self.state),
            "ACT_STUB_ENV": json.dumps(dict(self.environ)),
            "ACT_STUB_MEDDLER": self.meddler,
            "ACT_STUB_CACHES": str(self.caches or ""),
        }
        return around | tools | mine


def surroundings() -> dict[str, str]:
    """Keep of our environment what a step needs: Pythons, caches, a way to the index."""
    wanted = {"http_proxy", "https_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.lower() in wanted or name.startswith("PIP_")
    }
    home = Path.home()
    # Not our virtual environment's: a runner's python3 is a whole one.
    python = Path(os.path.realpath(sys.executable)).parent
    return kept | {
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "LAYER_BUILDER_NO_CACHE": "builds",
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(home / ".cache")),
        "XDG_DATA_HOME": os.environ.get("XDG_DATA_HOME", str(home / ".local" / "share")),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT", str(home / ".pyenv")),
    }


def remote(workflow: Path, job: str = "", action: Path | None = None) -> list[str]:
    """List the actions that a workflow, or a job and what that needs, fetches: `owner/name@ref`.

    `action` is where a workflow of ours that a job calls lies.
    """
    jobs = yaml.safe_load(workflow.read_text())["jobs"]
    names = [job] if job else list(jobs)
    for name in names:
        needs = jobs[name].get("needs", [])
        names += [needs] if isinstance(needs, str) else needs
    used = {step.get("uses", ".") for name in names for step in jobs[name].get("steps", [])}
    for called in filter(None, (jobs[name].get("uses") for name in names)):
        path, _, ref = called.removeprefix(f"{ACTION}/").partition("@")
        assert action, called
        used |= {f"{ACTION}@{ref}", *remote(action / path)}
    # Those of the action itself, which any step may be; a repository may hold several.
    description = yaml.safe_load((ROOT / "action.yml").read_text())
    used |= {step.get("uses", ".") for step in description["runs"]["steps"]}
    used = {re.sub(r"^([^/.]+/[^/@]+)/[^@]+", r"\1", name) for name in used}
    # Local ones, and checkout, which act does itself.
    return sorted(name for name in used if not name.startswith((".", "actions/checkout@")))
