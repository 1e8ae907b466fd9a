"""SSM parameters that hold ARNs: written in each region, when they hold something else."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.answers import Answer
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]

ARN = "arn:aws:lambda:{}:123456789012:layer:{}:{}"
CODE = ARN.format("eu-west-1", "code", 1)


def write(workspace: Path, settings: str = "", top: str = "ssm: '/shop/{layer}'\n") -> None:
    """Write a manifest with two layers of one file."""
    for key in ("code", "more"):
        (workspace / key).mkdir(exist_ok=True)
        (workspace / key / "a.py").write_text(f"A = '{key}'\n")
    more = f", {settings}" if settings else ""
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\n{top}layers:\n'
        f"  code: {{include: code/{more}}}\n  more: {{include: more/}}\n"
    )


def values(ssm: Any) -> dict[str, str]:  # noqa: ANN401 (boto3 makes its classes at run time)
    answer = ssm.get_parameters_by_path(Path="/shop", Recursive=True)
    return {item["Name"]: item["Value"] for item in answer["Parameters"]}


def written(workspace: Path, key: str = "code", region: str = "eu-west-1") -> list[str]:
    layers = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    found = next(layer for layer in layers if layer["key"] == key)["delivery"].get(region, {})
    return list(found.get("parameters", []))


def test_every_region_has_its_own_arns(run: Run, workspace: Path, client: Connect) -> None:
    write(workspace, top="ssm: '/shop/{layer}'\nregions: [eu-west-1, us-east-2]\n")
    done = run("publish")
    assert done.returncode == 0, done.stderr
    for region in ("eu-west-1", "us-east-2"):
        assert values(client("ssm", region)) == {
            f"/shop/{key}": ARN.format(region, key, 1) for key in ("code", "more")
        }
        assert written(workspace, region=region) == ["/shop/code"]
    assert f"code: /shop/code in eu-west-1: {CODE}\n" in done.stderr


@pytest.mark.parametrize(
    ("before", "writes"),
    [
        ("as it was left", 0),
        ("removed", 1),
        ("changed by hand", 1),
    ],
)
def test_a_rerun_writes_what_is_not_so(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, client: Connect, proxy: Proxy, before: str, writes: int
) -> None:
    write(workspace)
    assert run("publish").returncode == 0
    ssm = client("ssm")
    match before:
        case "removed":
            ssm.delete_parameter(Name="/shop/code")
        case "changed by hand":
            ssm.put_parameter(Name="/shop/code", Value="x", Type="String", Overwrite=True)
        case _:
            assert before == "as it was left"
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert proxy.operations().count("PutParameter") == writes
    assert proxy.operations().count("GetParameters") == 1 + writes
    assert values(ssm)["/shop/code"] == CODE
    assert written(workspace) == ["/shop/code"] * writes
    assert "0 published, 2 unchanged" in done.stderr


def test_a_new_version_moves_its_own_parameter_only(
    run: Run, workspace: Path, client: Connect
) -> None:
    write(workspace)
    assert run("publish").returncode == 0
    (workspace / "code/a.py").write_text("A = 2\n")
    assert run("publish").returncode == 0
    assert values(client("ssm")) == {
        "/shop/code": ARN.format("eu-west-1", "code", 2),
        "/shop/more": ARN.format("eu-west-1", "more", 1),
    }
    assert (written(workspace), written(workspace, "more")) == (["/shop/code"], [])


def test_a_dry_run_says_it_and_writes_nothing(run: Run, workspace: Path, client: Connect) -> None:
    write(workspace)
    done = run("publish", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "code: /shop/code in eu-west-1 would hold the ARN\n" in done.stderr
    assert written(workspace) == ["/shop/code"]
    assert values(client("ssm")) == {}


@pytest.mark.parametrize("name", ["{layer}", "{layer}-{architecture}"])
def test_each_target_has_its_parameter_also_where_they_are_one_version(
    run: Run, workspace: Path, client: Connect, proxy: Proxy, name: str
) -> None:
    write(
        workspace,
        f"ssm: '/shop/{{layer}}/{{architecture}}', architecture: [x86_64, arm64], name: '{name}'",
        top="",
    )
    env = {"AWS_ENDPOINT_URL": proxy.url}
    for _ in range(2):
        done = run("publish", env=env)
        assert done.returncode == 0, done.stderr
        assert values(client("ssm")) == {
            f"/shop/code/{target}": ARN.format(
                "eu-west-1", name.format(layer="code", architecture=target), 1
            )
            for target in ("x86_64", "arm64")
        }
    assert proxy.operations().count("PutParameter") == 2


def test_more_parameters_than_one_request_takes(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    (workspace / "a.py").write_text("")
    keys = [f"l{number:02}" for number in range(12)]
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nssm: "/shop/{layer}"\nlayers:\n'
        + "".join(f"  {key}: {{include: a.py}}\n" for key in keys)
    )
    assert run("publish", env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    assert proxy.operations().count("GetParameters") == 2 + 12, "two for all, one before each write"
    assert client("ssm").get_parameter(Name="/shop/l11")["Parameter"]["Value"].endswith(":l11:1")


class Meanwhile:
    """Another run that publishes the next version and writes its ARN, at a call of ours."""

    def __init__(self, client: Connect, operation: str) -> None:
        self.lambda_, self.ssm, self.operation = client("lambda"), client("ssm"), operation
        self.done = False

    def _act(self) -> None:
        self.done = True
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            file.writestr("python/newer.py", "")
        made = self.lambda_.publish_layer_version(
            LayerName="code", Content={"ZipFile": content.getvalue()}
        )
        assert made["Version"] == 2
        self.ssm.put_parameter(
            Name="/shop/code", Value=made["LayerVersionArn"], Type="String", Overwrite=True
        )

    def refuse(self, call: Call) -> Answer | None:
        if call.operation == self.operation == "PutParameter" and not self.done:
            self._act()
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation == self.operation == "PublishLayerVersion" and not self.done:
            self._act()
        return answer


@pytest.mark.parametrize("at", ["PublishLayerVersion", "PutParameter"])
@pytest.mark.parametrize("there", ["absent", "another's"])
def test_an_older_run_that_writes_late_leaves_the_newer_version(  # noqa: PLR0913, PLR0917 (a table's case)
    run: Run, workspace: Path, client: Connect, proxy: Proxy, at: str, there: str
) -> None:
    write(workspace)
    if there != "absent":
        old = ARN.format("eu-west-1", "other", 9)
        client("ssm").put_parameter(Name="/shop/code", Value=old, Type="String")
    proxy.rules = [Meanwhile(client, at)]
    done = run("publish", "--layers", "code", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    newer = ARN.format("eu-west-1", "code", 2)
    assert values(client("ssm"))["/shop/code"] == newer
    said = (
        f"warning: layer code: /shop/code in eu-west-1 holds a newer version, and keeps it: {newer}"
    )
    assert said in done.stderr
    assert json.loads(done.stdout) == {"code": CODE}, "it tells of its own version all the same"


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.INTERNAL, Fault.MALFORMED])
def test_a_write_without_a_clear_answer_leaves_the_newer_version(
    run: Run, workspace: Path, client: Connect, proxy: Proxy, fault: Fault
) -> None:
    write(workspace)
    proxy.rules = [Meanwhile(client, "PutParameter")]
    proxy.troubles = (Trouble(fault=fault, operation="PutParameter"),)
    done = run("publish", "--layers", "code", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert values(client("ssm"))["/shop/code"] == ARN.format("eu-west-1", "code", 2)


def test_a_newer_version_that_was_deleted_is_no_newer_one(
    run: Run, workspace: Path, client: Connect
) -> None:
    write(workspace)
    assert run("publish").returncode == 0
    (workspace / "code/a.py").write_text("A = 2\n")
    assert run("publish").returncode == 0
    client("lambda").delete_layer_version(LayerName="code", VersionNumber=2)
    (workspace / "code/a.py").write_text("A = 'code'\n")
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert values(client("ssm"))["/shop/code"] == CODE
    assert "holds a newer version" not in done.stderr


def test_names_can_follow_or_stay_with_a_version(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    names = "['/shop/{layer}/newest', '/shop/{layer}/{version}', '/shop/{layer}/of/{content}']"
    write(workspace, top=f"ssm: {names}\n")
    contents = []
    for number in (1, 2):
        (workspace / "code/a.py").write_text(f"A = {number}\n")
        for writes in (3, 0):
            proxy.clear()
            words = ["publish", "--layers", "code"]
            done = run(*words, env={"AWS_ENDPOINT_URL": proxy.url})
            assert done.returncode == 0, done.stderr
            assert proxy.operations().count("PutParameter") == writes
        [version, *_] = client("lambda").list_layer_versions(LayerName="code")["LayerVersions"]
        contents.append(version["Description"].split()[-3].partition(".")[0])
    one, two = (ARN.format("eu-west-1", "code", number) for number in (1, 2))
    assert values(client("ssm")) == {
        "/shop/code/newest": two,
        "/shop/code/1": one,
        "/shop/code/2": two,
        f"/shop/code/of/{contents[0]}": one,
        f"/shop/code/of/{contents[1]}": two,
    }
    done = run("publish", "--rebuild")
    assert done.returncode == 0, done.stderr
    assert written(workspace) == []


ALL = """\
regions: [us-east-1, eu-west-1]
ssm: /shop/{layer}
permissions: {organization: o-a1b2c3d4e5}
retain: {versions: 3, days: 7}
s3: {mode: reference}
"""


@pytest.mark.parametrize("bucket", ["ours-{region}", "ours"])
@pytest.mark.parametrize("s3", ["mode: reference", "remove: true"])
def test_the_sandbox_knows_all_of_it(run: Run, workspace: Path, bucket: str, s3: str) -> None:
    write(workspace, top=ALL.replace("mode: reference", s3))
    words = ["publish", "--sandbox", "--s3-bucket", bucket, "--s3-prefix", "layers"]
    done = run(*words, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert done.returncode == (0 if "{" in bucket else 6), done.stderr
    assert "a bug of" not in done.stderr
    if done.returncode == 0:
        assert "2 published to the sandbox" in done.stderr
        assert "code: /shop/code in eu-west-1: arn:" in done.stderr
        assert ":code:1: usable for organization o-a1b2c3d4e5\n" in done.stderr
    else:
        assert "the S3 bucket ours is in us-east-1, and the layers go to eu-west-1" in done.stderr
