from layer_builder.deployments import Description, Repository, read_deployments


def read(**files: str) -> Description:
    """Read the one description in files, whose names have __ for slashes and _ for dots."""
    texts = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    (found,) = read_deployments(Repository(names=tuple(sorted(texts)), texts=texts))
    return found


SAM = """\
Parameters: {Runtime: {Type: String, Default: python3.13}}
Globals:
  Function: {Runtime: !Ref Runtime, Layers: [!Ref Common], Environment: {Variables: {A1: x}}}
Resources:
  Common:
    Type: AWS::Serverless::LayerVersion
    Properties: {LayerName: !Sub "${AWS::StackName}-c", ContentUri: layers/c, CompatibleArchitectures: [arm64]}
    Metadata: {BuildMethod: makefile}
  Api:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../out
      Handler: app.handler
      FunctionName: !If [Prod, api, !Sub "api-${Stage}"]
      Layers: [!Sub "arn:aws:lambda:${AWS::Region}:1:layer:x:1"]
      Environment: {Variables: {B1: !GetAtt Table.Arn, C1: !Join ["", [a, b]], D1: "true"}}
  Node: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs22.x, Handler: a.b}}
  Image: {Type: AWS::Serverless::Function, Properties: {PackageType: Image, Runtime: !Ref "AWS::NoValue"}}
"""


def test_tags_of_cloudformation_break_nothing() -> None:
    found = read(template_yaml=SAM)
    (function,) = found.functions
    assert (function.name, function.python, function.layers) == ("Api", "3.13", ("Common",))
    assert function.folder is None  # it leads out
    assert not function.function_name
    assert function.environment == {"A1": "x", "B1": None, "C1": None, "D1": "true"}
    assert function.remarks == (
        "1 of its layers are not of this template; external: takes their ARNs",
    )
    (layer,) = found.layers
    assert (layer.folder, layer.architecture, layer.on_aws) == ("layers/c", "arm64", "")
    assert layer.remarks == ("a Makefile makes it: what that adds is not here",)
    assert str(function.hint) == "template.yaml:9:3: function Api"
    assert [remark.partition(":")[2] for remark in found.remarks] == [
        "17:3: function Node: left out (nodejs22.x)",
        "18:3: function Image: left out (no handler in files of the repository)",
    ]


def test_what_is_no_yaml_is_told() -> None:
    assert read(template_yaml="AWS::\n\t- x: [").remarks == (
        "template.yaml:2:1: YAML does not allow tabs for indentation",
    )


SERVERLESS = """\
service: shop
provider: {name: aws, runtime: python3.12, architecture: arm64, environment: {A1: "${opt:x}", B1: y}}
plugins: [serverless-python-requirements]
custom:
  pythonRequirements:
    fileName: reqs/requirements-prod.txt
    layer: {name: shop-deps}
    slim: true
    slimPatterns: ["**/locale/**", "!**/keep/**"]
    noDeploy: [six]
    zip: true
functions:
  a: {handler: src/a.run}
  b: {handler: b.run, module: fns/b, runtime: python3.13}
  c: {handler: c.run, runtime: nodejs22.x}
"""


def test_options_of_the_requirements_plugin_become_keys() -> None:
    found = read(
        serverless_yml=SERVERLESS, **{"reqs__requirements-prod_txt": "six\n"}, fns__b__b_py=""
    )
    (layer,) = found.layers
    assert layer.files == ("reqs/requirements-prod.txt",)
    assert (layer.on_aws, layer.settings) == ("shop-deps", {"drop": ["**/locale/**"]})
    assert layer.remarks == (
        "slim: prune: safe does it, and is the default",
        "noDeploy: take six out of the requirements",
        "zip: true is not needed: nothing is unpacked at the cold start",
    )
    a, b = found.functions
    assert (a.folder, a.whole, a.layers, a.architecture) == (".", False, ("deps",), "arm64")
    assert a.environment == {"A1": None, "B1": "y"}
    assert (b.folder, b.whole, b.layers, b.python) == ("fns/b", True, (), "3.13")
    assert found.remarks == ("serverless.yml:15:3: function c: left out (nodejs22.x)",)


CDK = """\
import os
from aws_cdk import aws_lambda as _lambda
HERE = os.path.dirname(__file__)
RUNTIME = _lambda.Runtime.PYTHON_3_13
class S:
    def __init__(self):
        self.deps = _lambda.LayerVersion(self, "Deps", code=_lambda.Code.from_asset("layer"))
        f = _lambda.Function(self, "Api", runtime=RUNTIME, handler="app.h", layers=[self.deps],
            code=_lambda.Code.from_asset(os.path.join(os.path.dirname(__file__), "..", "fn")),
            environment={"A1": "x", "B1": table.name})
        job = PythonFunction(self, "Job", entry="job", index="main.py", runtime=RUNTIME)
        job.add_layers(PythonLayerVersion(self, id="More", entry="more"))
        _lambda.Function(self, "Web", runtime=_lambda.Runtime.NODEJS_22_X, handler="a.b")
"""


def test_an_app_of_cdk_is_read_as_far_as_it_is_literal() -> None:
    found = read(cdk_json="{}", stacks__s_py=CDK, requirements_txt="aws-cdk-lib\n")
    api, job = found.functions
    assert (api.folder, api.handler, api.python, api.layers) == ("fn", "app.h", "3.13", ("Deps",))
    assert api.environment == {"A1": "x", "B1": None}
    assert (job.folder, job.handler, job.python) == ("job", "main.handler", "3.13")
    assert [(layer.name, layer.folder) for layer in found.layers] == [
        ("Deps", "layer"),
        ("More", "more"),
    ]
    assert job.layers == ("More",)
    assert found.tooling == ("requirements.txt",)
    assert found.remarks == (
        "stacks/s.py:13: Function Web: left out (_lambda.Runtime.NODEJS_22_X)",
    )


TERRAFORM = """\
variable "runtime" { default = "python3.13" }
locals { name = "shop-api" }
data "archive_file" "one" {
  source_file = "${path.module}/../fn/app.py"
  output_path = "one.zip"
}
resource "aws_lambda_function" "api" {
  function_name = local.name
  filename      = "${path.module}/one.zip"
  handler       = "app.handler"
  runtime       = var.runtime
  layers        = [aws_lambda_layer_version.deps.arn, "arn:aws:lambda:x"]
  environment {
    variables = {
      A1 = "x"
      B1 = aws_dynamodb_table.t.name
    }
  }
}
resource "aws_lambda_layer_version" "deps" { layer_name = "deps-${var.stage}" }
resource "aws_lambda_layer_version" "node" { compatible_runtimes = ["nodejs22.x"] }
module "job" {
  source      = "terraform-aws-modules/lambda/aws"
  handler     = "job.run"
  runtime     = "python3.12"
  source_path = "../job"
}
module "libs" {
  source       = "terraform-aws-modules/lambda/aws"
  create_layer = true
  source_path  = "../libs"
}
"""


def test_terraform_is_read_as_far_as_it_is_literal() -> None:
    found = read(infra__main_tf=TERRAFORM, job__job_py="", libs__requirements_txt="", fn__app_py="")
    api, job = found.functions
    assert (api.folder, api.whole, api.python, api.layers) == ("fn", False, "3.13", ("deps",))
    assert (api.function_name, api.environment) == ("shop-api", {"A1": "x", "B1": None})
    assert str(api.hint) == "infra/main.tf:7: resource aws_lambda_function api"
    assert (job.folder, job.handler) == ("job", "job.run")
    assert [(one.name, one.folder, one.on_aws) for one in found.layers] == [
        ("deps", None, ""),
        ("libs", "libs", ""),
    ]
    assert found.remarks == (
        "infra/main.tf:21: resource aws_lambda_layer_version node: left out (nodejs22.x)",
    )
