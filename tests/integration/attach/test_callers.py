"""New layers get to those who call a version or an alias, or it is said that they do not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
from ..cloud.proxy import Proxy
from .test_attach import Attach, Cloud, Run, arns, report
from .test_update import ACCOUNT, UPDATE, Script, connected

PUBLISH, MOVE = "PublishVersion", "UpdateAlias"
NEW = ["ListAliases", "ListVersionsByFunction", PUBLISH, MOVE]


@pytest.fixture(autouse=True)
def cloud(ministack: str) -> Cloud:
    """Give a function whose alias `live` leads to its version 1, with layers that are old."""
    made = Cloud(connected(ministack))
    for _ in range(2):
        made.layer("c")
    made.function("shop-worker", "c:1")
    wait(made)
    made.api.publish_version(FunctionName="shop-worker")
    made.api.create_alias(FunctionName="shop-worker", Name="live", FunctionVersion="1")
    return made


def wait(cloud: Cloud) -> None:
    cloud.api.get_waiter("function_updated_v2").wait(
        FunctionName="shop-worker", WaiterConfig={"Delay": 0.05}
    )


@pytest.fixture
def attach(run: Run, proxy: Proxy, ministack: str, workspace: Path) -> Attach:
    proxy.upstream = ministack
    env = {"AWS_ENDPOINT_URL": proxy.url, "AWS_ACCESS_KEY_ID": ACCOUNT}
    env["LAYER_BUILDER_READ_TIMEOUT"] = "2"

    def start(settings: str = "", *words: str) -> Any:  # noqa: ANN401 (the completed process)
        (workspace / "layers.yml").write_text(
            'version: 1\npython: "3.12"\nlayers:\n  c: {include: src/}\nfunctions:\n'
            f"  worker: {{function-name: shop-worker, layers: [c]{settings}}}\n"
        )
        return run("attach", *words, env=env)

    return start


def live(cloud: Cloud) -> tuple[str, dict[str, float]]:
    alias = cloud.api.get_alias(FunctionName="shop-worker", Name="live")
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return alias["FunctionVersion"], weights


def of_version(cloud: Cloud, version: str) -> list[str]:
    answer = cloud.api.get_function(FunctionName="shop-worker", Qualifier=version)
    return [layer["Arn"] for layer in answer["Configuration"].get("Layers", ())]


def versions(cloud: Cloud) -> list[str]:
    found = cloud.api.list_versions_by_function(FunctionName="shop-worker")["Versions"]
    return [one["Version"] for one in found]


def test_an_alias_that_keeps_the_old_layers_is_told(attach: Attach, cloud: Cloud) -> None:
    done = attach()
    assert done.returncode == 0, done.stderr
    assert (cloud.layers("shop-worker"), live(cloud)) == (arns("c:2"), ("1", {}))
    assert (
        "warning: layers.yml:6:3: function worker (shop-worker) in eu-west-1: callers of its alias"
        " live (version 1) keep other layers than these\n  → alias: in the manifest names the one"
        " that is to follow\n"
    ) in done.stderr


def test_an_alias_follows_once_the_version_is_there(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    done = attach(", alias: live")
    assert done.returncode == 0, done.stderr
    assert (live(cloud), versions(cloud)) == (("2", {}), ["$LATEST", "1", "2"])
    assert of_version(cloud, "2") == arns("c:2")
    assert "function worker (shop-worker) in eu-west-1: published as version 2\n" in done.stderr
    assert "function worker (shop-worker) in eu-west-1: alias live: 1 → 2\n" in done.stderr
    assert "keep other layers" not in done.stderr
    (told,) = report(workspace)["attachments"]
    assert told["published_version"] == "2"
    assert told["alias"] == {"name": "live", "before": "1", "after": "2"}
    calls = proxy.operations()
    assert calls.index(UPDATE) < calls.index(PUBLISH) < calls.index(MOVE)
    proxy.heard.clear()
    again = attach(", alias: live")
    assert again.returncode == 0, again.stderr
    assert "unchanged, 1 layers" in again.stderr
    assert not {UPDATE, PUBLISH, MOVE} & set(proxy.operations())


def test_a_version_is_published_without_an_alias(attach: Attach, cloud: Cloud) -> None:
    done = attach(", publish-version: true")
    assert done.returncode == 0, done.stderr
    assert (live(cloud), versions(cloud)) == (("1", {}), ["$LATEST", "1", "2"])
    assert "callers of its alias live (version 1) keep other layers" in done.stderr


def test_a_share_of_the_calls_goes_first_and_all_of_them_later(
    attach: Attach, cloud: Cloud, workspace: Path
) -> None:
    first = attach(", alias: live, weight: 10%")
    assert first.returncode == 0, first.stderr
    assert live(cloud) == ("1", {"2": 0.1})
    assert "alias live: 1 → 1 and 2 (10%)\n" in first.stderr
    same = attach(", alias: live, weight: 10%", "--dry-run", "--fail-on-changes")
    assert same.returncode == 0, same.stderr
    ahead = attach(", alias: live", "--dry-run", "--fail-on-changes")
    assert ahead.returncode == 7
    assert "would move: alias live: 1 and 2 (10%) → 2\n" in ahead.stderr
    assert live(cloud) == ("1", {"2": 0.1})
    all_of_them = attach(", alias: live")
    assert all_of_them.returncode == 0, all_of_them.stderr
    assert (live(cloud), versions(cloud)) == (("2", {}), ["$LATEST", "1", "2"])
    (told,) = report(workspace)["attachments"]
    assert (told["status"], told["had"]) == ("attached", told["has"])


def test_an_alias_that_is_not_there_stops_its_function_before_anything_is_written(
    attach: Attach, cloud: Cloud, proxy: Proxy
) -> None:
    done = attach(", alias: prod")
    assert done.returncode == 6
    assert "function worker (shop-worker) in eu-west-1: it has no alias prod\n" in done.stderr
    assert "    its aliases: live\n" in done.stderr
    assert not {UPDATE, PUBLISH, MOVE} & set(proxy.operations())
    assert cloud.layers("shop-worker") == arns("c:1")


def test_who_goes_back_sends_all_calls_there(attach: Attach, cloud: Cloud) -> None:
    assert attach(", alias: live").returncode == 0
    assert live(cloud) == ("2", {})
    back = attach(", alias: live, weight: 10%", "worker", "c@1")
    assert back.returncode == 0, back.stderr
    assert (cloud.layers("shop-worker"), live(cloud)) == (arns("c:1"), ("3", {}))


def test_snapstart_serves_versions_only(attach: Attach, cloud: Cloud) -> None:
    cloud.api.update_function_configuration(
        FunctionName="shop-worker", SnapStart={"ApplyOn": "PublishedVersions"}
    )
    wait(cloud)
    done = attach()
    assert done.returncode == 0, done.stderr
    assert "SnapStart serves its published versions, and these keep the layers they have" in (
        done.stderr
    )
    assert "SnapStart serves" not in attach(", alias: live").stderr


def test_what_may_not_be_listed_is_said(attach: Attach, cloud: Cloud, proxy: Proxy) -> None:
    def refuse(call: Call) -> Answer:
        return refusal(call, 403, "AccessDeniedException", "User: u is not authorized")

    proxy.rules = [Script(operation="ListAliases", before=refuse)]
    done = attach()
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == arns("c:2")
    assert (
        "whether an alias serves its old layers is not known: AWS does not allow ListAliases"
        in (done.stderr)
    )
    assert attach(", alias: live").returncode == 6


@pytest.mark.parametrize("operation", NEW)
@pytest.mark.parametrize(
    "fault",
    [Fault.THROTTLED, Fault.INTERNAL, Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.TRUNCATED],
)
def test_a_call_that_goes_wrong_once_is_outlived(
    attach: Attach, cloud: Cloud, proxy: Proxy, operation: str, fault: Fault
) -> None:
    proxy.troubles = (Trouble(operation=operation, fault=fault),)
    done = attach(", alias: live")
    assert done.returncode == 0, done.stderr
    assert [heard.fault for heard in proxy.heard if heard.fault] == [fault]
    assert (live(cloud), versions(cloud)) == (("2", {}), ["$LATEST", "1", "2"])
    assert of_version(cloud, "2") == arns("c:2")


@pytest.mark.parametrize("operation", [PUBLISH, MOVE])
def test_what_fails_after_the_update_is_told_and_done_by_the_next_run(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path, operation: str
) -> None:
    proxy.troubles = (Trouble(operation=operation, fault=Fault.EXPIRED, times=None),)
    done = attach(", alias: live")
    assert done.returncode == 6
    assert "the AWS credentials have expired\n" in done.stderr
    assert f"    it has now:\n      {arns('c:2')[0]}\n" in done.stderr
    (told,) = report(workspace)["attachments"]
    assert (told["status"], told["has"]) == ("failed", arns("c:2"))
    assert live(cloud) == ("1", {})
    proxy.clear()
    again = attach(", alias: live")
    assert again.returncode == 0, again.stderr
    assert (live(cloud), versions(cloud)) == (("2", {}), ["$LATEST", "1", "2"])


def test_an_alias_that_somebody_moves_meanwhile_is_moved_again(
    attach: Attach, cloud: Cloud, proxy: Proxy
) -> None:
    def meddle(_: Call) -> None:
        if len(script.calls) == 1:
            cloud.api.update_alias(
                FunctionName="shop-worker", Name="live", FunctionVersion="1", Description="moved"
            )

    script = Script(operation=MOVE, before=meddle)
    proxy.rules = [script]
    done = attach(", alias: live")
    assert done.returncode == 0, done.stderr
    assert (live(cloud), len(script.calls)) == (("2", {}), 2)


def test_a_change_before_the_version_is_published_is_not_published(
    attach: Attach, cloud: Cloud, proxy: Proxy
) -> None:
    def meddle(call: Call) -> Answer:
        # ministack does not look at the revision; AWS does.
        cloud.api.update_function_configuration(FunctionName="shop-worker", Layers=[])
        wait(cloud)
        assert json.loads(call.body)["RevisionId"]
        text = "The Revision Id provided does not match the latest Revision Id."
        return refusal(call, 412, "PreconditionFailedException", text)

    script = Script(operation=PUBLISH, before=meddle)
    proxy.rules = [script]
    done = attach(", alias: live")
    assert (done.returncode, len(script.calls)) == (6, 1)
    assert "somebody else changed it before a version of it was published" in done.stderr
    assert (live(cloud), versions(cloud)) == (("1", {}), ["$LATEST", "1"])


class NotReady:
    """A version of the function that never serves: each read of it has this state."""

    def __init__(self, version: str, **state: str) -> None:
        self.version, self.state = version, state

    def refuse(self, _: Call) -> Answer | None:
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation != "GetFunction" or call.query.get("Qualifier") != self.version:
            return answer
        found = json.loads(answer.body)
        found["Configuration"] |= self.state
        return replace(answer, body=json.dumps(found).encode())


FAILED = {
    "State": "Failed",
    "StateReasonCode": "FunctionError",
    "StateReason": "The snapshot could not be made",
}


@pytest.mark.parametrize("weight", ["", ", weight: 10%"])
def test_an_alias_does_not_move_to_a_version_that_failed(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path, weight: str
) -> None:
    proxy.rules = [NotReady("2", **FAILED)]
    settings = f", alias: live{weight}"
    done = attach(settings)
    assert done.returncode == 6, done.stderr
    assert (
        "error: layers.yml:6:3: function worker (shop-worker) in eu-west-1: its version 2 failed,"
        " and cannot be called: FunctionError: The snapshot could not be made\n"
        "    its alias live stays where it is: 1\n    it has now:\n"
        f"      {arns('c:2')[0]}\n  → mend what the reason names, change something of the function"
    ) in done.stderr
    assert (live(cloud), MOVE in proxy.operations()) == (("1", {}), False)
    (told,) = report(workspace)["attachments"]
    assert (told["status"], told["has"], told["published_version"]) == ("failed", arns("c:2"), "2")
    assert told["alias"] == {"name": "live", "before": "1", "after": "1"}
    again = attach(settings)
    assert (again.returncode, live(cloud)) == (6, ("1", {})), again.stderr
    assert "its version 2 has these layers, and failed: FunctionError: The snapshot" in again.stderr
    cloud.api.update_function_configuration(FunctionName="shop-worker", Description="mended")
    wait(cloud)
    mended = attach(settings)
    assert mended.returncode == 0, mended.stderr
    assert live(cloud) == (("1", {"3": 0.1}) if weight else ("3", {}))


def test_an_alias_does_not_move_to_a_version_that_never_is_ready(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    proxy.rules = [NotReady("2", State="Pending")]
    done = attach(", alias: live")
    assert done.returncode == 6, done.stderr
    assert "its version 2 is not ready after 300 s\n    its alias live stays where it is: 1\n" in (
        done.stderr
    )
    assert (live(cloud), MOVE in proxy.operations()) == (("1", {}), False)
    (told,) = report(workspace)["attachments"]
    assert (told["status"], told["published_version"]) == ("failed", "2")
    proxy.rules = []
    again = attach(", alias: live")
    assert (again.returncode, live(cloud)) == (0, ("2", {})), again.stderr


def test_a_version_without_an_alias_that_failed_is_told(attach: Attach, proxy: Proxy) -> None:
    proxy.rules = [NotReady("2", State="Failed")]
    done = attach(", publish-version: true")
    assert done.returncode == 6, done.stderr
    assert "its version 2 failed, and cannot be called: AWS gives no reason\n" in done.stderr
