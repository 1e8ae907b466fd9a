"""boto3 is loaded by the first region that is opened, and by nothing before it."""

import subprocess
import sys

import pytest

LOADED = "print(*sorted({'boto3', 'botocore', 'moto', 's3transfer'} & sys.modules.keys()))"


@pytest.mark.parametrize(
    "module", ["main", "aws", "aws.api", "aws.cloud", "aws.permissions", "aws.retry"]
)
def test_importing_loads_no_boto3(module: str) -> None:
    program = f"import sys, layer_builder.{module}; {LOADED}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_the_first_region_loads_it() -> None:
    program = (
        "import sys; from layer_builder.aws.cloud import Cloud; from layer_builder.inputs import Inputs;"
        f"cloud = Cloud(Inputs(sandbox=True)); {LOADED}; cloud.connect('eu-west-1'); {LOADED}"
    )
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=keys
    )
    assert done.stdout.split("\n") == ["", "boto3 botocore s3transfer", ""]
