"""An AWS that takes only what AWS takes: what it refuses, and that it refuses nothing of ours."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import botocore.exceptions
import pytest
import yaml
from botocore.config import Config
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ..conftest import REGION
from .paging import Paging
from .program import Program
from .proxy import Proxy
from .strict import BODY_BYTES, UNZIPPED_BYTES, Strict
from .throttle import Throttle

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:{}:{}"
Ours: TypeAlias = Callable[[object], int]

INVALID = "InvalidParameterValueException"


def zipped(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return content.getvalue()


ONE = zipped({"python/a.py": b"A = 1\n"})


@pytest.fixture
def strict(proxy: Proxy) -> Strict:
    rule = Strict(proxy.upstream)
    proxy.rules = (rule, Paging(page=2))
    return rule


@pytest.fixture
def api(proxy: Proxy, strict: Strict) -> Iterator[Any]:
    """Open a Lambda client of the strict AWS."""
    assert proxy.rules[0] is strict
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, read_timeout=120)
    made: Any = session.client("lambda", endpoint_url=proxy.url, config=config)
    yield made
    made.close()


def publish(api: Any, content: bytes = ONE, name: str = "a", **more: object) -> str:  # noqa: ANN401 (a client)
    answer = api.publish_layer_version(LayerName=name, Content={"ZipFile": content}, **more)
    return str(answer["LayerVersionArn"])


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call()
    answer = raised.value.response
    return f"{answer['ResponseMetadata']['HTTPStatusCode']} {answer['Error']['Code']}: {answer['Error']['Message']}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"name": "bad name!"},
            "'layerName' failed to satisfy constraint: Member must satisfy reg",
        ),
        ({"name": "a" * 141}, "'layerName' failed to satisfy constraint: Member must satisfy reg"),
        ({"Description": "d" * 257}, "have length less than or equal to 256"),
        ({"LicenseInfo": "l" * 513}, "have length less than or equal to 512"),
        ({"LicenseInfo": "two\nlines"}, "satisfy regular expression pattern: .*"),
        ({"CompatibleRuntimes": ["python3.12"] * 16}, "have length less than or equal to 15"),
        ({"CompatibleRuntimes": ["python4.0"]}, "Member must satisfy enum value set: ["),
        ({"CompatibleArchitectures": ["mips"]}, "satisfy enum value set: [x86_64, arm64]"),
        ({"content": b"no zip"}, "Could not unzip uploaded file."),
        ({"content": ONE[:-30]}, "Could not unzip uploaded file."),
        ({"content": zipped({})}, "Uploaded file must be a non-empty zip"),
        ({"content": zipped({"python/": b""})}, "Uploaded file must be a non-empty zip"),
    ],
)
def test_a_publish_that_breaks_a_rule_is_refused(
    api: Any,  # noqa: ANN401 (a client)
    strict: Strict,
    words: dict[str, Any],
    said: str,
) -> None:
    found = refusal(lambda: publish(api, **words))
    assert found.startswith("400 ")
    assert said in found
    assert len(strict.refusals) == 1
    assert publish(
        api, Description="é" * 256, LicenseInfo="l" * 512, CompatibleRuntimes=["python3.12"] * 15
    ).endswith(":1")


def test_a_body_of_the_least_size_too_many_is_refused(api: Any) -> None:  # noqa: ANN401 (a client)
    overhead = len('{"Content": {"ZipFile": ""}}')
    most = (BODY_BYTES - 1 - overhead) // 4 * 3
    assert "400 InvalidParameterValueException: Could not unzip" in refusal(
        lambda: publish(api, bytes(most))
    )
    assert refusal(lambda: publish(api, bytes(most + 1))) == (
        "413 RequestEntityTooLargeException: Request must be smaller than 70167211 bytes for the"
        " PublishLayerVersion operation"
    )


@pytest.mark.usefixtures("function")
def test_what_unzips_to_too_much_is_refused_alone_and_with_others(api: Any) -> None:  # noqa: ANN401 (a client)
    too_much = zipped({"a": bytes(UNZIPPED_BYTES)})
    said = f"400 {INVALID}: Unzipped size must be smaller than 262144000 bytes"
    assert refusal(lambda: publish(api, too_much)) == said
    most = publish(api, zipped({"a": bytes(UNZIPPED_BYTES - 1)}))
    one = publish(api, name="b")
    assert refusal(lambda: attach(api, most, one)).startswith(f"400 {INVALID}: Layers consume more")
    attach(api, most)


def test_an_object_that_is_not_there_is_refused(api: Any, client: Callable[..., Any]) -> None:  # noqa: ANN401 (a client)
    s3 = client("s3")
    s3.create_bucket(Bucket="ours", CreateBucketConfiguration={"LocationConstraint": REGION})
    content = {"S3Bucket": "ours", "S3Key": "a b/ü.zip"}
    found = refusal(lambda: api.publish_layer_version(LayerName="a", Content=content))
    assert "S3 Error Code: NoSuchKey." in found
    s3.put_object(Bucket="ours", Key="a b/ü.zip", Body=ONE)
    assert api.publish_layer_version(LayerName="a", Content=content)["Version"] == 1


@pytest.fixture
def function(api: Any, client: Callable[..., Any]) -> None:  # noqa: ANN401 (a client)
    """Make a function `f`."""
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    api.create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="m.h", Code={"ZipFile": ONE}
    )


def attach(api: Any, *layers: str, **more: object) -> Any:  # noqa: ANN401 (a client)
    return api.update_function_configuration(FunctionName="f", Layers=list(layers), **more)


@pytest.mark.usefixtures("function")
def test_a_function_takes_five_layers_each_once(api: Any) -> None:  # noqa: ANN401 (a client)
    arns = [publish(api, name=f"n{number}") for number in range(6)]
    again = publish(api, name="n0")
    assert refusal(lambda: attach(api, *arns)).endswith("Cannot reference more than 5 layers.")
    assert "Two different versions" in refusal(lambda: attach(api, arns[0], again))
    assert [layer["Arn"] for layer in attach(api, *arns[:5])["Layers"]] == arns[:5]


@pytest.mark.usefixtures("function")
def test_a_stale_revision_is_refused(api: Any) -> None:  # noqa: ANN401 (a client)
    read = api.get_function(FunctionName="f")["Configuration"]["RevisionId"]
    assert read == api.get_function_configuration(FunctionName="f")["RevisionId"]
    assert read == api.list_functions()["Functions"][0]["RevisionId"]
    after = attach(api, RevisionId=read)["RevisionId"]
    assert after != read
    assert "412 PreconditionFailedException" in refusal(lambda: attach(api, RevisionId=read))
    attach(api, RevisionId=after)


def test_a_statement_is_made_once(api: Any) -> None:  # noqa: ANN401 (a client)
    publish(api)
    layer = {"LayerName": "a", "VersionNumber": 1}
    words = {**layer, "Action": "lambda:GetLayerVersion", "Principal": "123456789012"}
    api.add_layer_version_permission(StatementId="s", **words)
    again = refusal(lambda: api.add_layer_version_permission(StatementId="s", **words))
    assert again.startswith("409 ResourceConflictException: The statement id (s) provided already")
    api.remove_layer_version_permission(StatementId="s", **layer)
    api.add_layer_version_permission(StatementId="s", **words)
    bad = {**words, "Principal": "12", "StatementId": "no space"}
    assert "2 validation errors" in refusal(lambda: api.add_layer_version_permission(**bad))


def test_lists_come_in_pages_and_filtered(api: Any) -> None:  # noqa: ANN401 (a client)
    for number in range(5):
        publish(api, CompatibleRuntimes=["python3.12" if number % 2 else "python3.13"])
    pages = list(api.get_paginator("list_layer_versions").paginate(LayerName="a"))
    assert [[item["Version"] for item in page["LayerVersions"]] for page in pages] == [
        [5, 4],
        [3, 2],
        [1],
    ]
    one = api.list_layer_versions(LayerName="a", MaxItems=1)
    assert (len(one["LayerVersions"]), "NextMarker" in one) == (1, True)
    filtered = api.list_layer_versions(LayerName="a", CompatibleRuntime="python3.12")
    assert [item["Version"] for item in filtered["LayerVersions"]] == [4, 2]
    assert "less than or equal to 50" in refusal(
        lambda: api.list_layer_versions(LayerName="a", MaxItems=51)
    )
    assert "Invalid marker" in refusal(lambda: api.list_layers(Marker="x"))


def test_a_region_takes_fifteen_calls_a_second(api: Any, proxy: Proxy) -> None:  # noqa: ANN401 (a client)
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    proxy.rules = (throttle,)
    for _ in range(15):
        api.list_layers()
    assert "429 TooManyRequestsException: Rate exceeded" in refusal(api.list_layers)
    now[0] = 1 / 15 + 0.001
    api.list_functions()
    assert "429" in refusal(api.list_functions)
    assert (throttle.accepted[REGION], throttle.refused[REGION]) == (16, 2)
    now[0] = 100.0
    for _ in range(15):
        api.list_layers()
    assert "429" in refusal(api.list_layers)


plain = st.from_regex("[a-z][a-zA-Z0-9_-]{0,39}", fullmatch=True)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
one_line = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
layers = st.fixed_dictionaries(
    {"include": st.just("src/")},
    optional={
        "description": anything,
        "license": one_line,
        "python": st.lists(st.sampled_from(["3.10", "3.12", "3.14"]), min_size=1, unique=True),
        "architecture": st.lists(st.sampled_from(["x86_64", "arm64"]), min_size=1, unique=True),
        "name": plain.map(lambda name: name + "-{layer}-{python}-{architecture}"),
        "compression": st.sampled_from(["fast", "balanced", "best"]),
    },
)  # fmt: skip
EDGES = {
    "description": ["é" * 256, "\U0001f40d" * 256, "d" * 257, "two\nlines", "\t"],
    "license": ["é" * 512, "\U0001f40d" * 512, "l" * 513, "two\nlines", "two\u2028lines"],
    "name": ["n" * 140, "n" * 141, "no-ümlaut", "two words", "{layer}-{python}"],
}


@given(made=st.dictionaries(plain, layers, min_size=1, max_size=3))
@example(made={"e": {"include": "src/", "name": "{layer}", "python": ["3.10", "3.12"]}})
@settings(
    deadline=None,
    derandomize=True,
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nothing_that_we_send_is_refused(publish_ours: Ours, made: Any) -> None:  # noqa: ANN401 (a manifest)
    assert publish_ours(made) == 0


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in EDGES.items() for value in values]
)
def test_what_would_be_refused_is_not_sent(publish_ours: Ours, key: str, value: str) -> None:
    assert publish_ours({"a": {"include": "src/", key: value}}) in {0, 2}


@pytest.fixture
def publish_ours(
    strict: Strict, proxy: Proxy, program: Program, environ: dict[str, str], tmp_path: Path
) -> Ours:
    """Publish layers with the program; gives its exit code, sure that nothing was refused."""

    def start(made: object) -> int:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "a.py").write_text(f"A = {folder.name}\n")
        manifest = {"version": 1, "python": "3.12", "layers": made}
        (folder / "layers.yml").write_text(yaml.safe_dump(manifest, allow_unicode=True), "utf-8")
        heard = len(proxy.heard)
        strict.refusals.clear()
        where = environ | {"AWS_ENDPOINT_URL": proxy.url}
        done = program.run("publish", folder=folder, environment=where)
        assert strict.refusals == []
        assert done.code in {0, 2}, done.text
        assert ("PublishLayerVersion" in proxy.operations()[heard:]) is (done.code == 0)
        return done.code

    return start
