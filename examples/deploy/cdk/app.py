"""A function on two layers that `publish` handed on.

cdk deploy                    reads layers.json, which lies beside this file
cdk deploy --context ssm=yes  reads the parameters of `ssm: /cr2a/{layer}`, when the stack is deployed
"""

import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda, aws_ssm

KEYS = ["shared-code", "core-deps"]


class Nightly(cdk.Stack):
    """Has the function; where two layers have a file of one name, the later one's counts."""

    def __init__(self, app: cdk.App, name: str) -> None:
        """Declare it."""
        super().__init__(app, name)
        aws_lambda.Function(
            self,
            "Function",
            function_name="cr2a-nightly",
            runtime=aws_lambda.Runtime.PYTHON_3_12,
            architecture=aws_lambda.Architecture.X86_64,
            handler="index.handler",
            code=aws_lambda.Code.from_inline("from src.cr2a.worker import handler"),
            timeout=cdk.Duration.minutes(1),
            layers=[
                aws_lambda.LayerVersion.from_layer_version_arn(self, key, arn)
                for key, arn in self._arns().items()
            ],
        )

    def _arns(self) -> dict[str, str]:
        if self.node.try_get_context("ssm"):
            value = aws_ssm.StringParameter.value_for_string_parameter
            return {key: value(self, f"/cr2a/{key}") for key in KEYS}
        arns = json.loads(Path(__file__).with_name("layers.json").read_text(encoding="utf-8"))
        return {key: arns[key] for key in KEYS}


app = cdk.App()
Nightly(app, "cr2a-nightly")
app.synth()
