import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.deployments import Repository
from layer_builder.manifest import read_manifest
from layer_builder.survey import guesses, propose, write_text

HANDLER = "def handler(event: dict[str, int], context):\n    return 1\n"


def written(files: Mapping[str, str]) -> str:
    """Propose a manifest for files; it has no mistakes."""
    proposal = propose(Repository(names=tuple(sorted(files)), texts=files))
    text = write_text(proposal) if proposal.layers else ""
    if text:
        read_manifest(text, "layers.yml")
    return text


def parsed(files: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(written(files))
    return found


def test_of_several_targets_each_layer_says_its_own() -> None:
    template = {
        name: {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "app.handler", "CodeUri": name.lower(), "Layers": [{"Ref": "Common"}],
                "Runtime": f"python3.{minor}", "Architectures": [architecture],
            },
        }
        for name, minor, architecture in (("A", 12, "arm64"), ("B", 12, "arm64"), ("C", 13, "x86_64"))
    }  # fmt: skip
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "common"}}
    found = parsed(
        {
            "template.yaml": json.dumps({"Resources": {**template, "Common": layer}}),
            "common/requirements.txt": "six\n",
            **{f"{name}/app.py": HANDLER for name in "abc"},
            "c/requirements.txt": "toolz\n",
        }
    )
    assert (found["python"], found["architecture"]) == ("3.12", "arm64")
    assert found["layers"] == {
        "common": {
            "requirements": "common/requirements.txt",
            "python": ["3.12", "3.13"],
            "architecture": ["arm64", "x86_64"],
        },
        "c-deps": {
            "requirements": "c/requirements.txt",
            "requires": ["common"],
            "python": "3.13",
            "architecture": "x86_64",
        },
    }
    functions = found["functions"]
    assert functions["c"]["layers"] == ["common", "c-deps"]
    assert [(f["python"], f["architecture"]) for f in functions.values()] == [
        ("3.12", "arm64"), ("3.12", "arm64"), ("3.13", "x86_64"),
    ]  # fmt: skip


def test_requirements_that_are_kept_apart_stay_apart() -> None:
    found = parsed({"requirements-core.txt": "a", "requirements-more.txt": "b", "app.py": HANDLER})
    assert found["layers"]["more-deps"]["requires"] == ["core-deps"]
    assert found["functions"]["app"]["layers"] == ["core-deps", "more-deps"]


def test_services_of_one_repository_keep_apart() -> None:
    service = (
        "service: {0}\nprovider: {{runtime: python3.12}}\nplugins: [serverless-python-requirements]\n"
        "functions: {{api: {{handler: app.handler}}}}\n"
    )
    files = {f"{name}/serverless.yml": service.format(name) for name in "ab"}
    files |= {f"{name}/app.py": HANDLER for name in "ab"}
    files |= {f"{name}/requirements.txt": f"{name}\n" for name in "ab"}
    found = parsed(files)
    assert {key: one["layers"] for key, one in found["functions"].items()} == {
        "api": ["a-deps"], "api-2": ["b-deps"],
    }  # fmt: skip
    assert found["functions"]["api-2"]["code"] == [{"from": "b/app.py", "to": "app.py"}]


@pytest.mark.parametrize(
    ("name", "text", "python"),
    [
        (".python-version", "3.13.1\n", "3.13"),
        ("runtime.txt", "python-3.11.9\n", "3.11"),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.9"\n', "3.12"),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.13"\n', "3.13"),
        ("pyproject.toml", '[project]\nrequires-python = "<3.11"\n', "3.10"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\n', "3.11"),
        ("Pipfile", '[requires]\npython_version = "3.14"\n', "3.14"),
        ("README", "", "3.12"),
    ],
)
def test_the_python_is_that_of_the_files_at_the_top(name: str, text: str, python: str) -> None:
    assert parsed({"requirements.txt": "six\n", name: text})["python"] == python


@pytest.mark.parametrize(
    ("files", "layers"),
    [
        ({"requirements.txt": "-r a.txt"}, {"deps": {"requirements": "requirements.txt"}}),
        (
            {"requirements-core.txt": "a", "requirements-dev.txt": "b", "requirements-x.txt": "c"},
            {
                "core-deps": {"requirements": "requirements-core.txt"},
                "x-deps": {"requirements": "requirements-x.txt"},
            },
        ),
        ({"requirements.txt": "# none\n"}, None),
        ({"docs/requirements.txt": "a", "tests/requirements.txt": "b"}, None),
        ({"pyproject.toml": "[project]\nname = 'a'\ndependencies = []\n"}, None),
        (
            {
                "pyproject.toml": "[project]\nname='a'\ndependencies=['b']\n",
                "requirements.txt": "b==1",
            },
            {"deps": {"requirements": "requirements.txt"}},
        ),
        (
            {"a/requirements.txt": "x", "b/requirements.txt": "y"},
            {
                "a-deps": {"requirements": "a/requirements.txt"},
                "b-deps": {"requirements": "b/requirements.txt"},
            },
        ),
        ({"pyproject.toml": "[[", "setup.py": ""}, None),
    ],
)
def test_sources_become_layers(files: dict[str, str], layers: object) -> None:
    text = written(files)
    assert (yaml.safe_load(text)["layers"] if text else None) == layers


def test_code_that_names_src_keeps_its_folder() -> None:
    files = {
        "requirements.txt": "six\n",
        "src/shop/api.py": f"from src.shop import words\n\n\n{HANDLER}",
        "src/shop/words.py": "",
    }
    (function,) = parsed(files)["functions"].values()
    assert function["handler"] == "src.shop.api.handler"
    assert function["code"] == [{"from": "src/", "to": "src/"}]
    del files["src/shop/api.py"]
    assert parsed(files)["layers"]["code"]["include"] == [{"from": "src/", "to": "python/"}]


def test_data_that_the_code_names_comes_along() -> None:
    files = {
        "requirements.txt": "six\n",
        "app.py": f"import words\n\nA = open('data/a.json')\nB = 'tests', 'none'\n{HANDLER}",
        "words.py": "B = open('b.txt')\n",
        **dict.fromkeys(("data/a.json", "b.txt", "other/c.json", "tests/d.json"), ""),
    }
    (function,) = parsed(files)["functions"].values()
    assert [one["to"] for one in function["code"]] == ["app.py", "b.txt", "data/", "words.py"]


def test_what_a_function_does_not_need_is_in_no_layer() -> None:
    files = {
        "api/app.py": HANDLER,
        "api/requirements.txt": "six\n",
        "job/requirements.txt": "toolz\n",
    }
    proposal = propose(Repository(names=tuple(sorted(files)), texts=files))
    assert [one.key for one in proposal.layers] == ["api-deps"]
    assert proposal.remarks == (
        "job/requirements.txt: a requirements file: in no layer, since no function was found that"
        " needs it",
    )


PIECES = st.sampled_from(
    [
        *("Resources:", "\n", "  ", "- ", "A", ": ", "{", "}", "[", "]", "!Ref A", "!Sub", "&a ", "*a"),
        *("Type: AWS::Serverless::Function", "Properties:", "Handler: a.b", "CodeUri: .", "Runtime: python3.12"),
        *("functions:", "custom:", "provider:", "plugins: [x]", "layers:", '"', "'", "#", "\0", "\u202e"),
        *('resource "aws_lambda_function" "f" {', 'handler = "a.b"', 'runtime = "python3.12"', "=", "aws_cdk"),
        *("def handler(event, context):", "Function(self, 'x', handler='a.b', runtime=R.PYTHON_3_12)", "import a"),
        *("[project]", "dependencies = ['six']", "name = 'x'", "six==1", "<script>", "::error::", "é", "~"),
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=25).map("".join)
NAMES = ("template.yaml", "serverless.yml", "cdk.json", "main.tf", "a.py", "src/b/c.py", "pyproject.toml",
         "uv.lock", "poetry.lock", "Pipfile", "Pipfile.lock", "requirements.txt", "x y/requirements.txt")  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), TEXTS))
def test_whatever_lies_there_gives_a_manifest(files: dict[str, str]) -> None:
    proposal = propose(Repository(names=tuple(sorted(files)), texts=files))
    read_manifest(write_text(proposal), "layers.yml")
    for line in (*guesses(proposal), *proposal.remarks, *proposal.warnings):
        assert line.isprintable()
