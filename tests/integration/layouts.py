"""Eleven repositories as they are met in public: what deploys them today, small real distributions, handlers.

Each says the running Python where its kind says one at all. Locks are made by their own tools, from the
real index, when a layout is written.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent

from .projects.tools import INDEX, PYTHON, TOOLS

MACHINE = os.uname().machine.replace("aarch64", "arm64")
_SHORT = PYTHON.replace(".", "_")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A repository: its files, the tool that locks it, and the manifest that a person would write for it."""

    files: Mapping[str, str]
    tool: str = ""
    """Which of `tools.TOOLS` writes its lock; empty where there is none."""
    layers: Mapping[str, str]
    """Entries of the manifest, in the order of what requires what."""
    functions: Mapping[str, str] = field(default_factory=dict)

    def make(self, folder: Path) -> Path:
        """Write it into a folder, and have it locked; gives the folder."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        if self.tool:
            tool = TOOLS[self.tool]
            replace(tool, template=self.files[tool.source]).make(folder)
        return folder

    @property
    def manifest(self) -> str:
        """A `layers.yml` by hand."""
        lines = [f'version: 1\npython: "{PYTHON}"\narchitecture: {MACHINE}\nlayers:']
        lines += [f"  {key}: {entry}" for key, entry in self.layers.items()]
        lines += ["functions:"] if self.functions else []
        lines += [f"  {key}: {entry}" for key, entry in self.functions.items()]
        return "\n".join(lines) + "\n"


def _handler(module: str, name: str = "handler") -> str:
    return f"import {module}\n\n\ndef {name}(event, context):\n    return {module}.__name__\n"


def _text(text: str) -> str:
    return dedent(text).replace("@python@", PYTHON).replace("@short@", _SHORT)


_CODE = "{include: [{from: src/, to: python/}], requires: [deps]}"
_MIRROR = f"""
[[tool.poetry.source]]
name = "mirror"
url = "{INDEX}"
priority = "primary"
"""

REQUIREMENTS = Layout(
    files={
        "requirements.txt": "requests==2.32.3\nbeautifulsoup4==4.12.3\n",
        "requirements-dev.txt": "-r requirements.txt\npytest==8.3.3\nblack==24.10.0\n",
        "lambda_function.py": _handler("bs4", "lambda_handler"),
        "test_lambda_function.py": "import lambda_function\n",
        ".python-version": f"{PYTHON}\n",
        "README.md": "# Scraper\n",
    },
    layers={"deps": "{requirements: requirements.txt}"},
    functions={
        "lambda-function": "{layers: [deps], code: lambda_function.py,"
        " handler: lambda_function.lambda_handler}"
    },
)

SHARED = Layout(
    files={
        "requirements.txt": "six==1.17.0\n",
        "src/shop.py": "PRICE = 2\n",
        "common/__init__.py": "",
        "common/tax.py": "RATE = 0.19\n",
        "functions/api/app.py": "import six\nfrom src import shop\n\n\n"
        "def handler(event, context):\n    return shop.PRICE\n",
        "functions/worker/app.py": "import json\nfrom common.tax import RATE\nfrom src import shop\n\n\n"
        "def handler(event, context):\n    return json.dumps(shop.PRICE * RATE)\n",
        "tests/test_shop.py": "from src import shop\n",
    },
    layers={
        "deps": "{requirements: requirements.txt}",
        "src": "{include: src/, requires: [deps]}",
        "common": "{include: common/, requires: [deps]}",
    },
    functions={
        "api": "{layers: [deps, src], code: functions/api/, handler: app.handler}",
        "worker": "{layers: [deps, common, src], code: functions/worker/, handler: app.handler}",
    },
)
SRC_LAYOUT = Layout(
    files={
        "pyproject.toml": _text("""\
            [build-system]
            requires = ["hatchling"]
            build-backend = "hatchling.build"

            [project]
            name = "shop"
            version = "1.0"
            requires-python = ">=@python@,<4"
            dependencies = ["itsdangerous>=2.2", "jinja2>=3.1"]

            [project.optional-dependencies]
            dev = ["pytest>=8", "mypy"]
            """),
        "src/shop/__init__.py": "",
        "src/shop/py.typed": "",
        "src/shop/handlers/__init__.py": "",
        "src/shop/handlers/orders.py": _handler("jinja2", "lambda_handler"),
        "src/shop/signing.py": "from itsdangerous import Signer\n\nSIGNER = Signer('key')\n",
        "tests/test_orders.py": "from shop.handlers import orders\n",
    },
    layers={"deps": "{project: {path: .}}", "code": _CODE},
    functions={"orders": "{layers: [deps, code], handler: shop.handlers.orders.lambda_handler}"},
)

UV = Layout(
    tool="uv",
    files={
        "pyproject.toml": _text("""\
            [project]
            name = "notifier"
            version = "0.1.0"
            requires-python = ">=@python@"
            dependencies = ["httpx==0.27.2", "pydantic==2.9.2"]

            [dependency-groups]
            dev = ["pytest>=8", "ruff"]
            """),
        ".python-version": f"{PYTHON}\n",
        "app/__init__.py": "",
        "app/main.py": "from app.models import Note\n\n\ndef handler(event, context):\n"
        "    return Note(text='x').model_dump()\n",
        "app/models.py": "from pydantic import BaseModel\n\n\nclass Note(BaseModel):\n    text: str\n",
    },
    layers={"deps": "{project: {path: .}}"},
    functions={
        "main": "{layers: [deps], code: [{from: app/, to: app/}], handler: app.main.handler}"
    },
)

POETRY = Layout(
    tool="poetry",
    files={
        "pyproject.toml": _text("""\
            [tool.poetry]
            name = "billing"
            version = "0.1.0"
            description = ""
            authors = []
            packages = [{ include = "billing" }]

            [tool.poetry.dependencies]
            python = "~@python@"
            tabulate = "^0.9.0"
            python-dateutil = "^2.9.0"

            [tool.poetry.group.dev.dependencies]
            pytest = "^8.3"
            """)
        + _MIRROR,
        "billing/__init__.py": "",
        "billing/handler.py": _handler("tabulate", "lambda_handler"),
        "tests/test_handler.py": "from billing import handler\n",
    },
    layers={"deps": "{project: {path: .}}"},
    functions={
        "billing": "{layers: [deps], code: [{from: billing/, to: billing/}],"
        " handler: billing.handler.lambda_handler}"
    },
)

PDM = Layout(
    tool="pdm",
    files={
        "pyproject.toml": _text("""\
            [project]
            name = "ledger"
            version = "0.1.0"
            requires-python = "==@python@.*"
            dependencies = ["pyyaml==6.0.2", "toolz==1.0.0"]

            [tool.pdm]
            distribution = false

            [dependency-groups]
            test = ["pytest>=8"]
            """),
        "src/ledger/__init__.py": "",
        "src/ledger/app.py": _handler("yaml"),
    },
    layers={"deps": "{project: {path: .}}", "code": _CODE},
    functions={"app": "{layers: [deps, code], handler: ledger.app.handler}"},
)

PIPENV = Layout(
    tool="pipenv",
    files={
        "Pipfile": f'[[source]]\nname = "pypi"\nurl = "{INDEX}"\nverify_ssl = true\n'
        + _text("""
            [packages]
            flask = "==3.0.3"

            [dev-packages]
            pytest = "==8.3.3"

            [requires]
            python_version = "@python@"
            """),
        "app.py": _handler("flask"),
    },
    layers={"deps": "{project: {path: .}}"},
    functions={"app": "{layers: [deps], code: app.py, handler: app.handler}"},
)

SAM = Layout(
    files={
        "template.yaml": _text(f"""\
            AWSTemplateFormatVersion: "2010-09-09"
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              Stage: {{Type: String, Default: dev}}
            Conditions:
              IsProd: !Equals [!Ref Stage, prod]
            Globals:
              Function:
                Runtime: python@python@
                Architectures: [{MACHINE}]
                Timeout: 10
                Environment:
                  Variables:
                    TABLE: !Ref Table
            Resources:
              Table:
                Type: AWS::DynamoDB::Table
                Properties:
                  AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
                  KeySchema: [{{AttributeName: id, KeyType: HASH}}]
                  BillingMode: PAY_PER_REQUEST
              CommonLayer:
                Type: AWS::Serverless::LayerVersion
                Properties:
                  LayerName: !Sub "${{AWS::StackName}}-common"
                  ContentUri: layers/common/
                  CompatibleRuntimes: [python@python@]
                Metadata:
                  BuildMethod: python@python@
              HelloWorldFunction:
                Type: AWS::Serverless::Function
                Properties:
                  CodeUri: hello_world/
                  Handler: app.lambda_handler
                  Layers: [!Ref CommonLayer]
                  Events:
                    Api: {{Type: HttpApi, Properties: {{Path: /hello, Method: get}}}}
              WorkerFunction:
                Type: AWS::Serverless::Function
                Properties:
                  FunctionName: !If [IsProd, worker, !Sub "worker-${{Stage}}"]
                  CodeUri: worker/
                  Handler: main.handler
                  Layers:
                    - !Ref CommonLayer
                  Policies:
                    - DynamoDBCrudPolicy: {{TableName: !Ref Table}}
            Outputs:
              Arn: {{Value: !GetAtt HelloWorldFunction.Arn}}
            """),
        "samconfig.toml": "version = 0.1\n[default.deploy.parameters]\nstack_name = 'shop'\n",
        "layers/common/requirements.txt": "boto3==1.35.36\n",
        "hello_world/__init__.py": "",
        "hello_world/app.py": _handler("requests", "lambda_handler"),
        "hello_world/requirements.txt": "requests==2.32.3\n",
        "worker/main.py": "import boto3\n\n\ndef handler(event, context):\n"
        "    table = boto3.resource('dynamodb').Table('shop')\n    return table.name\n",
        "events/event.json": "{}\n",
        "tests/unit/test_handler.py": "from hello_world import app\n",
        "tests/requirements.txt": "pytest\n",
    },
    layers={
        "common-layer": "{requirements: layers/common/requirements.txt}",
        "hello-world-deps": "{requirements: hello_world/requirements.txt, requires: [common-layer]}",
    },
    functions={
        "hello-world": "{layers: [common-layer, hello-world-deps], code: hello_world/,"
        " handler: app.lambda_handler}",
        "worker": "{layers: [common-layer], code: worker/, handler: main.handler}",
    },
)

SERVERLESS = Layout(
    files={
        "serverless.yml": _text(f"""\
            service: reports
            frameworkVersion: "3"
            provider:
              name: aws
              runtime: python@python@
              architecture: {MACHINE}
              stage: ${{opt:stage, 'dev'}}
              region: eu-west-1
            plugins:
              - serverless-python-requirements
            package:
              patterns: ["!node_modules/**", "!tests/**"]
            custom:
              pythonRequirements:
                dockerizePip: non-linux
                layer: true
                slim: true
                strip: true
                slimPatterns: ["**/tests/**"]
                noDeploy: [boto3, botocore, pytest]
            functions:
              monthly:
                handler: handlers/monthly.handler
                layers:
                  - Ref: PythonRequirementsLambdaLayer
                events:
                  - schedule: cron(0 6 1 * ? *)
              daily:
                handler: handlers/daily.run
                layers:
                  - Ref: PythonRequirementsLambdaLayer
            """),
        "package.json": '{"devDependencies": {"serverless-python-requirements": "^6.1.0"}}\n',
        "requirements.txt": "pandas==2.2.3\nboto3==1.35.36\n",
        "handlers/__init__.py": "",
        "handlers/monthly.py": _handler("pandas"),
        "handlers/daily.py": _handler("boto3", "run"),
        "tests/test_daily.py": "from handlers import daily\n",
    },
    layers={"deps": "{requirements: requirements.txt, sdk: auto, strip: true}"},
    functions={
        key: f"{{layers: [deps], code: [{{from: handlers/, to: handlers/}}], handler: {handler}}}"
        for key, handler in {
            "monthly": "handlers/monthly.handler", "daily": "handlers/daily.run",
        }.items()
    },
)  # fmt: skip

CDK = Layout(
    files={
        "cdk.json": '{"app": "python3 app.py", "context": {"@aws-cdk/core:checkSecretUsage": true}}\n',
        "app.py": "import aws_cdk as cdk\n\nfrom shop.shop_stack import ShopStack\n\n"
        'app = cdk.App()\nShopStack(app, "ShopStack")\napp.synth()\n',
        "requirements.txt": "aws-cdk-lib==2.160.0\nconstructs>=10.0.0,<11.0.0\n"
        "aws-cdk.aws-lambda-python-alpha==2.160.0a0\n",
        "requirements-dev.txt": "pytest==6.2.5\n",
        "shop/__init__.py": "",
        "shop/shop_stack.py": _text(f"""\
            from aws_cdk import Duration, Stack
            from aws_cdk import aws_lambda as _lambda
            from aws_cdk.aws_lambda_python_alpha import PythonLayerVersion
            from constructs import Construct


            class ShopStack(Stack):
                def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
                    super().__init__(scope, construct_id, **kwargs)
                    deps = PythonLayerVersion(
                        self,
                        "Deps",
                        entry="layers/deps",
                        compatible_runtimes=[_lambda.Runtime.PYTHON_@short@],
                        compatible_architectures=[_lambda.Architecture.{MACHINE.upper()}],
                    )
                    _lambda.Function(
                        self,
                        "Checkout",
                        runtime=_lambda.Runtime.PYTHON_@short@,
                        architecture=_lambda.Architecture.{MACHINE.upper()},
                        code=_lambda.Code.from_asset("lambda/checkout"),
                        handler="index.handler",
                        timeout=Duration.seconds(10),
                        layers=[deps],
                    )
            """),
        "layers/deps/requirements.txt": "markupsafe==3.0.1\nitsdangerous==2.2.0\n",
        "lambda/checkout/index.py": _handler("markupsafe"),
        "tests/unit/test_shop_stack.py": "import aws_cdk\n",
    },
    layers={"deps": "{requirements: layers/deps/requirements.txt}"},
    functions={"checkout": "{layers: [deps], code: lambda/checkout/, handler: index.handler}"},
)

TERRAFORM = Layout(
    files={
        "infra/main.tf": _text(f"""\
            terraform {{
              required_providers {{ aws = {{ source = "hashicorp/aws" }} }}
            }}

            # One layer for each service, of its requirements.
            resource "aws_lambda_layer_version" "orders_deps" {{
              layer_name               = "orders-deps"
              filename                 = "${{path.module}}/../build/orders-deps.zip"
              compatible_runtimes      = ["python@python@"]
              compatible_architectures = ["{MACHINE}"]
            }}

            resource "aws_lambda_layer_version" "invoices_deps" {{
              layer_name          = "invoices-deps"
              filename            = "${{path.module}}/../build/invoices-deps.zip"
              compatible_runtimes = ["python@python@"]
            }}

            data "archive_file" "orders" {{
              type        = "zip"
              source_dir  = "${{path.module}}/../services/orders/src"
              output_path = "${{path.module}}/../build/orders.zip"
            }}

            data "archive_file" "invoices" {{
              type        = "zip"
              source_dir  = "${{path.module}}/../services/invoices/src"
              output_path = "${{path.module}}/../build/invoices.zip"
            }}

            resource "aws_lambda_function" "orders" {{
              function_name = "shop-orders"
              filename      = data.archive_file.orders.output_path
              handler       = "main.handler"
              runtime       = "python@python@"
              architectures = ["{MACHINE}"]
              role          = aws_iam_role.lambda.arn
              layers        = [aws_lambda_layer_version.orders_deps.arn]
              environment {{
                variables = {{ TABLE = "orders" }}
              }}
            }}

            resource "aws_lambda_function" "invoices" {{
              function_name = "shop-invoices"
              filename      = data.archive_file.invoices.output_path
              handler       = "main.handler"
              runtime       = "python@python@"
              architectures = ["{MACHINE}"]
              role          = aws_iam_role.lambda.arn
              layers        = [aws_lambda_layer_version.invoices_deps.arn]
            }}
            """),
        "services/orders/requirements.txt": "requests==2.32.3\n",
        "services/orders/src/main.py": _handler("requests"),
        "services/invoices/requirements.txt": "numpy==1.26.4\n",
        "services/invoices/src/main.py": _handler("numpy"),
        "Makefile": "layers:\n\tpip install -r services/orders/requirements.txt -t build/python\n",
    },
    layers={
        "orders-deps": "{requirements: services/orders/requirements.txt}",
        "invoices-deps": "{requirements: services/invoices/requirements.txt}",
    },
    functions={
        "orders": "{layers: [orders-deps], code: services/orders/src/, handler: main.handler}",
        "invoices": "{layers: [invoices-deps], code: services/invoices/src/, handler: main.handler}",
    },
)

LAYOUTS = {
    "requirements": REQUIREMENTS,
    "packages beside": SHARED,
    "src layout": SRC_LAYOUT,
    "uv": UV,
    "poetry": POETRY,
    "pdm": PDM,
    "pipenv": PIPENV,
    "sam": SAM,
    "serverless": SERVERLESS,
    "cdk": CDK,
    "terraform": TERRAFORM,
}
