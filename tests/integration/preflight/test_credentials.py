"""The credentials are tried before anything is built; what is wrong with them is told with a remedy."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.faults import Fault, Trouble
from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], dict[str, str | None]]:
    """Give the environment in which the AWS config is this text."""

    def write(text: str, **more: str) -> dict[str, str | None]:
        path = tmp_path / "config"
        path.write_text(text.replace("PYTHON", sys.executable))
        return {**NO_KEYS, "AWS_CONFIG_FILE": str(path), **more}

    return write


def not_built(done: CompletedProcess[str], workspace: Path, *said: str) -> None:
    """Expect exit code 6 before the build, with these words, and no talk of a bug."""
    assert done.returncode == 6, done.stdout + done.stderr
    assert [text for text in said if text not in done.stderr] == []
    assert "a bug of" not in done.stderr
    assert not list(workspace.glob("dist/layers/*.zip"))


BROKEN = {
    "web identity file": (
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file = /absent\n",
        ["a file that the AWS credentials come from does not exist", "'/absent'",
         "  → it is named by AWS_WEB_IDENTITY_TOKEN_FILE"],
    ),
    "credential_process without JSON": (
        "[default]\ncredential_process = PYTHON -c \"print('hello')\"\n",
        ["the credential_process of the AWS credentials printed no JSON",
         '  → run it by hand: it has to print {"Version": 1, "AccessKeyId": …'],
    ),
    "credential_process without a key": (
        "[default]\ncredential_process = PYTHON -c \"print('{\\\"Version\\\":1}')\"\n",
        ["what should give the credentials of the AWS credentials failed", "AccessKeyId"],
    ),
    "credential_process that is absent": (
        "[default]\ncredential_process = /absent/program\n",
        ["a file that the AWS credentials come from does not exist", "/absent/program"],
    ),
    "credential_process that fails": (
        "[default]\ncredential_process = PYTHON -c \"exit('no_vault')\"\n",
        ["what should give the credentials of the AWS credentials failed", "no_vault",
         "  → see what this says: aws sts get-caller-identity\n"],
    ),
    "SSO": (
        "[default]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
        "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://127.0.0.1:9/start\n",
        ["the login of the AWS credentials by IAM Identity Center (SSO) is missing, or has expired",
         "  → aws sso login\n"],
    ),
    "aws login": (
        "[default]\nlogin_session = arn:aws:iam::123456789012:user/u\n",
        ["aws configure export-credentials --format env", "  → "],
    ),
    "a config that is none": ("[default\n", ["the AWS config file cannot be read"]),
    "a role of itself": (
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = b\n"
        "[profile b]\nrole_arn = arn:aws:iam::123456789012:role/s\nsource_profile = default\n",
        ["the AWS config file cannot be read", "Infinite loop"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "name"),
    [("publish", name) for name in BROKEN]
    + [("attach", name) for name, (text, _) in BROKEN.items() if "login" in text],
)
def test_broken_credentials_end_before_the_build(
    run: Run,
    workspace: Path,
    config: Callable[..., dict[str, str | None]],
    command: str,
    name: str,
) -> None:
    text, said = BROKEN[name]
    not_built(run(command, env=config(text)), workspace, *said)


def test_an_unknown_profile_is_told_with_the_nearest(
    run: Run, workspace: Path, config: Callable[..., dict[str, str | None]]
) -> None:
    text = "[profile shop-dev]\nregion = eu-west-1\n[profile shop-prod]\nregion = eu-west-1\n"
    for region in ("eu-west-1", None):
        env = config(text, AWS_PROFILE="shop-pord") | {"AWS_DEFAULT_REGION": region}
        not_built(
            run("publish", env=env), workspace,
            "there is no AWS profile 'shop-pord'",
            "  → AWS_PROFILE names it; did you mean 'shop-prod'?",
        )  # fmt: skip


def test_credentials_that_break_on_the_way_are_no_bug(
    run: Run, workspace: Path, tmp_path: Path, config: Callable[..., dict[str, str | None]]
) -> None:
    """The program that gives them gives such as are about to expire, once."""
    script = tmp_path / "give.py"
    script.write_text(
        "import json, pathlib, sys\n"
        f"mark = pathlib.Path({str(tmp_path / 'given')!r})\n"
        "number = len(mark.read_text()) if mark.exists() else 0\n"
        "mark.write_text('x' * (number + 1))\n"
        "if number > 1: sys.exit(print('hello'))\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': 'k', 'SecretAccessKey': 's',\n"
        "                  'SessionToken': 't', 'Expiration': '2020-01-01T00:00:00Z'}\n"
        "                 if number else {'Version': 1, 'AccessKeyId': 'k', 'SecretAccessKey': 's',\n"
        "                  'SessionToken': 't', 'Expiration': '2030-01-01T00:00:00Z'}))\n"
    )
    text = f"[default]\ncredential_process = PYTHON {script}\n"
    done = run("publish", env=config(text))
    assert done.returncode == 0, done.stderr
    (tmp_path / "given").write_text("xx")
    not_built(run("publish", env=config(text)), workspace.parent / "elsewhere", "printed no JSON")


@pytest.mark.parametrize("command", ["publish", "attach", "versions"])
def test_who_calls_is_asked_once_and_said_first(run: Run, proxy: Proxy, command: str) -> None:
    more = ["--dry-run"] if command == "publish" else []
    words = [command, "--aws-region", "eu-west-1,us-east-1", *more]
    done = run(*words, env={"AWS_ENDPOINT_URL": proxy.url})
    first = next(line for line in done.stderr.splitlines() if line.startswith("aws: "))
    assert first.startswith("aws: account 123456789012, ")
    assert first.endswith(", in eu-west-1, us-east-1")
    assert done.stderr.index(first) < 200, "it stands at the top"
    operations = proxy.operations()
    assert operations.count("GetCallerIdentity") == 1
    assert operations[0] == "GetCallerIdentity"


@pytest.mark.parametrize("command", ["plan", "build", "publish --sandbox"])
def test_nobody_is_asked_where_aws_is_not_called(run: Run, proxy: Proxy, command: str) -> None:
    done = run(*command.split(), env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert proxy.operations() == []


def test_expired_credentials_end_before_the_build(run: Run, proxy: Proxy, workspace: Path) -> None:
    proxy.troubles = (
        Trouble(fault=Fault.EXPIRED, operation="GetCallerIdentity", times=None, everywhere=True),
    )
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    not_built(done, workspace, "the AWS credentials have expired", "  → log in again")


@pytest.mark.parametrize(
    ("name", "value"),
    [("LAYER_BUILDER_READ_TIMEOUT", "abc"), ("LAYER_BUILDER_READ_TIMEOUT", "nan"),
     ("LAYER_BUILDER_READ_TIMEOUT", "-1"), ("LAYER_BUILDER_PATIENCE", "1,5"),
     ("LAYER_BUILDER_PATIENCE", "inf")],
)  # fmt: skip
def test_a_variable_that_holds_no_number_is_a_mistake(
    run: Run, workspace: Path, name: str, value: str
) -> None:
    done = run("publish", env={name: value})
    assert done.returncode == 2, done.stderr
    assert f"the environment variable {name} is '{value}'" in done.stderr
    assert not list(workspace.glob("dist/layers/*.zip"))


@pytest.mark.parametrize(
    "command", ["publish", "attach", "versions", "plan --aws-region eu-west-1"]
)
def test_the_wrong_account_ends_before_the_build(
    run: Run, proxy: Proxy, workspace: Path, command: str
) -> None:
    manifest = workspace / "layers.yml"
    manifest.write_text(manifest.read_text() + 'account: "999999999999"\n')
    done = run(*command.split(), env={"AWS_ENDPOINT_URL": proxy.url})
    not_built(
        done, workspace,
        "layers.yml:5:10: these credentials are of the account 123456789012, and account: of the"
        " manifest says 999999999999",
    )  # fmt: skip
    assert proxy.operations() == ["GetCallerIdentity"]


def test_the_input_account_takes_the_place_of_the_manifests(run: Run, workspace: Path) -> None:
    manifest = workspace / "layers.yml"
    manifest.write_text(manifest.read_text() + 'account: "999999999999"\n')
    assert run("publish", "--account", "123456789012").returncode == 0
    done = run("publish", "--account", "111111111111")
    assert done.returncode == 6
    assert "the input account says 111111111111" in done.stderr
    assert run("publish", "--sandbox").returncode == 0, "a sandbox is nobody's account"
    done = run("publish", "--account", "1234")
    assert done.returncode == 2
    assert "input account: '1234' is not an AWS account: it has 12 digits" in done.stderr


def test_an_answer_without_an_account_is_none(run: Run, serve: Callable[..., str]) -> None:
    def answer(_: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401 (one line's worth)
        return 200, {}, b"<GetCallerIdentityResponse/>"

    done = run("publish", env={"AWS_ENDPOINT_URL": serve(answer, knows=False)})
    assert done.returncode == 6
    assert "GetCallerIdentity cannot be read" in done.stderr


def test_the_clock_is_named(run: Run, serve: Callable[..., str]) -> None:
    text = "Signature expired: 20200101T000000Z is now earlier than 20261126T000000Z"

    def answer(_: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401 (one line's worth)
        return 403, {}, (
            "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>"
            f"<Message>{text}</Message></Error></ErrorResponse>"
        ).encode()  # fmt: skip

    done = run("publish", env={"AWS_ENDPOINT_URL": serve(answer, knows=False)})
    assert done.returncode == 6
    assert "this machine's clock is more than 5 minutes off AWS's" in done.stderr
    assert json.loads(done.stdout or "{}") == {}
