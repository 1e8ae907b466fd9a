"""Made-up projects, whose backend is in them."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..local_index import Answer, Request, Response

BACKEND = """\
import base64, hashlib, pathlib, tomllib, zipfile

def build_wheel(folder, settings=None, metadata=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    members = {p.relative_to("src").as_posix(): p.read_bytes()
               for p in pathlib.Path("src").rglob("*") if p.is_file()}
    lines = [f"Requires-Dist: {one}\\n" for one in project.get("dependencies", ())]
    for extra, more in project.get("optional-dependencies", {}).items():
        lines.append(f"Provides-Extra: {extra}\\n")
        lines += [f"Requires-Dist: {one}; extra == '{extra}'\\n" for one in more]
    head = f"Metadata-Version: 2.1\\nName: {project['name']}\\nVersion: {project['version']}\\n"
    members[f"{stem}.dist-info/METADATA"] = (head + "".join(lines)).encode()
    pure = str(TAG.endswith("any")).lower()
    wheel = f"Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: {pure}\\nTag: {TAG}\\n"
    members[f"{stem}.dist-info/WHEEL"] = wheel.encode()
    record = ""
    for name, data in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\\n"
    members[f"{stem}.dist-info/RECORD"] = (record + f"{stem}.dist-info/RECORD,,\\n").encode()
    with zipfile.ZipFile(pathlib.Path(folder, f"{stem}-{TAG}.whl"), "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    pathlib.Path("left-by-the-backend").touch()
    return f"{stem}-{TAG}.whl"
"""
"""Makes a wheel of what is in src/."""


def write_project(  # noqa: PLR0913 (what a project has)
    folder: Path,
    name: str,
    files: Mapping[str, str],
    *,
    version: str = "1.0",
    requires: Sequence[str] = (),
    tag: str = "py3-none-any",
    before: str = "",
    more: str = "",
) -> Path:
    """Write a project; `before` runs with its backend, `more` is of its pyproject.toml."""
    contents = {
        "pyproject.toml": f'[project]\nname = "{name}"\nversion = "{version}"\n'
        f"dependencies = {json.dumps(list(requires))}\n"
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n' + more,
        "backend.py": f"TAG = {tag!r}\n{before}\n{BACKEND}",
        **{f"src/{path}": text for path, text in files.items()},
    }
    for path, text in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def git(folder: Path, *words: str) -> str:
    """Run git in a folder; gives what it says."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout.strip()


def commit(folder: Path) -> str:
    """Put all that is in a folder into a repository there; gives the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


def repositories(folder: Path) -> Answer:
    """Answer as a server of the repositories in a folder, by git's own program.

    https://git-scm.com/docs/git-http-backend
    """

    def answer(request: Request) -> Response:
        method, target, headers, body = request
        path, _, query = target.partition("?")
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "http-backend"],
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
                "HTTP_GIT_PROTOCOL": headers.get("Git-Protocol", ""),
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
            },
            input=body,
            capture_output=True,
            check=False,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        told = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        status = int(told.pop("Status", "200").split()[0])
        told.pop("Content-Length", None)
        return status, told, content

    return answer
