"""The world downstream of `publish`: tools that deploy, an AWS, the commands of the examples' page."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto import moto_proxy
from moto.moto_proxy.proxy3 import ProxyRequestHandler
from moto.server import ThreadedMotoServer

from benchmarks.peers.tools import MissingToolError, Toolbox

from .stage import ROOT, surroundings

EXAMPLES = ROOT / "examples" / "deploy"
REGIONS = ("eu-west-1", "us-east-2")
FUNCTION = "cr2a-nightly"
TERRAFORM = ROOT / ".cache" / "bin" / "terraform"
PINS: Mapping[str, tuple[str, ...]] = {
    "aws-cli": ("awscli==1.46.3",),
    "cdk": ("aws-cdk@2.1148.1",),
    "cdk-lib": ("aws-cdk-lib==2.275.0",),
    "hcl": ("python-hcl2==8.1.4",),
    "sam": ("aws-sam-cli==1.170.0",),
    "serverless": ("serverless@3.40.0",),
}
_SECONDS = 300
_QUIET = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CHECKPOINT_DISABLE": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    "SAM_CLI_TELEMETRY": "0",
    "SLS_NOTIFICATIONS_MODE": "off",
    "SLS_TELEMETRY_DISABLED": "1",
}


def missing(reason: str) -> None:
    """Skip a test for a reason that CI must not have."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def provide(name: str) -> Path:
    """Install a tool once, and give the folder of its programs."""
    box = Toolbox(folder=ROOT / ".cache" / "downstream", python=Path(sys.executable), pins=PINS)
    try:
        home = box.provide(name)
    except MissingToolError as error:
        missing(f"{name} cannot be installed: {error}")
        raise
    return home / ("node_modules/.bin" if "@" in PINS[name][0] else "bin")


def documented(heading: str) -> list[str]:
    """Give the commands below a heading of the examples' page."""
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)\n```", section, re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Aws:
    """An AWS on 127.0.0.1, reached by its address, or through a proxy for who takes no address."""

    address: str
    proxy: str
    home: Path

    def environment(self) -> dict[str, str]:
        """Give what programs need to use it."""
        return {name: text for name, text in surroundings().items() if "proxy" not in name.lower()} | {
            **_QUIET,
            "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGIONS[0],
            "AWS_REGION": REGIONS[0],
            "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip

    def behind_proxy(self) -> dict[str, str]:
        """Give what serverless needs besides: its SDK knows no AWS_ENDPOINT_URL."""
        certificate = Path(moto_proxy.__file__).with_name("ca.crt")
        return {"HTTPS_PROXY": self.proxy, "NODE_EXTRA_CA_CERTS": str(certificate)}

    def client(self, service: Any) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
        """Open a client, to look at what came of it."""
        session = boto3.Session("testing", "testing", region_name=REGIONS[0])
        return session.client(service, endpoint_url=self.address)

    def play(
        self, command: str, folder: Path, *tools: Path, env: Mapping[str, str] | None = None
    ) -> str:
        """Run a command as a user types it; gives what it printed."""
        environ = {**self.environment(), **(env or {})}
        environ["PATH"] = os.pathsep.join([*map(str, tools), environ["PATH"]])
        done = subprocess.run(
            ["sh", "-ec", command], cwd=folder, env=environ, timeout=_SECONDS, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def values(self, names: Sequence[str]) -> list[str]:
        """Give the values of SSM parameters."""
        with closing(self.client("ssm")) as client:
            return [client.get_parameter(Name=name)["Parameter"]["Value"] for name in names]

    @contextmanager
    def function(self) -> Iterator[None]:
        """Have the function, without layers."""
        with closing(self.client("iam")) as iam, closing(self.client("lambda")) as client:
            role = iam.create_role(RoleName=FUNCTION, AssumeRolePolicyDocument="{}")["Role"]
            client.create_function(
                FunctionName=FUNCTION, Role=role["Arn"], Runtime="python3.12",
                Handler="app.handler", Code={"ZipFile": b"not looked at"},
            )  # fmt: skip
            try:
                yield
            finally:
                client.delete_function(FunctionName=FUNCTION)
                iam.delete_role(RoleName=FUNCTION)

    def layers(self) -> list[str]:
        """Give the layers that the function has."""
        with closing(self.client("lambda")) as client:
            found = client.get_function_configuration(FunctionName=FUNCTION)
        return [layer["Arn"] for layer in found.get("Layers", [])]

    def layers_of(self, template: Mapping[str, Any], given: Mapping[str, str]) -> list[str]:
        """Give the layers of a template's function, with parameters as CloudFormation reads them.

        moto makes functions of a stack without their layers.
        """
        (function,) = [
            resource["Properties"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Lambda::Function"
        ]
        assert function["FunctionName"] == FUNCTION
        return [
            arn if isinstance(arn, str) else self._parameter(template, given, arn["Ref"])
            for arn in function["Layers"]
        ]

    def _parameter(self, template: Mapping[str, Any], given: Mapping[str, str], name: str) -> str:
        declared = template["Parameters"][name]
        value: str = given[name] if name in given else declared["Default"]
        match declared["Type"]:
            case "String":
                return value
            case "AWS::SSM::Parameter::Value<String>":
                return self.values([value])[0]
            case other:
                message = f"{name} has the type {other}"
                raise AssertionError(message)


class _Proxy(ProxyRequestHandler):
    """Closes what moto's leaves open."""

    def finish(self) -> None:
        super().finish()
        self.connection.close()


@contextmanager
def serving_aws(home: Path) -> Iterator[Aws]:
    """Serve an AWS."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    # moto keeps what it holds in the process, whichever server it came by.
    requests.post(f"{address}/moto-api/reset", timeout=10).raise_for_status()
    try:
        yield Aws(
            address=address,
            proxy=f"http://127.0.0.1:{proxy.server_address[1]}",
            home=home,
        )
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
        server.stop()
