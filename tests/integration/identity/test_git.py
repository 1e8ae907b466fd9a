"""Whose layer versions are, as git says it."""

import subprocess
from pathlib import Path

import pytest

from layer_builder.identity import find_provenance
from layer_builder.sources import Workspace


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout.strip()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    folder = tmp_path / "contracts" / "infra"
    folder.mkdir(parents=True)
    path = folder / "layers.yml"
    path.touch()
    git(folder.parent, "init", "-q")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "-q", "-m", "a")
    return path


@pytest.mark.parametrize(
    ("origin", "repository"),
    [
        (None, "contracts"),
        ("/srv/git/elsewhere.git", "contracts"),
        ("git@example.com:octo-org/contracts.git", "octo-org/contracts"),
        ("https://user:secret@example.com/octo-org/contracts", "octo-org/contracts"),
        ("https://github.com/Octo-Org/Contracts.git", "octo-org/contracts"),
    ],
)
def test_on_a_laptop_gits_origin_says_it(
    manifest: Path, origin: str | None, repository: str
) -> None:
    if origin:
        git(manifest.parent, "remote", "add", "origin", origin)
    found = find_provenance("", manifest, Workspace.around(manifest, {}), {})
    assert found.owner == f"{repository}:infra/layers.yml"
    assert found.commit == git(manifest.parent, "rev-parse", "HEAD")[:12]
    assert "secret" not in str(found)


def test_without_a_commit_there_is_none(tmp_path: Path) -> None:
    manifest = tmp_path / "layers.yml"
    manifest.touch()
    git(tmp_path, "init", "-q")
    found = find_provenance("", manifest, Workspace.around(manifest, {}), {})
    assert (found.written, found.commit) == (f"{tmp_path.name}:layers.yml", "-")


def test_a_checkout_of_another_repository_than_the_jobs_says_it_itself(
    manifest: Path, tmp_path: Path
) -> None:
    job = {
        "GITHUB_WORKSPACE": str(tmp_path), "GITHUB_REPOSITORY": "octo-org/deploys", "GITHUB_SHA": "f" * 40
    }  # fmt: skip

    def found() -> tuple[str, str, str]:
        provenance = find_provenance("", manifest, Workspace.around(manifest, job), job)
        return provenance.written, provenance.commit, provenance.source

    of_job = ("f" * 12, "GITHUB_REPOSITORY")
    assert found() == ("octo-org/deploys:contracts/infra/layers.yml", *of_job)
    git(manifest.parent, "remote", "add", "origin", "https://example.com/Octo-Org/deploys.git")
    assert found() == ("octo-org/deploys:infra/layers.yml", *of_job)
    git(manifest.parent, "remote", "set-url", "origin", "https://example.com/octo-org/contracts")
    commit = git(manifest.parent, "rev-parse", "HEAD")[:12]
    source = "git's origin; the job is of octo-org/deploys"
    assert found() == ("octo-org/contracts:infra/layers.yml", commit, source)
