"""The stage for a rehearsal of attach: layers and functions made up in a sandbox."""

import io
import json
import zipfile
from collections.abc import Sequence

from layer_builder.archive.output_dir import OutputDir
from layer_builder.aws.session import Aws
from layer_builder.model.stack import Stack

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


def seed(aws: Aws, stacks: Sequence[Stack], output_dir: OutputDir) -> None:
    """Publish each layer once, as it lies in the output dir or empty, and create each function."""
    api = aws.client("lambda")
    layers = {layer.name: layer for stack in stacks for layer in stack.layers}
    for name, layer in layers.items():
        shelved = output_dir.find(layer.stem)
        content = shelved[1].path.read_bytes() if shelved else _zip("python/made_up.py")
        api.publish_layer_version(
            LayerName=name,
            Content={"ZipFile": content},
            CompatibleRuntimes=[layer.target.runtime],
            CompatibleArchitectures=[str(layer.target.architecture)],
        )
    role = aws.client("iam").create_role(
        RoleName=f"made-up-{aws.region}", AssumeRolePolicyDocument=json.dumps(_TRUST)
    )
    for stack in stacks:
        if stack.function_name:
            target = stack.layers[0].target
            api.create_function(
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
