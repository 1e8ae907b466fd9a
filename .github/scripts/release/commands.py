"""The steps of a release, each of which checks before it writes: prepare, check, build, seal, draft, publish."""

import gzip
import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release import bill, changelog, decisions, pins
from release.errors import RefusedError
from release.github import GitHub


@dataclass(frozen=True, kw_only=True)
class Release:
    """What is released: a version of the repository at `root`, at the commit that the run is at."""

    root: Path
    version: str
    commit: str = ""
    branch: str = ""

    @property
    def tag(self) -> str:
        """The tag of the release, which never moves."""
        return f"v{self.version}"

    @property
    def notes(self) -> str:
        """The text of the release; raises RefusedError where CHANGELOG.md is not prepared."""
        return changelog.release_notes(self._read("CHANGELOG.md"), self.version)

    def _read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")


def prepare(root: Path, version: str, date: str) -> list[Path]:
    """Write the version, the pins and, with a date, the changelog's section; gives what was changed."""
    changelog.parse_version(version)
    path = root / pins.VERSION_FILE
    text = path.read_text(encoding="utf-8")
    now = pins.read_version(text)
    if changelog.parse_version(version) < changelog.parse_version(now):
        raise RefusedError(f"{version} is below {now}, which {pins.VERSION_FILE} has")
    new = {path: pins.VERSION_LINE.sub(f'__version__ = "{version}"', text)}
    for file in pins.pinning_files(root):
        new[file] = pins.repinned(file.read_text(encoding="utf-8"), version)
    if date:
        log = root / "CHANGELOG.md"
        new[log] = changelog.dated(log.read_text(encoding="utf-8"), version, date)
    changed = [file for file, wanted in new.items() if file.read_text(encoding="utf-8") != wanted]
    for file in changed:
        file.write_text(new[file], encoding="utf-8")
    return changed


def check(release: Release, github: GitHub) -> int:
    """See that this commit may be released; gives the id of the CI run that was green."""
    changelog.parse_version(release.version)
    now = pins.read_version((release.root / pins.VERSION_FILE).read_text(encoding="utf-8"))
    named = {
        version
        for path in pins.pinning_files(release.root)
        for version in pins.pinned(path.read_text(encoding="utf-8"))
    }
    if {now, *named} != {release.version}:
        raise RefusedError(
            f"the program is {now}, pinned are {', '.join(sorted(named))}: run `make prepare "
            f"VERSION={release.version}`, and merge what it writes"
        )
    _ = release.notes
    default = github.ask("GET", "")["default_branch"]
    if release.branch != default:
        raise RefusedError(f"releases are made of {default}, this run is of {release.branch}")
    runs = github.pages(
        f"actions/workflows/{Path(decisions.CI).name}/runs?head_sha={release.commit}",
        "workflow_runs",
    )
    run = decisions.require_green(runs, release.commit, release.branch)
    _require_unreleased(release, github)
    return run


def build(release: Release, folder: Path) -> None:
    """Write the sources as one archive, and the bill of what the action installs."""
    name = f"layer-builder-{release.version}"
    words = ["git", "archive", "--format=tar", f"--prefix={name}/", release.commit]
    tar = subprocess.run(words, cwd=release.root, check=True, capture_output=True).stdout  # noqa: S603 (git, of our own words)
    locks = {
        lock: (release.root / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        for lock in bill.LOCKS
    }
    folder.mkdir(parents=True)
    (folder / f"{name}.tar.gz").write_bytes(gzip.compress(tar, mtime=0))
    text = bill.write_bill(release.version, release.commit, locks)
    (folder / f"{name}.cdx.json").write_text(text, encoding="utf-8")


def digests_of(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each file of a folder."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def draft(release: Release, github: GitHub, folder: Path, digests: Mapping[str, str]) -> int:
    """Make a draft with notes and files; gives its id. Drafts of earlier tries are deleted."""
    if digests_of(folder) != dict(digests):
        raise RefusedError(f"the files are not those that were built: {json.dumps(digests)}")
    for old in _require_unreleased(release, github):
        github.ask("DELETE", f"releases/{old}")
    made = github.ask(
        "POST",
        "releases",
        {
            "tag_name": release.tag,
            "target_commitish": release.commit,
            "name": release.tag,
            "body": release.notes,
            "draft": True,
            "prerelease": False,
        },
    )
    for path in sorted(folder.iterdir()):
        github.upload(made["upload_url"], path.name, path.read_bytes())
    found = github.ask("GET", f"releases/{made['id']}")
    decisions.require_same(found, release.version, release.commit, digests)
    return int(made["id"])


def publish(release: Release, github: GitHub, number: int, digests: Mapping[str, str]) -> str:
    """Publish the draft, which makes its tag, and move the major's; gives what was done.

    What an approval waited for is looked at again. Run once more after a failure, it goes on from there.
    """
    found = github.ask("GET", f"releases/{number}")
    decisions.require_same(found, release.version, release.commit, digests)
    if found["draft"]:
        check(release, github)
        latest = decisions.moves_major(_tags(github, "v"), release.version)
        words = {"draft": False, "make_latest": str(latest).lower()}
        github.ask("PATCH", f"releases/{number}", words)
    found = github.ask("GET", f"releases/{number}")
    ref = github.ask("GET", f"git/ref/tags/{release.tag}")
    decisions.require_tagged(found, ref, release.commit)
    major = decisions.major_of(release.version)
    if not decisions.moves_major(_tags(github, major), release.version):
        return f"{release.tag} is published; {major} stays at a later version"
    if github.find(f"git/ref/tags/{major}") is None:
        github.ask("POST", "git/refs", {"ref": f"refs/tags/{major}", "sha": release.commit})
    else:
        github.ask("PATCH", f"git/refs/tags/{major}", {"sha": release.commit, "force": True})
    return f"{release.tag} is published; {major} is at {release.commit}"


def _tags(github: GitHub, start: str) -> list[decisions.Json]:
    found: list[decisions.Json] = github.ask("GET", f"git/matching-refs/tags/{start}")
    return found


def _require_unreleased(release: Release, github: GitHub) -> list[int]:
    releases = github.pages("releases")
    return decisions.require_unreleased(releases, _tags(github, release.tag), release.version)
