"""`python3 -I .github/scripts STEP`: a step of a release, with its words from the environment of a workflow."""

import argparse
import datetime as dt
import json
import os
import sys
from pathlib import Path

from release import commands
from release.errors import RefusedError
from release.github import GitHub

ROOT = Path(__file__).resolve().parents[2]
TODAY = "today"


def run(words: list[str]) -> int:
    """Do one step; 0 when it is done, 1 with an annotation when it is refused."""
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    parser.add_argument("step", choices=("prepare", "check", "build", "seal", "draft", "publish"))
    parser.add_argument("version", help="X.Y.Z")
    parser.add_argument("--date", default=TODAY, help="of the changelog's section; empty: leave it")
    parser.add_argument("--folder", type=Path, default=Path("dist/release"))
    asked = parser.parse_args(words)
    try:
        for name, value in _step(asked).items():
            print(f"{name}: {value}")
            _output(name, value)
    except RefusedError as error:
        print(f"::error::{str(error)!a}" if os.environ.get("GITHUB_ACTIONS") else error)
        return 1
    return 0


def _step(asked: argparse.Namespace) -> dict[str, str]:
    """Give the outputs of a step."""
    if asked.step == "prepare":
        today = dt.datetime.now(tz=dt.UTC).date().isoformat()
        date = today if asked.date == TODAY else asked.date
        changed = commands.prepare(ROOT, asked.version, date)
        return {path.relative_to(ROOT).as_posix(): "written" for path in changed}
    around = os.environ
    release = commands.Release(
        root=ROOT,
        version=asked.version,
        commit=around["GITHUB_SHA"],
        branch=around["GITHUB_REF"].removeprefix("refs/heads/"),
    )
    if asked.step == "build":
        commands.build(release, asked.folder)
        return {}
    if asked.step == "seal":
        return {"digests": json.dumps(commands.digests_of(asked.folder))}
    github = GitHub(
        url=around["GITHUB_API_URL"],
        repository=around["GITHUB_REPOSITORY"],
        token=around["GH_TOKEN"],
    )
    if asked.step == "check":
        return {"ci-run": str(commands.check(release, github))}
    digests = json.loads(around["DIGESTS"])
    if asked.step == "draft":
        return {"release": str(commands.draft(release, github, asked.folder, digests))}
    number = int(around["RELEASE"])
    return {"done": commands.publish(release, github, number, digests)}


def _output(name: str, value: str) -> None:
    path = os.environ.get("GITHUB_OUTPUT")
    if path and "\n" not in value:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
