"""Names on AWS have an owner: nobody publishes over another's, and nobody's versions are deleted."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.answers import Answer
from ..cloud.calls import Call
from ..cloud.proxy import Proxy
from ..conftest import REGION
from .test_known import report

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Versions: TypeAlias = Callable[..., list[str]]
Connect: TypeAlias = Callable[..., Any]

MANIFEST = """\
version: 1
python: "3.12"
retain: 1
layers:
  utils: {{include: {{from: src/, to: python/}}{more}}}
"""


def arn(number: int, region: str = REGION) -> str:
    return f"arn:aws:lambda:{region}:123456789012:layer:utils:{number}"


@pytest.fixture
def team(workspace: Path, run: Run) -> Callable[..., CompletedProcess[str]]:
    """Publish a team's layer `utils`, from a repository of its own."""

    def publish(  # noqa: PLR0913 (what a team may change)
        name: str,
        content: str,
        *words: str,
        more: str = "",
        top: str = "",
        by: str = "GITHUB",
        env: Mapping[str, str] | None = None,
    ) -> CompletedProcess[str]:
        folder = workspace / name
        (folder / "src").mkdir(parents=True, exist_ok=True)
        (folder / "src/utils.py").write_text(content)
        (folder / "layers.yml").write_text(MANIFEST.format(more=more) + top)
        shutil.rmtree(folder / "dist", ignore_errors=True)
        job = {"GITHUB_REPOSITORY": f"octo-org/{name}", "GITHUB_WORKSPACE": str(folder)}
        own = job if by == "GITHUB" else {}
        return run("publish", *words, cwd=folder, env={**own, **(env or {})})

    return publish


@pytest.mark.parametrize("by", ["GITHUB", "folder"])
def test_two_teams_take_turns_and_nobody_loses_anything(
    team: Callable[..., CompletedProcess[str]], versions: Versions, workspace: Path, by: str
) -> None:
    """A publishes, B publishes, A publishes, B publishes, each with `retain: 1`."""
    first = team("a", "A = 1\n", by=by)
    assert first.returncode == 0, first.stderr
    for _ in range(2):
        other = team("b", "B = 1\n", by=by)
        assert other.returncode == 6
        owner = "octo-org/a:layers.yml" if by == "GITHUB" else "a:layers.yml"
        assert f"{arn(1)} was published by {owner}" in other.stderr
        assert "adopt: true" in other.stderr
        assert "zipped" not in other.stderr, "it was refused before the build"
        assert not (workspace / "b/dist/layers/utils.zip").exists()
        again = team("a", "A = 1\n", by=by)
        assert again.returncode == 0, again.stderr
        assert versions() == [arn(1)]
    # Each under a name of its own.
    mine = team("b", "B = 1\n", top='name: "b-{layer}"\n', by=by)
    assert mine.returncode == 0, mine.stderr
    assert versions() == [arn(1).replace("utils", "b-utils"), arn(1)]


@pytest.mark.parametrize(("more", "top"), [(", adopt: true", ""), ("", "adopt: true\n")])
def test_a_name_can_be_taken_over_with_its_versions(
    team: Callable[..., CompletedProcess[str]], versions: Versions, more: str, top: str
) -> None:
    team("a", "A = 1\n")
    taken = team("b", "B = 1\n", more=more, top=top)
    assert taken.returncode == 0, taken.stderr
    assert versions() == [arn(2)], "retain: 1 deletes what was adopted"
    late = team("a", "A = 2\n")
    assert (late.returncode, versions()) == (6, [arn(2)])
    # Without it, what it has by now stays its own.
    assert team("b", "B = 2\n").returncode == 0
    assert versions() == [arn(3)]


def test_equal_bytes_of_another_owner_are_published_anew_when_adopted(
    team: Callable[..., CompletedProcess[str]], versions: Versions, client: Connect
) -> None:
    team("a", "A = 1\n")
    done = team("b", "A = 1\n", more=", adopt: true")
    assert (done.returncode, versions()) == (0, [arn(2)])
    told = client("lambda").get_layer_version(LayerName="utils", VersionNumber=2)
    assert "octo-org/b:layers.yml" in told["Description"]


def test_what_has_no_stamp_is_published_after_and_stays(
    team: Callable[..., CompletedProcess[str]], versions: Versions, client: Connect, tmp_path: Path
) -> None:
    shutil.make_archive(str(tmp_path / "made"), "zip", Path(__file__).parent)
    content = {"ZipFile": (tmp_path / "made.zip").read_bytes()}
    for text in ("made by hand", "", "[another tool 1.0]"):
        client("lambda").publish_layer_version(LayerName="utils", Content=content, Description=text)
    done = team("a", "A = 1\n")
    assert done.returncode == 0, done.stderr
    assert versions() == [arn(number) for number in (1, 2, 3, 4)]
    assert f"{arn(1)}: it has no stamp: what made it is not known" in done.stderr
    assert team("a", "A = 2\n").returncode == 0
    assert versions() == [arn(number) for number in (1, 2, 3, 5)], "its own older one goes"
    assert team("a", "A = 2\n", more=", adopt: true").returncode == 0
    assert versions() == [arn(5)]


def test_a_foreign_name_in_one_region_stops_all_before_the_build(
    team: Callable[..., CompletedProcess[str]], versions: Versions
) -> None:
    team("a", "A = 1\n", "--aws-region", "us-east-1")
    done = team("b", "B = 1\n", "--aws-region", f"{REGION},us-east-1")
    assert done.returncode == 6
    assert arn(1, "us-east-1") in done.stderr
    assert (versions(), versions("us-east-1")) == ([], [arn(1, "us-east-1")])


def test_a_dry_run_is_refused_as_well(team: Callable[..., CompletedProcess[str]]) -> None:
    team("a", "A = 1\n")
    assert team("b", "B = 1\n", "--dry-run").returncode == 6


def test_the_owner_that_a_manifest_names_goes_with_it_wherever_it_is_moved(
    team: Callable[..., CompletedProcess[str]], versions: Versions, workspace: Path
) -> None:
    owner = "owner: the platform team of octo-org, which owns all of the shared layers\n"
    assert team("a", "A = 1\n", top=owner).returncode == 0
    done = team("moved", "A = 2\n", top=owner)
    assert done.returncode == 0, done.stderr
    assert versions() == [arn(2)]
    (layer,) = report(workspace / "moved")["layers"]
    assert layer["stamp"]["owner"].startswith("the_platform_team_of_oct~")


class Overtakes:
    """Another owner, who publishes when the names were looked at, and nothing was built yet."""

    def __init__(self, api: Any, content: bytes) -> None:  # noqa: ANN401 (boto3 makes its classes at run time)
        self.api, self.content, self.is_done = api, content, False

    def refuse(self, call: Call) -> Answer | None:  # noqa: ARG002 (as every rule has it)
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation == "ListLayerVersions" and not self.is_done:
            self.is_done = True
            self.api.publish_layer_version(
                LayerName="utils",
                Content={"ZipFile": self.content},
                Description=f"[llb1 {'k' * 22} octo-org/other:layers.yml -]",
            )
        return answer


def test_an_owner_who_comes_between_the_look_and_the_publish_is_seen(
    team: Callable[..., CompletedProcess[str]],
    versions: Versions,
    client: Connect,
    proxy: Proxy,
    workspace: Path,
) -> None:
    team("other", "B = 1\n", top='name: "b-{layer}"\n')
    before = versions()
    content = (workspace / "other/dist/layers/b-utils.zip").read_bytes()
    proxy.rules = [Overtakes(client("lambda"), content)]
    done = team("a", "A = 1\n", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6
    assert f"{arn(1)} was published by octo-org/other:layers.yml" in done.stderr
    assert "zipped" in done.stderr
    assert versions() == [*before, arn(1)]


def test_a_version_without_a_stamp_on_top_takes_no_name_from_its_owner(
    team: Callable[..., CompletedProcess[str]], versions: Versions, client: Connect, tmp_path: Path
) -> None:
    assert team("a", "A = 1\n").returncode == 0
    shutil.make_archive(str(tmp_path / "made"), "zip", Path(__file__).parent)
    by_hand = {"ZipFile": (tmp_path / "made.zip").read_bytes()}
    client("lambda").publish_layer_version(LayerName="utils", Content=by_hand)
    refused = team("b", "B = 1\n")
    assert refused.returncode == 6
    assert f"{arn(1)} was published by octo-org/a:layers.yml" in refused.stderr
    assert versions() == [arn(1), arn(2)]
    again = team("a", "A = 2\n")
    assert again.returncode == 0, again.stderr
    assert versions() == [arn(2), arn(3)]
    assert team("b", "B = 1\n", more=", adopt: true").returncode == 0


@pytest.mark.parametrize(
    ("of_job", "origin"),
    [
        ("Octo-Org/Contracts", "git@github.com:octo-org/contracts.git"),
        ("octo-org/contracts", "https://github.com/Octo-Org/contracts"),
        ("Octo-Org/contracts", "git@work:octo-org/Contracts.git"),
    ],
)
def test_a_laptop_and_ci_are_one_owner_however_they_write_the_repository(
    team: Callable[..., CompletedProcess[str]], workspace: Path, of_job: str, origin: str
) -> None:
    assert team("a", "A = 1\n", env={"GITHUB_REPOSITORY": of_job}).returncode == 0
    for words in (["init", "-q"], ["remote", "add", "origin", origin]):
        subprocess.run(["git", *words], cwd=workspace / "a", check=True)
    for content, how in (("A = 1\n", "unchanged"), ("A = 2\n", "published")):
        done = team("a", content, by="laptop")
        assert done.returncode == 0, done.stderr
        (layer,) = report(workspace / "a")["layers"]
        assert (layer["action"], layer["stamp"]["owner"]) == (how, "octo-org/contracts:layers.yml")


def test_two_repositories_that_one_job_checks_out_are_two_owners(
    run: Run, workspace: Path, versions: Versions
) -> None:
    job = {"GITHUB_REPOSITORY": "octo-org/deploys", "GITHUB_WORKSPACE": str(workspace)}

    def publish(name: str) -> CompletedProcess[str]:
        folder = workspace / name
        (folder / "src").mkdir(parents=True)
        (folder / "src/utils.py").write_text(f"NAME = '{name}'\n")
        (folder / "layers.yml").write_text(MANIFEST.format(more=""))
        origin = f"https://github.com/octo-org/{name}"
        for words in (["init", "-q"], ["remote", "add", "origin", origin]):
            subprocess.run(["git", *words], cwd=folder, check=True)
        return run("publish", "--manifest", f"{name}/layers.yml", env=job)

    assert publish("a").returncode == 0
    refused = publish("b")
    assert refused.returncode == 6
    assert "was published by octo-org/a:layers.yml" in refused.stderr
    assert versions() == [arn(1)]
