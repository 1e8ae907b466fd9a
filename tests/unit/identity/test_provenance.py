"""Whose layer versions are, where no git has to be asked."""

from pathlib import Path

import pytest

from layer_builder.identity.provenance import find_provenance, repository_of
from layer_builder.sources.workspace import Workspace

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.com/octo-org/contracts.git", "octo-org/contracts"),
        ("https://x:secret@example.com/octo-org/contracts", "octo-org/contracts"),
        ("ssh://git@example.com:2222/octo-org/contracts.git/", "octo-org/contracts"),
        ("git@example.com:octo-org/contracts.git", "octo-org/contracts"),
        ("example.com:group/sub/project", "group/sub/project"),
        ("/srv/git/contracts.git", ""),
        ("../contracts", ""),
        ("file:///srv/git/contracts.git", ""),
        ("https://example.com/", ""),
        ("https://[broken/octo-org/contracts", ""),
        ("", ""),
    ],
)
def test_a_repository_is_named_as_its_host_names_it(address: str, name: str) -> None:
    assert repository_of(address) == name


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "contracts"
    (folder / "infra").mkdir(parents=True)
    (folder / "infra/layers.yml").touch()
    return folder


def test_in_a_workflow_the_repository_and_the_path_say_it(checkout: Path) -> None:
    manifest = checkout / "infra/layers.yml"
    environ = {
        "GITHUB_WORKSPACE": str(checkout), "GITHUB_REPOSITORY": "octo-org/contracts", "GITHUB_SHA": SHA
    }  # fmt: skip
    found = find_provenance("", manifest, Workspace.around(manifest, environ), environ)
    assert (found.owner, found.commit) == ("octo-org/contracts:infra/layers.yml", SHA[:12])
    assert str(found) == "octo-org/contracts:infra/layers.yml (GITHUB_REPOSITORY)"


def test_a_repository_is_the_same_in_any_case_and_a_path_is_not(checkout: Path) -> None:
    manifest = checkout / "infra/Layers.yml"
    manifest.touch()
    environ = {"GITHUB_WORKSPACE": str(checkout), "GITHUB_REPOSITORY": "Octo-Org/Contracts"}
    workspace = Workspace.around(manifest, environ)
    found = find_provenance("", manifest, workspace, environ)
    assert found.owner == "octo-org/contracts:infra/Layers.yml"
    named = find_provenance("Team-Blue", manifest, workspace, environ)
    assert named.owner == "Team-Blue", "an owner that is named is as it was named"


def test_the_manifest_says_it_before_all_others(checkout: Path) -> None:
    manifest = checkout / "infra/layers.yml"
    environ = {"GITHUB_REPOSITORY": "octo-org/contracts", "GITHUB_SHA": "none"}
    found = find_provenance("team blue", manifest, Workspace.around(manifest, environ), environ)
    assert (found.written, found.commit) == ("team blue", "-")
    assert found.owner.startswith("team_blue~")
    assert str(found) == f"team blue (owner: of the manifest, in stamps {found.owner})"


def test_without_git_the_folder_of_the_manifest_says_it_from_anywhere(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = checkout / "infra/layers.yml"
    found = set()
    for folder in (checkout, checkout.parent, checkout / "infra"):
        monkeypatch.chdir(folder)
        found.add(find_provenance("", manifest, Workspace.around(manifest, {}), {}).owner)
    assert found == {"infra:layers.yml"}
