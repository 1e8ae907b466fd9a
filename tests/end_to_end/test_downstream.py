"""examples/deploy: what others deploy with reads what `publish` hands on.

The commands are those of examples/deploy/README.md.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .downstream import (
    EXAMPLES,
    FUNCTION,
    PINS,
    REGIONS,
    TERRAFORM,
    Aws,
    documented,
    missing,
    provide,
    serving_aws,
)
from .stage import ROOT

pytestmark = pytest.mark.network

LAYER = f"arn:aws:lambda:{REGIONS[0]}:123456789012:layer:cr2a-"
ARNS = [f"{LAYER}shared-code:1", f"{LAYER}core-deps:2"]
MANIFEST = f"""
version: 1
python: "3.12"
name: "cr2a-{{layer}}"
proof: "off"
regions: [{", ".join(REGIONS)}]
ssm: "/cr2a/{{layer}}"
layers:
  core-deps: {{include: [{{from: deps/, to: python/}}]}}
  shared-code: {{include: [src/]}}
"""

TITLES = {
    "CDK": "cdk-lib",
    "SAM": "sam",
    "Serverless Framework": "serverless",
    "AWS CLI": "aws-cli",
}

TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class Policies:
    def load(self):
        return {}

print(json.dumps(transform(yaml_parse(open(sys.argv[1]).read()), {}, Policies())))
"""

PARSE = """
import json, sys
import hcl2

print(json.dumps([hcl2.loads(open(path).read()) for path in sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Give an AWS."""
    with serving_aws(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def handed_on(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two layers, one of them twice; gives the output dir."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in ("src", "deps"):
        (folder / name).mkdir()
    (folder / "src" / "a.py").write_text("A = 1\n")
    (folder / "layers.yml").write_text(MANIFEST)
    for number in (1, 2):
        (folder / "deps" / "b.py").write_text(f"B = {number}\n")
        aws.play(
            f"{sys.executable} -m layer_builder publish", folder, env={"PYTHONPATH": str(ROOT)}
        )
    return folder / "dist" / "layers"


@pytest.fixture
def place(tmp_path: Path, handed_on: Path, request: pytest.FixtureRequest) -> Path:
    """Copy an example, and the files that were handed on beside it."""
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLES / request.param, folder)
    for path in handed_on.glob("layers.*"):
        shutil.copy(path, folder)
    return folder


def in_place(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("place", [name], indirect=True, ids=[name])


def test_the_page_names_the_versions_that_are_tried() -> None:
    tried = {
        "Terraform": re.findall(r"TERRAFORM_VERSION := v(.+)", (ROOT / "Makefile").read_text())
    }
    for title, name in TITLES.items():
        tried[title] = [re.split("==|@", PINS[name][0])[1]]
    page = (EXAMPLES / "README.md").read_text()
    assert {title: re.findall(rf"\| {title} \| (\S+) \|", page) for title in tried} == tried


@in_place("terraform/tfvars")
def test_terraform_plans_the_layers_of_the_variables(aws: Aws, place: Path) -> None:
    if not TERRAFORM.exists():
        missing("there is no terraform: run `make e2e`")
    (place / "function.tf").unlink()  # wants a provider, which is no package
    (command,) = documented("Terraform")
    aws.play(f"{command} -input=false -out=plan", place, TERRAFORM.parent)
    plan = json.loads(aws.play("terraform show -json plan", place, TERRAFORM.parent))
    assert plan["planned_values"]["outputs"]["layers"]["value"] == ARNS


DOCUMENTED = {
    "aws_lambda_function": {
        "architectures", "filename", "function_name", "handler", "layers", "role", "runtime",
        "source_code_hash", "timeout",
    },
    "aws_ssm_parameter": {"for_each", "name", "insecure_value"},
    "archive_file": {"type", "output_path", "source", "output_base64sha256"},
}  # fmt: skip
"""Of what the providers document, what the examples use, as no provider can be asked.

https://github.com/hashicorp/terraform-provider-aws/tree/main/website/docs: r/lambda_function,
d/ssm_parameter (insecure_value came with 5.8.0);
https://github.com/hashicorp/terraform-provider-archive/blob/main/docs/data-sources/file.md
"""


def parsed(folder: Path, aws: Aws) -> dict[str, Any]:
    """Read the files of a Terraform module as one, without the quotes around names and texts."""
    command = f"python -c '{PARSE}' layers.tf function.tf"
    text = aws.play(command, folder, provide("hcl"))
    files = json.loads(text.replace('"\\"', '"').replace('\\""', '"'))
    assert isinstance(files, list)
    return {kind: [block for file in files for block in file.get(kind, [])]
            for kind in ("data", "locals", "resource", "terraform")}  # fmt: skip


@pytest.mark.parametrize("name", ["tfvars", "ssm"])
def test_terraform_s_resources_have_what_their_providers_document(aws: Aws, name: str) -> None:
    module = parsed(EXAMPLES / "terraform" / name, aws)
    used = {
        (kind, argument)
        for block in module["resource"] + module["data"]
        for kind, named in block.items()
        for arguments in named.values()
        for argument in arguments
        if argument != "__is_block__"
    }
    used |= set(re.findall(r"data\.(\w+)\.\w+(?:\[[^]]*\])?\.(\w+)", json.dumps(module)))
    assert [(kind, what) for kind, what in sorted(used) if what not in DOCUMENTED[kind]] == []
    (function,) = [b["aws_lambda_function"] for b in module["resource"]]
    assert function["nightly"]["layers"] == "${local.layers}"


@pytest.mark.usefixtures("handed_on")
def test_terraform_s_parameters_are_those_that_were_written(aws: Aws) -> None:
    module = parsed(EXAMPLES / "terraform" / "ssm", aws)
    (parameter,) = [
        b["aws_ssm_parameter"]["layer"] for b in module["data"] if "aws_ssm_parameter" in b
    ]
    (local,) = module["locals"]
    keys = re.findall(r'layer\["([^"]+)"\]\.insecure_value', " ".join(local["layers"]))
    assert all(f'"{key}"' in parameter["for_each"] for key in keys)
    assert aws.values([parameter["name"].replace("${each.key}", key) for key in keys]) == ARNS


@pytest.mark.parametrize("number", [0, 1], ids=["layers.json", "parameters"])
@in_place("cdk")
def test_cdk_s_function_has_the_layers(aws: Aws, place: Path, number: int) -> None:
    command = documented("CDK")[number].replace("cdk deploy", "cdk synth --quiet")
    aws.play(command, place, provide("cdk-lib"), provide("cdk"))
    template = json.loads((place / "cdk.out" / f"{FUNCTION}.template.json").read_text())
    assert aws.layers_of(template, {}) == ARNS


@pytest.mark.parametrize("number", [0, 1], ids=["layers.env", "parameters"])
@in_place("sam")
def test_sam_s_function_has_the_layers(aws: Aws, place: Path, number: int) -> None:
    # What `sam deploy` would be given, by the shell that the command is typed in.
    command = 'sam() { printf "%s\\n" "$@"; }\n' + documented("SAM")[number]
    words = aws.play(command, place).splitlines()
    assert words[:2] == ["deploy", "--template"]
    template = words[2]
    given = dict(word.split("=", 1) for word in words if "=" in word)
    tools = provide("sam")
    assert "is a valid SAM Template" in aws.play(
        f"sam validate --lint --template {template}", place, tools
    )
    translated = json.loads(aws.play(f"python -c '{TRANSLATE}' {template}", place, tools))
    assert aws.layers_of(translated, given) == ARNS


@pytest.mark.parametrize("number", [0, 1], ids=["layers.json", "parameters"])
@in_place("serverless")
def test_serverless_packages_a_function_with_the_layers(aws: Aws, place: Path, number: int) -> None:
    command = documented("Serverless Framework")[number].replace("deploy", "package")
    aws.play(command, place, provide("serverless"), env=aws.behind_proxy())
    template = json.loads(
        (place / ".serverless" / "cloudformation-template-update-stack.json").read_text()
    )
    function = template["Resources"]["NightlyLambdaFunction"]["Properties"]
    assert (function["FunctionName"], function["Layers"]) == (FUNCTION, ARNS)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["layers.env", "layers.json", "parameters"])
@in_place("aws-cli")
def test_the_aws_cli_gives_a_function_the_layers(aws: Aws, place: Path, number: int) -> None:
    if not shutil.which("jq"):
        missing("there is no jq, which one of the scripts reads JSON with")
    (place / "dist").mkdir()
    (place / "dist" / "layers").symlink_to(place)
    with aws.function():
        aws.play(documented("AWS CLI")[number], place, provide("aws-cli"))
        assert aws.layers() == ARNS
