"""Functions get the very versions that were published, or those that somebody named (on ministack)."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from layer_builder.errors import shortened

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.proxy import Proxy
from ..conftest import REGION
from .test_attach import Attach, Cloud, Connect, Run, arns
from .test_update import ACCOUNT, UPDATE, Script, connected

LIST, READ = "ListLayerVersions", "GetLayerVersion"
MANIFEST = """\
version: 1
python: "3.12"
layers:
  a: {include: src/a.py}
  c: {include: src/c.py}
functions:
  worker: {function-name: shop-worker, layers: [c]}
  api: {function-name: shop-api, layers: [a, c]}
"""


@pytest.fixture
def cloud(ministack: str) -> Cloud:
    """Give an AWS with a version of each layer that is not ours, and two functions that have them."""
    made = Cloud(connected(ministack))
    for name in "ac":
        made.layer(name)
    made.function("shop-worker", "c:1")
    made.function("shop-api", "a:1 c:1")
    for name in ("shop-worker", "shop-api"):
        made.api.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.05}
        )
    return made


@pytest.fixture
def program(run: Run, proxy: Proxy, ministack: str, workspace: Path) -> Attach:
    """Run the program in a workspace whose layers were never published."""
    proxy.upstream = ministack
    (workspace / "layers.yml").write_text(MANIFEST)
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "src/c.py").write_text("C = 1\n")
    env = {"AWS_ENDPOINT_URL": proxy.url, "AWS_ACCESS_KEY_ID": ACCOUNT}
    return lambda *words, **more: run(*words, env=env | more.pop("env", {}), **more)


@dataclass(kw_only=True)
class Behind:
    """A list that lacks its newest versions, for so many calls."""

    lacks: int = 1
    calls: int = 10_000

    def refuse(self, _: Call) -> Answer | None:
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation != LIST or self.calls <= 0:
            return answer
        self.calls -= 1
        found = json.loads(answer.body)
        newest = sorted(found["LayerVersions"], key=lambda one: -one["Version"])
        found["LayerVersions"] = newest[self.lacks :]
        return replace(answer, body=json.dumps(found).encode())


def outputs(workspace: Path, name: str) -> Any:  # noqa: ANN401 (JSON)
    text = (workspace / "outputs").read_text()
    _, _, rest = text.rpartition(f"{name}<<")
    delimiter, _, rest = rest.partition("\n")
    return json.loads(rest.partition(f"\n{delimiter}")[0])


def recorded(workspace: Path) -> dict[str, str]:
    (workspace / "outputs").write_text("")
    return {"GITHUB_OUTPUT": str(workspace / "outputs"), "GITHUB_ACTIONS": "true"}


def published(program: Attach, workspace: Path) -> dict[str, str]:
    """Publish version 2 of each layer, and give the digests that it hands on."""
    done = program("publish", env=recorded(workspace))
    assert done.returncode == 0, done.stdout
    found: dict[str, str] = outputs(workspace, "digests")
    return found


def test_what_publish_left_is_attached_though_the_list_is_behind(
    program: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    published(program, workspace)
    proxy.rules = [Behind()]
    done = program("attach")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == arns("c:2")
    assert cloud.layers("shop-api") == arns("a:2 c:2")
    said = "versions: those that publish left in dist/layers/layers.by-region.json\n"
    assert said in done.stderr


def test_what_another_branch_published_in_between_is_not_attached(
    program: Attach, cloud: Cloud, workspace: Path
) -> None:
    published(program, workspace)
    cloud.layer("c")
    done = program("attach")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == arns("c:2")
    newest = program("attach", "--arns", "newest")
    assert newest.returncode == 0, newest.stderr
    assert cloud.layers("shop-worker") == arns("c:3")
    back = program("attach")
    assert cloud.layers("shop-worker") == arns("c:2")
    assert f"goes back: replaced {arns('c:3')[0]} → 2" in back.stderr


@pytest.mark.parametrize("late", [0, 2, 10_000])
def test_a_digest_is_waited_for_and_found_below_what_another_branch_published(
    program: Attach, cloud: Cloud, proxy: Proxy, workspace: Path, late: int
) -> None:
    digests = json.dumps(published(program, workspace))
    cloud.layer("c")
    proxy.heard.clear()
    proxy.rules = [Behind(lacks=2, calls=late)]
    words = ("attach", "--arns", "newest", "worker", "--digests", digests)
    done = program(*words)
    if late < 100:
        assert done.returncode == 0, done.stderr
        assert cloud.layers("shop-worker") == arns("c:2")
        assert proxy.operations().count(LIST) == late + 1
        return
    assert done.returncode == 6
    assert "layer c: none of its newest 1 versions in eu-west-1 is the zip of input digests" in (
        done.stderr
    )
    assert cloud.layers("shop-worker") == arns("c:1")


def test_a_function_does_not_go_back_because_the_list_is_behind(
    program: Attach, cloud: Cloud, proxy: Proxy
) -> None:
    cloud.layer("c")
    cloud.api.update_function_configuration(FunctionName="shop-worker", Layers=arns("c:2"))
    proxy.rules = [Behind()]
    done = program("attach", "--layers", "c")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == arns("c:2")
    assert f"{arns('c:2')[0]} is there, and AWS does not list it yet" in done.stderr


def test_a_version_that_was_deleted_is_replaced_by_the_newest(
    program: Attach, cloud: Cloud
) -> None:
    cloud.layer("c")
    cloud.api.update_function_configuration(FunctionName="shop-worker", Layers=arns("c:2"))
    cloud.api.delete_layer_version(LayerName="c", VersionNumber=2)
    done = program("attach", "--layers", "c")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == arns("c:1")
    assert f"{arns('c:2')[0]} was deleted: {arns('c:1')[0]} is the newest" in done.stderr


@pytest.mark.parametrize(
    "handed", ["layers.json", "layers.by-region.json", "report.json", "text", "json", "list"]
)
def test_versions_are_named_by_all_that_a_publish_hands_on(
    program: Attach, cloud: Cloud, workspace: Path, handed: str
) -> None:
    published(program, workspace)
    (workspace / "dist/layers").rename(workspace / "handed")
    texts = {
        "text": ",".join(arns("a:2 c:2")),
        "json": json.dumps({REGION: {"c": arns("c:2")[0], "a": arns("a:2")[0]}}),
        "list": json.dumps(arns("a:2 c:2")),
    }
    cloud.layer("c")
    done = program("attach", "--arns", texts.get(handed, f"handed/{handed}"))
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-api") == arns("a:2 c:2")
    assert cloud.layers("shop-worker") == arns("c:2")


@pytest.mark.parametrize("by_key", [True, False])
def test_a_version_that_is_of_no_layer_is_told(
    program: Attach, cloud: Cloud, *, by_key: bool
) -> None:
    cloud.layer("a")
    cloud.layer("cc")
    key = " for cc" if by_key else ""
    named = {"a": arns("a:2")[0], "cc": arns("c:1")[0]}
    strange = arns("c:1" if by_key else "cc:1")[0]
    handed = json.dumps(named) if by_key else ",".join((*arns("a:2"), strange))
    done = program("attach", "--arns", handed)
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-api") == arns("a:2 c:1")
    assert (
        f"warning: layers.yml: input arns names {strange}{key}, which is of no layer of the manifest:"
        " no function got it\n  → did you mean 'c'?\n"
    ) in done.stderr
    assert done.stderr.count("is of no layer") == 1


def test_a_layer_that_is_not_named_stays_as_it_is(program: Attach, cloud: Cloud) -> None:
    for name in "ac":
        cloud.layer(name)
    cloud.function("shop-other", "")
    done = program("attach", "--arns", arns("a:2")[0])
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-api") == arns("a:2 c:1")
    assert cloud.layers("shop-worker") == arns("c:1")
    assert "function worker: left out: input arns names none of its layers\n" in done.stderr
    cloud.api.update_function_configuration(FunctionName="shop-api", Layers=[])
    lacking = program("attach", "--arns", arns("a:2")[0])
    assert lacking.returncode == 2
    assert "no version of its layer c is named, and it has none that could stay" in lacking.stderr


@pytest.mark.parametrize("by_report", [True, False])
def test_a_version_that_holds_another_zip_is_refused(
    program: Attach, cloud: Cloud, proxy: Proxy, workspace: Path, *, by_report: bool
) -> None:
    digests = published(program, workspace)
    digests["c"] = "0" * 64
    words = ["attach", "worker"]
    if by_report:
        report = workspace / "dist/layers/report.json"
        report.write_text(report.read_text().replace(published_digest(report), "0" * 64))
    else:
        (workspace / "dist/layers/report.json").unlink()
        words += ["--digests", json.dumps(digests)]
    proxy.heard.clear()
    done = program(*words)
    assert done.returncode == 6
    assert f"layer c: {arns('c:2')[0]} is not the version that dist/layers/layers.by-region" in (
        done.stderr
    )
    assert f"    sha256 expected: {'0' * 64}\n" in done.stderr
    assert UPDATE not in proxy.operations()
    assert cloud.layers("shop-worker") == arns("c:1")


def published_digest(report: Path) -> str:
    layers = json.loads(report.read_text())["layers"]
    (found,) = [layer["sha256"] for layer in layers if layer["key"] == "c"]
    return str(found)


@pytest.mark.parametrize("late", [2, 99])
def test_a_named_version_may_be_readable_late(
    program: Attach, cloud: Cloud, proxy: Proxy, late: int
) -> None:
    cloud.layer("c")

    def refuse(call: Call) -> Answer | None:
        is_late = len(script.calls) <= late
        return refusal(call, 404, "ResourceNotFoundException", "no such") if is_late else None

    script = Script(operation=READ, before=refuse)
    proxy.rules = [script]
    done = program("attach", "--arns", arns("c:2")[0], "worker")
    if late == 2:
        assert done.returncode == 0, done.stderr
        assert cloud.layers("shop-worker") == arns("c:2")
        return
    assert done.returncode == 6
    assert f"there is no layer version {arns('c:2')[0]}\n" in done.stderr
    assert "    looked 5 times\n" in done.stderr
    assert cloud.layers("shop-worker") == arns("c:1")


def test_the_parameters_say_which_versions(
    program: Attach, cloud: Cloud, ministack: str, workspace: Path
) -> None:
    for _ in range(3):
        cloud.layer("c")
    ssm = connected(ministack)("ssm")
    ssm.put_parameter(Name="/shop/c", Value=arns("c:3")[0], Type="String")
    assert program("attach", "--arns", "ssm").returncode == 2
    (workspace / "layers.yml").write_text(f"ssm: '/shop/{{layer}}'\n{MANIFEST}")
    done = program("attach", "--arns", "ssm")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == arns("c:3")
    assert cloud.layers("shop-api") == arns("a:1 c:3")


@pytest.mark.parametrize(
    "value", ["none", ",".join(arns("c:1 c:2")), ",".join(arns("c:1 c:1")), "[]", '{"c": 3}']
)
def test_a_parameter_that_holds_no_single_arn_is_told_with_what_it_holds(
    program: Attach, cloud: Cloud, ministack: str, workspace: Path, value: str
) -> None:
    kind: Any = "StringList" if "," in value else "String"
    connected(ministack)("ssm").put_parameter(Name="/shop/c", Value=value, Type=kind)
    (workspace / "layers.yml").write_text(f"ssm: '/shop/{{layer}}'\n{MANIFEST}")
    done = program("attach", "--arns", "ssm")
    assert done.returncode == 2, done.stderr
    assert (
        "error: layers.yml:6:3: layer c: the SSM parameter /shop/c in eu-west-1 does not hold the"
        f" ARN of one layer version: {shortened(value)}\n"
        "    no function was changed\n"
        "  → publish writes it; see who else does\n"
    ) in done.stderr
    assert cloud.layers("shop-worker") == arns("c:1")


TARGETS = """\
version: 1
python: ["3.11", "3.12"]
name: a
ssm: /mt/{layer}
layers:
  a: {include: src/a.py}
functions:
  old: {function-name: shop-old, python: "3.11", layers: [a]}
  new: {function-name: shop-new, python: "3.12", layers: [a]}
"""


def test_targets_that_share_a_parameter_are_all_named_by_it(
    program: Attach, cloud: Cloud, workspace: Path
) -> None:
    (workspace / "layers.yml").write_text(TARGETS)
    cloud.function("shop-old", "a:1", Runtime="python3.11")
    cloud.function("shop-new", "a:1", Runtime="python3.12")
    published(program, workspace)
    shutil.rmtree(workspace / "dist")
    done = program("attach", "--arns", "ssm")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-old") == arns("a:2")
    assert cloud.layers("shop-new") == arns("a:2")


def test_a_layer_goes_back_and_the_others_stay(program: Attach, cloud: Cloud) -> None:
    for name in "aacc":
        cloud.layer(name)
    cloud.layer("other")
    for name, layers in (("shop-api", "other:1 a:2 c:3"), ("shop-worker", "c:3")):
        cloud.api.update_function_configuration(FunctionName=name, Layers=arns(layers))
    done = program("attach", "api", "c@1")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-api") == arns("other:1 a:2 c:1")
    assert cloud.layers("shop-worker") == arns("c:3")
    assert "goes back" not in done.stderr
    everywhere = program("attach", "c@2")
    assert everywhere.returncode == 0, everywhere.stderr
    assert cloud.layers("shop-api") == arns("other:1 a:2 c:2")
    assert cloud.layers("shop-worker") == arns("c:2")


def test_a_function_goes_back_to_the_layers_of_one_of_its_versions(
    program: Attach, cloud: Cloud, workspace: Path
) -> None:
    for name in "aacc":
        cloud.layer(name)
    cloud.layer("other")
    cloud.api.publish_version(FunctionName="shop-api")
    layers = arns("other:1 c:3")
    cloud.api.update_function_configuration(FunctionName="shop-api", Layers=layers)
    env = recorded(workspace) | {"INPUT_COMMAND": "attach", "INPUT_ROLLBACK": '{"api": 1}'}
    done = program(env=env)
    assert done.returncode == 0, done.stdout
    assert cloud.layers("shop-api") == arns("other:1 a:1 c:1")
    assert outputs(workspace, "function-layers") == {"api": arns("other:1 a:1 c:1")}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["ap"], 2, "there is no function or layer 'ap'\n  → did you mean 'api'?"),
        (["c@0"], 2, "input rollback: 'c@0' is neither NAME nor NAME@NUMBER"),
        (["worker", "a@1"], 2, "worker has no layer a"),
        (["worker", "c@1", "c@2"], 2, "function worker cannot go back to two versions at once"),
        (["worker", "c@9"], 6, "there is no version 9 of its layer c"),
        (["worker@9"], 6, "function worker (shop-worker) in eu-west-1: it has no version 9\n"),
        (["worker@9"], 6, "`aws lambda list-versions-by-function --function-name shop-worker`"),
    ],
)
def test_what_cannot_be_gone_back_to_is_said(
    program: Attach, cloud: Cloud, words: list[str], code: int, said: str
) -> None:
    done = program("attach", *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert cloud.layers("shop-worker") == arns("c:1")


def test_a_consumer_attaches_shared_layers_that_it_cannot_list(
    program: Attach, cloud: Cloud, ministack: str, proxy: Proxy
) -> None:
    theirs = Cloud(connected_as(ministack, "999999999999"))
    for _ in range(2):
        theirs.layer("c")
    old, shared = (one.replace(":C:", ":c:") for one in arns("C:1 C:2"))
    for version in (1, 2):
        theirs.api.add_layer_version_permission(
            LayerName="c",
            VersionNumber=version,
            StatementId="shared",
            Action="lambda:GetLayerVersion",
            Principal=ACCOUNT,
        )
    cloud.api.update_function_configuration(FunctionName="shop-worker", Layers=[old])

    def refuse(call: Call) -> Answer:
        return refusal(call, 403, "AccessDeniedException", "User: u is not authorized")

    proxy.rules = [Script(operation=LIST, before=refuse)]
    done = program("attach", "--arns", json.dumps({"c": shared}), "worker")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == [shared]
    assert LIST not in proxy.operations()
    back = program("attach", "worker", "c@1")
    assert back.returncode == 0, back.stderr
    assert cloud.layers("shop-worker") == [old]


def connected_as(url: str, account: str) -> Connect:
    """Open clients of another account of a ministack."""
    from ..cloud.sessions import session  # noqa: PLC0415 (beside its only use)

    return lambda service, region=REGION: session(account).client(
        service, endpoint_url=url, region_name=region
    )


@pytest.mark.parametrize("is_behind", [True, False])
def test_drift_is_told_by_an_output_and_by_the_exit_code(
    program: Attach, cloud: Cloud, workspace: Path, *, is_behind: bool
) -> None:
    if is_behind:
        cloud.layer("c")
    words = ("attach", "--dry-run", "--fail-on-changes")
    done = program(*words, env=recorded(workspace))
    assert done.returncode == (7 if is_behind else 0), done.stdout
    changes = {
        "api": {REGION: {"before": arns("a:1 c:1"), "after": arns("a:1 c:2")}},
        "worker": {REGION: {"before": arns("c:1"), "after": arns("c:2")}},
    }
    assert outputs(workspace, "changes") == {"functions": changes if is_behind else {}}
    assert cloud.layers("shop-worker") == arns("c:1")
    assert json.loads((workspace / "dist/layers/report.json").read_text())["exit_code"] == (
        done.returncode
    )


def test_a_function_that_was_not_written_to_is_not_told_as_changed(
    program: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    cloud.layer("c")

    def refuse(call: Call) -> Answer | None:
        if "shop-api" not in call.target:
            return None
        return refusal(call, 403, "AccessDeniedException", "no")

    proxy.rules = [Script(operation=UPDATE, before=refuse)]
    done = program("attach", env=recorded(workspace))
    assert done.returncode == 6, done.stdout
    assert (cloud.layers("shop-api"), cloud.layers("shop-worker")) == (arns("a:1 c:1"), arns("c:2"))
    assert outputs(workspace, "changes") == {
        "functions": {"worker": {REGION: {"before": arns("c:1"), "after": arns("c:2")}}}
    }


def test_a_dry_run_of_publish_tells_by_its_exit_code_too(program: Attach, cloud: Cloud) -> None:
    assert cloud.layers("shop-api") == arns("a:1 c:1")
    words = ("publish", "--dry-run", "--fail-on-changes")
    assert program(*words).returncode == 7
    assert program("publish").returncode == 0
    assert program(*words).returncode == 0
    assert program("publish", "--fail-on-changes").returncode == 2
