"""Decides on what GitHub's API answered: may this commit be released, may this draft, where does v0 go; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from release.changelog import VERSION, parse_version
from release.errors import RefusedError

Json = Mapping[str, Any]
CI = ".github/workflows/ci.yml"


def major_of(version: str) -> str:
    """Give the tag that moves with a version: `v0` of 0.2.0."""
    return f"v{parse_version(version)[0]}"


def require_green(runs: Sequence[Json], commit: str, branch: str) -> int:
    """Give the id of the CI run that was good at this commit of the branch.

    Counted is the newest push run: a pull request's ran at a merge that is no commit of the branch.
    https://docs.github.com/en/rest/actions/workflow-runs
    """
    counted = [
        run
        for run in runs
        if run["head_sha"] == commit
        and run["head_branch"] == branch
        and run["event"] == "push"
        and run["path"].partition("@")[0] == CI
    ]
    if not counted:
        raise RefusedError(
            f"CI has not run for {commit} on {branch}: wait for it, or push it there"
        )
    newest = max(counted, key=lambda run: (run["run_number"], run.get("run_attempt", 1)))
    if (newest["status"], newest["conclusion"]) != ("completed", "success"):
        state = newest["conclusion"] or newest["status"]
        raise RefusedError(f"CI is not green at {commit}: {state}, {newest['html_url']}")
    return int(newest["id"])


def require_unreleased(releases: Sequence[Json], refs: Sequence[Json], version: str) -> list[int]:
    """Give the ids of drafts of this version, which a new one takes the place of."""
    tag = f"v{version}"
    mine = [release for release in releases if release["tag_name"] == tag]
    if any(not release["draft"] for release in mine):
        raise RefusedError(f"{tag} is released: a release stays as it is, prepare the next version")
    if any(ref["ref"] == f"refs/tags/{tag}" for ref in refs):
        raise RefusedError(
            f"the tag {tag} exists without a release: delete it, or take another version"
        )
    return [int(release["id"]) for release in mine]


def require_same(release: Json, version: str, commit: str, digests: Mapping[str, str]) -> None:
    """Hold a release to what was checked and built: its tag, its commit, and the bytes of its files."""
    found = {asset["name"]: str(asset["digest"]) for asset in release["assets"]}
    wanted = {name: f"sha256:{digest}" for name, digest in digests.items()}
    wrong = [f"its tag is {release['tag_name']!a}"] if release["tag_name"] != f"v{version}" else []
    if release["target_commitish"] != commit:
        wrong.append(f"its commit is {release['target_commitish']!a}, not {commit}")
    wrong += [
        f"{name} is {found.get(name, 'missing')}, built was {wanted.get(name, 'none')}"
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ]
    if wrong:
        raise RefusedError("the draft is not what this run made: " + "; ".join(wrong))


def require_tagged(release: Json, ref: Json, commit: str) -> None:
    """See that a published release cannot change any more, and is at the commit."""
    target = ref["object"]
    if (target["type"], target["sha"]) != ("commit", commit):
        raise RefusedError(f"{ref['ref']} is at {target['type']} {target['sha']}, not at {commit}")
    if not release.get("immutable"):
        raise RefusedError(
            f"{release['tag_name']} is published, and can be changed: enable immutable releases in the "
            "repository's settings and release the next version; the major's tag was not moved"
        )


def moves_major(refs: Sequence[Json], version: str) -> bool:
    """Say whether the major's tag goes to this version: not back from a later one."""
    names = [ref["ref"].removeprefix("refs/tags/v") for ref in refs]
    versions = [parse_version(name) for name in names if VERSION.fullmatch(name)]
    mine = parse_version(version)
    return all(other <= mine for other in versions if other[0] == mine[0])
