"""AWS as a run gets it: the real one, or the sandbox in its place. Loads boto3 with the first call.

The sandbox is moto, in memory: https://docs.getmoto.org/en/latest/docs/getting_started.html
"""

import io
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from layer_builder.archive import OutputDir
from layer_builder.aws.api import Region
from layer_builder.errors import AwsError, ManifestError
from layer_builder.inputs import Inputs
from layer_builder.model import Stack

if TYPE_CHECKING:
    from layer_builder.aws.session import Aws, KnownCaller

_SANDBOX_REGION = "us-east-1"


_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Cloud:
    """Opens regions, as the inputs of a run say."""

    def __init__(self, inputs: Inputs) -> None:
        """Take the inputs; nothing is loaded or sent yet."""
        self._inputs = inputs
        self._default_regions: tuple[str, ...] | None = None
        self._misspelt: ManifestError | None = None
        self._known: KnownCaller | None = None

    def default_regions(self) -> tuple[str, ...]:
        """Say where to publish when neither input nor manifest does: one region, or none.

        Raises ManifestError where the environment names none of AWS's, AwsError where its profile
        or config cannot be read.
        """
        # boto3 takes a quarter of a second to load, as long as half of all else; `build` needs none.
        from layer_builder.aws.session import default_region  # noqa: PLC0415 (see above)

        if self._misspelt:
            raise self._misspelt
        if self._default_regions is None:
            region = default_region() or (_SANDBOX_REGION if self._inputs.sandbox else None)
            self._default_regions = (region,) if region else ()
        return self._default_regions

    @contextmanager
    def sandboxed(self) -> Iterator[None]:
        """Answer all AWS calls of this process from memory: nothing leaves the machine.

        Raises ManifestError where moto is not installed.
        """
        # Asked for now: inside, the caller's environment and profile are out of sight.
        try:
            self.default_regions()
        except ManifestError as error:
            self._misspelt = error
        except AwsError:
            pass
        with _emulated():
            yield

    def known_regions(self) -> tuple[str, ...]:
        """List the regions that botocore knows Lambda in; AWS may have newer ones."""
        from layer_builder.aws.session import known_regions  # noqa: PLC0415 (loads boto3, as above)

        return known_regions()

    def connect(self, name: str, profile: str = "") -> Region:
        """Open a region, with a profile's credentials or else the run's.

        Raises AwsError when there are no credentials.
        """
        from layer_builder.aws import (  # noqa: PLC0415 (loads boto3, as above)
            catalog,
            functions,
            layer_versions,
            policies_ssm,
            s3,
        )

        aws = self._open(name, profile)
        bucket = None
        if self._inputs.s3_bucket:
            bucket = s3.Bucket(name=self._inputs.s3_bucket, prefix=self._inputs.s3_prefix)
            if self._inputs.sandbox:
                bucket.create(aws)
        return Region(
            name=name,
            aws=aws,
            catalog=catalog.Catalog(aws),
            versions=layer_versions.LayerVersions(aws, bucket),
            policies=policies_ssm.Policies(aws),
            parameters=policies_ssm.Parameters(aws),
            functions=functions.LambdaFunctions(aws),
        )

    def seed(self, region: str, stacks: Sequence[Stack], output_dir: OutputDir) -> None:
        """Make up functions in a region of the sandbox, and one version of each of their layers.

        A layer's zip is the one that lies in the output dir, or an empty one.
        """
        aws = self._open(region)
        _publish_layers(aws, stacks, output_dir)
        _create_functions(aws, stacks)

    def _open(self, region: str, profile: str = "") -> "Aws":
        from layer_builder.aws.session import (  # noqa: PLC0415 (loads boto3, as above)
            Aws,
            KnownCaller,
        )

        paced = not self._inputs.sandbox
        if profile:
            return Aws(region, paced=paced, profile=profile)
        self._known = self._known or KnownCaller()
        return Aws(region, paced=paced, known=self._known)


@contextmanager
def _emulated() -> Iterator[None]:
    """Have moto answer; the caller's own AWS settings are put away meanwhile."""
    try:
        from moto import mock_aws  # noqa: PLC0415 (half a second, and only the sandbox has it)
    except ImportError as error:
        raise ManifestError.because(
            "the sandbox needs moto, which was installed with layer-builder and is gone:"
            f" `pip install 'moto[s3,ssm]'` beside it ({error})"
        ) from error

    # An endpoint among the settings would lead out:
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    saved = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in saved:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    try:
        with mock_aws():
            yield
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ |= saved


def _publish_layers(aws: "Aws", stacks: Sequence[Stack], output_dir: OutputDir) -> None:
    layers = {layer.name: layer for stack in stacks for layer in stack.layers}
    for name, layer in layers.items():
        kept = output_dir.find(layer.stem)
        content = kept[1].path.read_bytes() if kept else _zip("python/made_up.py")
        aws.client("lambda").publish_layer_version(
            LayerName=name,
            Content={"ZipFile": content},
            CompatibleRuntimes=[layer.target.runtime],
            CompatibleArchitectures=[str(layer.target.architecture)],
        )


def _create_functions(aws: "Aws", stacks: Sequence[Stack]) -> None:
    # moto has a function's role exist, and let Lambda assume it, as AWS does:
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    role = aws.client("iam").create_role(
        RoleName=f"made-up-{aws.region}", AssumeRolePolicyDocument=json.dumps(_TRUST)
    )
    for stack in stacks:
        if stack.function_name:
            target = stack.layers[0].target
            aws.client("lambda").create_function(
                FunctionName=stack.function_name,
                Runtime=target.runtime,
                Architectures=[str(target.architecture)],
                Role=role["Role"]["Arn"],
                Handler="made_up.handler",
                Code={"ZipFile": _zip("made_up.py")},
            )


def _zip(path: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(path, "")
    return content.getvalue()
