"""Policies and parameters when a call goes wrong: in the end all is so, each statement once."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ..cloud.faults import Fault, Trouble
from ..cloud.program import Program
from ..cloud.proxy import Proxy
from ..cloud.sampling import sampled
from .test_permissions import statements

Connect: TypeAlias = Callable[..., Any]

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:code:1"
BOTH = ["layer-builder-111122223333", "layer-builder-444455556666"]
PASSING = [Fault.THROTTLED, Fault.INTERNAL, Fault.RESET_AFTER, Fault.MALFORMED]
"""What patience overcomes, whether the server has acted or not."""
CALLS = [
    "GetLayerVersionPolicy", "AddLayerVersionPermission", "RemoveLayerVersionPermission",
    "GetParameters", "PutParameter",
]  # fmt: skip
WRITES = ["AddLayerVersionPermission", "RemoveLayerVersionPermission", "PutParameter"]


@pytest.fixture
def publish(
    program: Program, workspace: Path, environ: Mapping[str, str], proxy: Proxy, client: Connect
) -> Callable[[], tuple[int, str]]:
    """Publish through the proxy a layer that is there, with another policy and no parameter."""
    (workspace / "a.py").write_text("A = 1\n")
    head = 'version: 1\npython: "3.12"\nproof: off\n'
    layer = "layers: {code: {include: a.py}}\n"
    environment = {**environ, "AWS_ENDPOINT_URL": proxy.url}

    def run() -> tuple[int, str]:
        done = program.run("publish", folder=workspace, environment=environment)
        return done.code, done.text

    (workspace / "layers.yml").write_text(
        f"{head}permissions: {{organization: o-a1b2c3d4e5}}\n{layer}"
    )
    assert run()[0] == 0
    assert list(statements(client("lambda"))) == ["layer-builder-o-a1b2c3d4e5"]
    (workspace / "layers.yml").write_text(
        f"{head}permissions: {{accounts: ['111122223333', '444455556666']}}\n"
        f"ssm: /shop/{{layer}}\n{layer}"
    )
    proxy.clear()
    return run


def parameter(client: Connect) -> list[str]:
    found = client("ssm").get_parameters(Names=["/shop/code"])["Parameters"]
    return [one["Value"] for one in found]


@pytest.mark.parametrize(
    ("operation", "fault"),
    sampled(CALLS, PASSING, given=[(write, Fault.RESET_AFTER) for write in WRITES]),
)
def test_a_fault_that_passes_leaves_no_trace(
    publish: Callable[[], tuple[int, str]], proxy: Proxy, client: Connect, operation: str,
    fault: Fault,
) -> None:  # fmt: skip
    proxy.troubles = (Trouble(fault=fault, operation=operation),)
    code, said = publish()
    assert proxy.operations().count(operation) > 1, "the fault did not hit"
    assert code == 0, said
    assert list(statements(client("lambda"))) == BOTH
    assert parameter(client) == [ARN]


@pytest.mark.parametrize("operation", CALLS)
def test_what_does_not_pass_is_told_and_made_good_by_the_next_run(
    publish: Callable[[], tuple[int, str]], proxy: Proxy, client: Connect, workspace: Path,
    operation: str,
) -> None:  # fmt: skip
    nth = 2 if operation == "AddLayerVersionPermission" else 1
    proxy.troubles = (Trouble(fault=Fault.EXPIRED, operation=operation, nth=nth, times=None),)
    code, said = publish()
    assert code == 6
    assert "expired" in said
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    delivered = report["layers"][0]["delivery"].get("eu-west-1")
    added = delivered["permissions"]["added"] if delivered else []
    there = statements(client("lambda"))
    assert [f"layer-builder-{who.split()[-1]}" for who in added] == [
        one for one in BOTH if one in there
    ]
    assert parameter(client) == []
    proxy.clear()
    assert publish()[0] == 0
    assert list(statements(client("lambda"))) == BOTH
    assert parameter(client) == [ARN]
