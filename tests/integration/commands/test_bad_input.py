"""Everything a user can get wrong, through the real program: one clear answer, nothing published."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Versions: TypeAlias = Callable[..., list[str]]
Serve: TypeAlias = Callable[[Callable[[Any], tuple[int, Mapping[str, str], bytes]]], str]

HEAD = 'version: 1\npython: "3.12"\n'
GOOD = HEAD + "layers:\n  code: {include: src/}\n"
BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
MANIFESTS = [
    ("", "layers.yml:1:1: the manifest is empty"),
    ("# nothing\n", "layers.yml:1:1: the manifest is empty"),
    ("- a\n- b\n", "layers.yml:1:1: a manifest is a mapping with the keys version, python and"),
    ("version: 1\nlayers: [\n", "layers.yml:3:1: not YAML: while parsing a flow node"),
    ("a: b: c\n", "layers.yml:1:5: not YAML: mapping values are not allowed here"),
    ("version: 1\nlayers:\n\tcode: {}\n", "layers.yml:3:1: YAML does not allow tabs"),
    ("a: &a [*a]\n", "layers.yml:1:4: an anchor contains itself"),
    ("a: &a\n  b: *a\n", "layers.yml:1:4: an anchor contains itself"),
    ("a0: &a0 [x]\n" + BOMB, r"layers.yml:\d+:\d+: its anchors expand to over 20,000 values"),
    ("[" * 5000, "layers.yml:1:1: nested too deeply to be a manifest"),
    (GOOD + "name: !!python/name:os.system ''\n", "layers.yml:5:7: a manifest has no YAML tags"),
    (b"version: \xff\n", "layers.yml cannot be read: is not text in UTF-8: line 1 has the byte 0xff"),
    (b"version: 1\x00\n", "not YAML: "),
    (GOOD + "python: '3.13'\n", "layers.yml:5:1: key 'python' is here twice; the first is at line 2"),
    (GOOD + "archtecture: arm64\n", "layers.yml:5:1: unknown key 'archtecture'"),
    (GOOD.replace("include", "includes"), "layers.yml:4:10: layer code: unknown key 'includes'"),
    (GOOD.replace("src/", "{from: src, too: python}"), "layers.yml:4:31: layer code: unknown key"),
    (GOOD.replace("version: 1", "version: 2"), "layers.yml:1:10: version"),
    (GOOD.replace("version: 1\n", ""), "layers.yml:1:1: the manifest needs the key 'version'"),
    (HEAD, "layers.yml:1:1: the manifest needs the key 'layers'"),
    (HEAD + "layers: {}\n", "layers.yml:3:9: layers must have at least one entry, not an empty"),
    (HEAD + "layers: [a]\n", "layers.yml:3:9: layers must be a mapping, not a list"),
    (HEAD + "layers: {code: }\n", "layers.yml:3:15: layer code: code must be a mapping of keys"),
    (HEAD + "layers: {code: {}}\n", "layers.yml:3:10: layer code: has nothing in it"),
    (HEAD + "layers: {code: {packages: [7]}}\n", "layers.yml:3:28: layer code: packages, entry 1"),
    (GOOD.replace('"3.12"', '"3.7"'), "layers.yml:2:9: python"),
    (GOOD.replace('"3.12"', "3.99"), "layers.yml:2:9: python"),
    (GOOD.replace('python: "3.12"\n', ""), "layers.yml:3:3: layer code: no python: for this layer"),
    (GOOD + "architecture: arm\n", "layers.yml:5:15: architecture"),
    (GOOD + "compression: zstd\n", "layers.yml:5:14: compression"),
    (GOOD + "limits: {zip: lots}\n", "layers.yml:5:15: zip: 'lots': a size is a number with a unit"),
    (GOOD + "limits: {unzipped: 300 MiB}\n", "layers.yml:5:20: layer code: limits.unzipped 300.0 MiB"),
    (GOOD + "name: one\n" + "  other: {include: src/}\n", "layers.yml:6:8: not YAML: mapping values are not"),
    (HEAD + "name: one\nlayers: {a: {include: src/}, b: {include: src/}}\n",
     "layers.yml:4:30: layer b: has the name 'one' on AWS, and so has layer a"),
    (GOOD + "name: 'my layer'\n", "layers.yml:5:7: layer code: AWS refuses the layer name 'my layer'"),
    (GOOD + f"name: {'x' * 141}\n", "layers.yml:5:7: layer code: AWS refuses the layer name 'xxx"),
    (GOOD + "name: '{user}'\n", r"layers.yml:5:7: name '\{user\}': only \{layer\}, \{python\}"),
    (GOOD + f"description: {'x' * 257}\n", "layers.yml:5:14: description has 257 characters; AWS"),
    (GOOD.replace("src/", "../src"), "layers.yml:4:19: layer code: ../src leads out of the workspace"),
    (GOOD.replace("src/", "/etc"), "layers.yml:4:19: layer code: '/etc' is absolute"),
    (GOOD.replace("src/", "'~/src'"), "layers.yml:4:19: layer code: '~/src' is in a home folder"),
    (GOOD.replace("src/", "[{from: src/, to: ../up}]"), "layers.yml:4:20: layer code: to: '../up' leaves the layer"),
    (GOOD.replace("src/", "nowhere/"), "layers.yml:4:19: layer code: there is nothing at nowhere"),
    (HEAD + "layers: {code: {requirements: ../r.txt}}\n", "layers.yml:3:31: layer code: ../r.txt leads out"),
    (HEAD + "layers: {code: {requirements: r.txt}}\n",
     "layers.yml:3:31: layer code: there is no file r.txt"),
    (GOOD + "functions: {api: {layers: [cod]}}\n",
     "layers.yml:5:28: function api: there is no layer 'cod'"),
    (GOOD + "functions: {api: {layers: [code, code]}}\n",
     "layers.yml:5:34: function api: layer 'code' is here twice"),
    (HEAD + "layers: {" + ", ".join(f"l{n}: {{include: src/}}" for n in range(6)) + "}\n"
     "functions: {api: {layers: [l0, l1, l2, l3, l4, l5]}}\n",
     "layers.yml:4:27: function api has 6 layers; AWS attaches 5 at most"),
]  # fmt: skip
REQUIREMENTS = [
    ("", "layers.yml:3:31: layer code: requirements.txt asks for nothing"),
    ("pandas >< 2\n", "requirements.txt:1:1: layer code: 'pandas >< 2' is not a requirement: "),
    ("fine\n\n# text\n-e .\n", "requirements.txt:4:1: layer code: '.' has no pyproject.toml"),
    (
        "a @ http://127.0.0.1:9/a.whl\n",
        "requirements.txt:1:1: layer code: a @ http://127.0.0.1:9/a.whl has no sha256",
    ),
    ("http://127.0.0.1:9/a\n", "requirements.txt:1:1: layer code: NAME @ .* has no sha256"),
    ("git+http://127.0.0.1:9/a\n", "requirements.txt:1:1: layer code: .* at whatever is newest"),
    (
        "./wheels/a.whl\n",
        "requirements.txt:1:1: layer code: there is nothing at './wheels/a.whl'",
    ),
    ("-r requirements.txt\n", "requirements.txt:1:1: layer code: requirements files include each"),
    (
        "-r ../other.txt\n",
        "requirements.txt:1:1: layer code: ../other.txt leads out of the workspace",
    ),
    ("-r other.txt\n", "requirements.txt:1:1: layer code: there is no file other.txt"),
    (
        "--no-binary demo\ndemo\n",
        "requirements.txt:1:1: layer code: '--no-binary demo': a layer takes wheels",
    ),
    ("--frobnicate\ndemo\n", "requirements.txt:1:1: layer code: the option '--frobnicate' has no"),
    (
        b"\xff\xfe\n",
        "layers.yml:3:31: layer code: requirements.txt is not text in UTF-16: truncated data",
    ),
]
INPUTS = [
    ({"COMMAND": "publsh"}, "input command: 'publsh' is not one of"),
    ({"DRY-RUN": "yes"}, "input dry-run: is 'true' or 'false', not 'yes'"),
    ({"SANDBOX": "True"}, "input sandbox: is 'true' or 'false', not 'True'"),
    ({"AWS-REGION": "mars"}, "input aws-region: 'mars' is not a region such as eu-west-1"),
    ({"S3-BUCKET": "My_Bucket"}, "input s3-bucket: 'My_Bucket' is not a bucket's name"),
    (
        {"S3-BUCKET": "ours-{account}"},
        r"input s3-bucket: 'ours-\{account\}' is not a bucket's name",
    ),
    ({"OUTPUT-DIR": "../out"}, "input output-dir: '../out' must be a directory of its own"),
    ({"OUTPUT-DIR": "."}, "input output-dir: '.' must be a directory of its own"),
    ({"LAYERS": "cod"}, "layers.yml: there is no layer 'cod'"),
    ({"MANIFEST": "other.yml"}, "there is no manifest at other.yml"),
    ({"MANIFEST": "src"}, "src cannot be read: "),
]


@pytest.fixture(autouse=True)
def _(workspace: Path) -> None:
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(GOOD)


@pytest.fixture
def refuses(run: Run, workspace: Path, versions: Versions) -> Callable[..., str]:
    """Run `publish`, expect one error, and that nothing was written to AWS."""

    def check(
        code: int, said: str, *arguments: str, env: Mapping[str, str | None] | None = None
    ) -> str:
        done = run(*(arguments or ["publish"]), env=env)
        assert done.returncode == code, done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        errors = re.findall(r"^error: .*", done.stderr, re.MULTILINE)
        assert len(errors) == 1, done.stderr
        assert re.match(f"error: .*({said})", errors[0]), errors[0]
        assert versions() == []
        for report in (workspace / "dist").rglob("report.json"):
            assert json.loads(report.read_text())["exit_code"] == code
        return done.stderr

    return check


@pytest.mark.parametrize(("text", "said"), MANIFESTS)
def test_a_wrong_manifest(
    refuses: Callable[..., str], workspace: Path, text: str | bytes, said: str
) -> None:
    content = text if isinstance(text, bytes) else text.encode()
    (workspace / "layers.yml").write_bytes(content)
    refuses(2, said)


def test_no_manifest(refuses: Callable[..., str], workspace: Path) -> None:
    (workspace / "layers.yml").unlink()
    said = refuses(2, "there is no manifest at layers.yml")
    assert "  → `layer-builder init` writes one; manifest: names another path\n" in said
    (workspace / "layers.yaml").write_text("version: 1\n")
    said = refuses(2, "there is no manifest at layers.yml")
    assert "  → layers.yaml is there: rename it, or name it (manifest: layers.yaml)\n" in said


@pytest.mark.parametrize(("text", "said"), REQUIREMENTS)
def test_wrong_requirements(
    refuses: Callable[..., str], workspace: Path, text: str | bytes, said: str
) -> None:
    content = text if isinstance(text, bytes) else text.encode()
    (workspace / "requirements.txt").write_bytes(content)
    (workspace / "layers.yml").write_text(
        HEAD + "layers: {code: {requirements: requirements.txt}}\n"
    )
    refuses(2, said)


@pytest.mark.parametrize(("inputs", "said"), INPUTS, ids=str)
def test_wrong_inputs(run: Run, versions: Versions, inputs: Mapping[str, str], said: str) -> None:
    done = run(env={f"INPUT_{name}": value for name, value in inputs.items()})
    assert done.returncode == 2, done.stderr
    assert re.search(f"^error: {said}", done.stderr, re.MULTILINE), done.stderr
    assert "Traceback" not in done.stderr
    assert versions() == []


def test_all_mistakes_at_once(run: Run, workspace: Path) -> None:
    (workspace / "requirements.txt").write_text("-e .\npandas >< 2\n")
    (workspace / "layers.yml").write_text(
        HEAD + "pyton: x\nlayers:\n  a: {includ: src/}\n  b: {requirements: requirements.txt}\n"
    )
    done = run("publish")
    assert done.returncode == 2
    places = re.findall(r"^error: (\S+:\d+:\d+): ", done.stderr, re.MULTILINE)
    assert sorted(places) == [
        "layers.yml:3:1", "layers.yml:5:7", "requirements.txt:1:1", "requirements.txt:2:1",
    ]  # fmt: skip


def test_an_unknown_distribution(refuses: Callable[..., str], workspace: Path) -> None:
    (workspace / "layers.yml").write_text(HEAD + "layers: {code: {packages: [absent]}}\n")
    refuses(3, "layers.yml:3:10: layer code: the requirements cannot be met for 3.12-x86_64")


def test_no_region(refuses: Callable[..., str]) -> None:
    refuses(2, "no AWS region is named", env={"AWS_DEFAULT_REGION": None})


def test_no_credentials(refuses: Callable[..., str]) -> None:
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    said = refuses(6, "there are no AWS credentials", env=none)
    assert "aws-actions/configure-aws-credentials before this action" in said
    assert refuses(6, "there are no AWS credentials", env=none | {"AWS_SECRET_ACCESS_KEY": "half"})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredTokenException", "layer code: the AWS credentials have expired"),
        (
            "UnrecognizedClientException",
            "the region eu-west-1 is not enabled for the account 123456",
        ),
        ("AccessDeniedException", "layer code: AWS does not allow ListLayerVersions"),
    ],
)
def test_credentials_that_lambda_refuses(
    refuses: Callable[..., str], serve: Serve, code: str, said: str
) -> None:
    methods: list[str] = []

    def answer(request: Any) -> tuple[int, Mapping[str, str], bytes]:  # noqa: ANN401 (one line's worth)
        methods.append(request[0])
        return 403, {"x-amzn-ErrorType": code}, b'{"message": "the token is no good"}'

    told = refuses(6, said, env={"AWS_ENDPOINT_URL": serve(answer)})
    assert f"    ListLayerVersions in eu-west-1: {code}: the token is no good\n" in told
    assert methods == ["GET"]


def test_an_aws_that_cannot_be_reached(refuses: Callable[..., str]) -> None:
    refuses(6, "AWS cannot be reached in eu-west-1", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})


def test_a_profile_that_does_not_exist(refuses: Callable[..., str]) -> None:
    refuses(6, "there is no AWS profile 'absent'", env={"AWS_PROFILE": "absent"})
    no_region = {"AWS_PROFILE": "absent", "AWS_DEFAULT_REGION": None}
    refuses(6, "there is no AWS profile 'absent'", env=no_region)


def test_a_word_that_is_no_command(run: Run) -> None:
    done = run("publsh")
    assert done.returncode == 2
    assert "invalid choice: 'publsh'" in done.stderr
