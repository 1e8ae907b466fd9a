"""A function gets its layers, or keeps those it had, whatever happens meanwhile (on ministack)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from ..cloud.answers import Answer, json_answer, refusal
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
from ..cloud.proxy import Proxy
from ..cloud.sampling import sampled
from ..cloud.sessions import session
from ..conftest import REGION
from .test_attach import MANIFEST, Attach, Cloud, Connect, Run, arns

UPDATE = "UpdateFunctionConfiguration"
ACCOUNT = "123456789012"
"""ministack takes the key of whoever calls for the account."""
MIB = 1024 * 1024


@dataclass(kw_only=True)
class Script:
    """Rules for the proxy: what happens at the calls of one operation."""

    operation: str
    before: Callable[[Call], Answer | None] = lambda _: None
    after: Callable[[Answer], Answer] = lambda answer: answer
    calls: list[Call] = field(default_factory=list)

    def refuse(self, call: Call) -> Answer | None:
        if call.operation != self.operation:
            return None
        self.calls.append(call)
        return self.before(call)

    def amend(self, call: Call, answer: Answer) -> Answer:
        return self.after(answer) if call.operation == self.operation else answer


def connected(url: str) -> Connect:
    """Open clients of a ministack."""

    def connect(service: Any, region: str = REGION) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
        config = Config(region_name=region, retries={"total_max_attempts": 1})
        return session(ACCOUNT).client(service, endpoint_url=url, config=config)

    return connect


@pytest.fixture(autouse=True)
def cloud(ministack: str) -> Cloud:
    made = Cloud(connected(ministack))
    for name in "ac":
        made.layer(name, versions=2)
    made.function("shop-worker", "c:1")
    made.api.get_waiter("function_updated_v2").wait(
        FunctionName="shop-worker", WaiterConfig={"Delay": 0.05}
    )
    return made


@pytest.fixture
def attach(run: Run, proxy: Proxy, ministack: str, workspace: Path) -> Attach:
    proxy.upstream = ministack
    (workspace / "layers.yml").write_text(MANIFEST)
    env = {"AWS_ENDPOINT_URL": proxy.url, "AWS_ACCESS_KEY_ID": ACCOUNT}
    env["LAYER_BUILDER_READ_TIMEOUT"] = "2"
    return lambda *words: run("attach", "--layers", "c", *words, env=env)


def told(workspace: Path) -> dict[str, Any]:
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    (found,) = report["attachments"]
    assert isinstance(found, dict)
    return found


# How many tries fit into the moment that AWAY lasts is a matter of the machine's speed: test_faults
# has it, and takes either end.
OUTLIVED = [
    fault
    for fault in Fault
    if fault not in {Fault.EXPIRED, Fault.REFUSED, Fault.AWAY, Fault.KILL_BEFORE, Fault.KILL_AFTER}
]
READS = ["ListLayerVersions", "GetFunction", "GetLayerVersion"]


@pytest.mark.parametrize(
    ("operation", "fault"),
    sampled([*READS, UPDATE], OUTLIVED, given=product([UPDATE], OUTLIVED)),
)
def test_a_call_that_goes_wrong_once_is_outlived(  # noqa: PLR0913, PLR0917 (a table)
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path, operation: str, fault: Fault
) -> None:
    proxy.troubles = (Trouble(operation=operation, fault=fault),)
    done = attach()
    assert done.returncode == 0, done.stderr
    assert [heard.fault for heard in proxy.heard if heard.fault] == [fault]
    assert cloud.layers("shop-worker") == told(workspace)["has"] == arns("c:2")
    assert told(workspace)["status"] == "attached"
    acted = fault in {Fault.RESET_AFTER, Fault.TIMEOUT_AFTER, Fault.TRUNCATED, Fault.MALFORMED}
    once = operation != UPDATE or acted or fault is Fault.TRICKLE
    assert proxy.operations().count(UPDATE) == (1 if once else 2)


@pytest.mark.parametrize(
    ("operation", "fault", "has", "said"),
    [
        ("GetFunction", Fault.EXPIRED, None, "the AWS credentials have expired"),
        (UPDATE, Fault.EXPIRED, "c:1", "nothing has changed: it has the layers that it had"),
        (UPDATE, Fault.REFUSED, None, "it has the layers it had, or the new ones"),
    ],
)
def test_a_call_that_goes_wrong_for_good_leaves_a_clear_account(  # noqa: PLR0913, PLR0917 (a table)
    attach: Attach, proxy: Proxy, workspace: Path, operation: str, fault: Fault, has: str | None,
    said: str,
) -> None:  # fmt: skip
    proxy.troubles = (Trouble(operation=operation, fault=fault, times=None),)
    done = attach()
    assert done.returncode == 6
    assert "function worker (shop-worker) in eu-west-1: " in done.stderr
    assert f"    {said}\n" in done.stderr or f": {said}\n" in done.stderr
    assert told(workspace)["status"] == "failed"
    assert told(workspace)["has"] == (arns(has) if has else None)
    assert json.loads(done.stdout) == {}
    proxy.clear()
    again = attach()
    assert again.returncode == 0, again.stderr
    assert told(workspace)["has"] == arns("c:2")


def test_a_change_in_between_is_seen_and_kept(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    cloud.layer("other")

    def meddle(_: Call) -> None:
        if len(script.calls) == 1:
            layers = arns("other:1 c:1")
            cloud.api.update_function_configuration(FunctionName="shop-worker", Layers=layers)

    script = Script(operation=UPDATE, before=meddle)
    proxy.rules = [script]
    done = attach()
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == arns("other:1 c:2")
    revisions = [json.loads(call.body)["RevisionId"] for call in script.calls]
    assert len(set(revisions)) == 2
    assert told(workspace)["had"] == arns("other:1 c:1")


@pytest.mark.parametrize("busy_for", [2, 99])
def test_an_update_under_way_is_waited_for(
    attach: Attach, proxy: Proxy, workspace: Path, busy_for: int
) -> None:
    def refuse(call: Call) -> Answer | None:
        text = "The operation cannot be performed at this time. An update is in progress"
        is_busy = len(script.calls) <= busy_for
        return refusal(call, 409, "ResourceConflictException", text) if is_busy else None

    script = Script(operation=UPDATE, before=refuse)
    proxy.rules = [script]
    done = attach()
    if busy_for == 2:
        assert done.returncode == 0, done.stderr
        assert (len(script.calls), told(workspace)["has"]) == (3, arns("c:2"))
    else:
        assert done.returncode == 6
        assert "ResourceConflictException: The operation cannot be performed" in done.stderr
        assert "    nothing has changed: it has the layers that it had\n" in done.stderr
        assert (len(script.calls), told(workspace)["has"]) == (8, arns("c:1"))


def test_it_is_written_to_when_it_has_settled(
    attach: Attach, proxy: Proxy, workspace: Path
) -> None:
    def unsettle(answer: Answer) -> Answer:
        found = json.loads(answer.body)
        if len(reads.calls) <= 3:
            found["Configuration"]["LastUpdateStatus"] = "InProgress"
        return Answer(status=200, body=json.dumps(found).encode())

    reads = Script(operation="GetFunction", after=unsettle)
    proxy.rules = [reads]
    done = attach()
    assert done.returncode == 0, done.stderr
    before = proxy.operations()[: proxy.operations().index(UPDATE)]
    assert before.count("GetFunction") == 4
    assert told(workspace)["has"] == arns("c:2")


def test_an_update_that_aws_drops_is_not_sent_again(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    """AWS says yes, and some seconds later has the old layers, and why."""
    reason = "The KMS key of the function's environment is disabled"
    taken: list[Call] = []

    def take(call: Call) -> Answer:
        taken.append(call)
        found = cloud.api.get_function_configuration(FunctionName="shop-worker")
        found.pop("ResponseMetadata")
        return json_answer(found | {"LastUpdateStatus": "InProgress"})

    def drop(answer: Answer) -> Answer:
        found = json.loads(answer.body)
        if taken:
            found["Configuration"] |= {
                "LastUpdateStatus": "Failed",
                "LastUpdateStatusReason": reason,
            }
        return Answer(status=200, body=json.dumps(found).encode())

    proxy.rules = [
        Script(operation=UPDATE, before=take),
        Script(operation="GetFunction", after=drop),
    ]
    done = attach()
    assert done.returncode == 6
    assert (
        "function worker (shop-worker) in eu-west-1: AWS took the update with its new layers, and"
        f" dropped it: {reason}\n    nothing has changed: it has the layers that it had\n"
    ) in done.stderr
    assert len(taken) == 1
    assert cloud.layers("shop-worker") == told(workspace)["has"] == arns("c:1")


def test_a_function_that_is_pending_is_waited_for(
    attach: Attach, proxy: Proxy, workspace: Path
) -> None:
    def unsettle(answer: Answer) -> Answer:
        found = json.loads(answer.body)
        if len(reads.calls) <= 2:
            found["Configuration"]["State"] = "Pending"
        return Answer(status=200, body=json.dumps(found).encode())

    reads = Script(operation="GetFunction", after=unsettle)
    proxy.rules = [reads]
    done = attach()
    assert done.returncode == 0, done.stderr
    before = proxy.operations()[: proxy.operations().index(UPDATE)]
    assert before.count("GetFunction") == 3
    assert told(workspace)["has"] == arns("c:2")


def test_a_function_that_never_settles_is_left_alone(
    attach: Attach, cloud: Cloud, proxy: Proxy
) -> None:
    def unsettle(answer: Answer) -> Answer:
        found = json.loads(answer.body)
        found["Configuration"]["LastUpdateStatus"] = "InProgress"
        return Answer(status=200, body=json.dumps(found).encode())

    proxy.rules = [Script(operation="GetFunction", after=unsettle)]
    done = attach()
    assert done.returncode == 6
    assert "an update of it is still under way after 300 s\n" in done.stderr
    assert UPDATE not in proxy.operations()
    assert cloud.layers("shop-worker") == arns("c:1")


def test_a_container_image_takes_no_layers(attach: Attach, proxy: Proxy) -> None:
    def as_image(answer: Answer) -> Answer:
        found = json.loads(answer.body)
        found["Configuration"] |= {"PackageType": "Image"}
        for name in ("Runtime", "Handler", "Layers"):
            found["Configuration"].pop(name, None)
        return Answer(status=200, body=json.dumps(found).encode())

    proxy.rules = [Script(operation="GetFunction", after=as_image)]
    done = attach()
    assert done.returncode == 2
    assert "it is a container image, which takes no layers\n" in done.stderr
    assert UPDATE not in proxy.operations()


def test_a_function_that_wants_signed_layers_is_explained(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    text = "Lambda cannot deploy the layer. It has no signature of an allowed publisher."

    def refuse(call: Call) -> Answer:
        return refusal(call, 400, "CodeVerificationFailedException", text)

    proxy.rules = [Script(operation=UPDATE, before=refuse)]
    done = attach()
    assert done.returncode == 6
    assert "function worker (shop-worker) in eu-west-1: " in done.stderr
    assert "code signing config" in done.stderr
    assert f"CodeVerificationFailedException: {text}\n" in done.stderr
    assert "    nothing has changed: it has the layers that it had\n" in done.stderr
    assert proxy.operations().count(UPDATE) == 1
    assert cloud.layers("shop-worker") == told(workspace)["has"] == arns("c:1")


@pytest.mark.parametrize("heals", [True, False])
def test_an_update_that_aws_fails_at_is_undone(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path, *, heals: bool
) -> None:
    def fail(answer: Answer) -> Answer:
        found = json.loads(answer.body)
        config = found["Configuration"]
        layers = [layer["Arn"] for layer in config["Layers"]]
        if config["LastUpdateStatus"] == "Successful" and (layers == arns("c:2") or not heals):
            config |= {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "No room in the VPC"}
        return Answer(status=200, body=json.dumps(found).encode())

    proxy.rules = [Script(operation="GetFunction", after=fail)]
    done = attach()
    assert done.returncode == 6
    assert (
        "error: layers.yml:9:3: function worker (shop-worker) in eu-west-1: AWS failed at the"
        " update with its new layers: No room in the VPC\n    its previous layers were put back"
    ) in done.stderr
    assert ("and AWS failed at that too" in done.stderr) is not heals
    assert cloud.layers("shop-worker") == told(workspace)["has"] == arns("c:1")


def test_a_refusal_leaves_what_was_there(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    text = (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes."
        " The actual size is 262144001 bytes."
    )

    def refuse(call: Call) -> Answer:
        return refusal(call, 400, "InvalidParameterValueException", text)

    proxy.rules = [Script(operation=UPDATE, before=refuse)]
    done = attach()
    assert done.returncode == 5
    assert "its code and layers are too large together, says AWS\n" in done.stderr
    assert f"InvalidParameterValueException: {text}\n" in done.stderr
    assert "    nothing has changed: it has the layers that it had\n" in done.stderr
    assert proxy.operations().count(UPDATE) == 1
    assert cloud.layers("shop-worker") == told(workspace)["has"] == arns("c:1")


@pytest.mark.parametrize("one_more", [0, 1])
def test_the_total_is_known_before_it_is_written(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path, one_more: int
) -> None:
    cloud.layer("other", size=100 * MIB)
    cloud.layer("c", size=150 * MIB - 2 + one_more)
    cloud.api.update_function_configuration(FunctionName="shop-worker", Layers=arns("other:1 c:1"))
    done = attach()
    assert done.returncode == (5 if one_more else 0), done.stderr
    unzipped = told(workspace)["unzipped"]
    if not one_more:
        assert unzipped["known_bytes"] == 262_143_999
        assert [part["bytes"] for part in unzipped["parts"]] == [1, 100 * MIB, 150 * MIB - 2]
        assert "code and layers unzip to 250.0 MiB, 100% of 250 MiB\n" in done.stderr
        return
    assert "its code and layers would unzip to 250.0 MiB, 1 B over" in done.stderr
    assert f"     150.0 MiB  {arns('c:3')[0]}\n" in done.stderr
    assert UPDATE not in proxy.operations()
    assert cloud.layers("shop-worker") == told(workspace)["has"] == arns("other:1 c:1")


def test_what_may_not_be_read_is_said_and_left_to_aws(
    attach: Attach, proxy: Proxy, workspace: Path
) -> None:
    def refuse(call: Call) -> Answer:
        return refusal(call, 403, "AccessDeniedException", "User: u is not authorized")

    proxy.rules = [Script(operation="GetLayerVersion", before=refuse)]
    done = attach()
    assert done.returncode == 0, done.stderr
    assert "code and layers unzip to 1 B, 0% of 250 MiB, without what is not known" in done.stderr
    code, layer = told(workspace)["unzipped"]["parts"]
    assert (code["bytes"], layer["bytes"]) == (1, None)
    assert "AWS does not allow GetLayerVersion" in layer["source"]
