import pytest

from layer_builder.arguments import parse_arguments
from layer_builder.errors import ManifestError
from layer_builder.inputs import INPUT_DEFAULTS, Command, Inputs, read_inputs
from layer_builder.model import Architecture, Python


def test_nothing_given_means_the_defaults() -> None:
    assert read_inputs({}) == Inputs()
    assert read_inputs(dict.fromkeys(INPUT_DEFAULTS, "  ")) == Inputs(github_token="  ")


def test_everything_given_is_read() -> None:
    assert read_inputs(
        {
            "manifest": " infra/layers.yml ",
            "command": "publish",
            "layers": "a, b\n  c,a",
            "python": "3.12, 3.13",
            "architecture": "arm64",
            "aws-region": "eu-west-1 us-gov-east-1\nap-southeast-2",
            "s3-bucket": "zips-{region}",
            "s3-prefix": "layers/",
            "output-dir": "out/layers",
            "digests": f'{{"core": "{"0a" * 32}"}}',
            "build": "never",
            "dry-run": "true",
            "sandbox": "false",
            "github-token": "secret",
            "unknown": "x",
        }
    ) == Inputs(
        manifest="infra/layers.yml",
        command=Command.PUBLISH,
        layers=("a", "b", "c"),
        pythons=(Python.PY312, Python.PY313),
        architectures=(Architecture.ARM64,),
        regions=("eu-west-1", "us-gov-east-1", "ap-southeast-2"),
        s3_bucket="zips-{region}",
        s3_prefix="layers/",
        output_dir="out/layers",
        digests={"core": "0a" * 32},
        may_build=False,
        dry_run=True,
        sandbox=False,
        github_token="secret",
    )


def test_the_token_is_never_shown() -> None:
    shown = Inputs(github_token="secret")
    assert f"{shown} {shown!r}" == "Inputs(publish layers.yml) Inputs(publish layers.yml)"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("command", "biuld", "'biuld' is not one of"),
        ("python", "3.12, 3.9", "'3.9' is not one of 3.10, 3.11"),
        ("architecture", "x64", "'x64' is not one of x86_64, arm64"),
        ("dry-run", "yes", "is 'true' or 'false', not 'yes'"),
        ("sandbox", "True", "is 'true' or 'false', not 'True'"),
        ("aws-region", "eu-west-1;us", "'eu-west-1;us' is not a region such as eu-west-1"),
        ("aws-region", "Ireland", "'Ireland' is not a region such as eu-west-1"),
        ("s3-bucket", "My_Bucket", "'My_Bucket' is not a bucket's name"),
        ("s3-bucket", "zips-{stage}", "'zips-{stage}' is not a bucket's name"),
        ("s3-bucket", "s3://zips", "'s3://zips' is not a bucket's name"),
        ("digests", "{", "is JSON, {stem: sha256 in hexadecimal}"),
        ("digests", '["core"]', "is JSON, {stem: sha256 in hexadecimal}"),
        ("digests", '{"core": 1}', "is JSON, {stem: sha256 in hexadecimal}"),
        ("digests", f'{{"core": "{"0A" * 32}"}}', "is JSON, {stem: sha256 in hexadecimal}"),
        ("digests", f'{{"core": "{"0a" * 32}\\n"}}', "is JSON, {stem: sha256 in hexadecimal}"),
        ("cache", "yes", "is 'auto', 'true' or 'false', not 'yes'"),
        ("build", "no", "is 'auto' or 'never', not 'no'"),
        ("build", "never", "'never' needs digests: no zip is taken up without one"),
        ("output-dir", "../out", "'../out' must be a directory of its own"),
        ("output-dir", ".", "'.' must be a directory of its own"),
    ],
)
def test_a_wrong_input_is_told_by_its_name(name: str, value: str, told: str) -> None:
    with pytest.raises(ManifestError) as raised:
        read_inputs({name: value})
    (problem,) = raised.value.problems
    assert problem.message.startswith(f"input {name}: {told}")


def test_all_wrong_inputs_are_told_at_once() -> None:
    with pytest.raises(ManifestError) as raised:
        read_inputs({"command": "biuld", "dry-run": "1", "aws-region": "x,y"})
    messages = [problem.message for problem in raised.value.problems]
    assert [message.split(":")[0] for message in messages] == [
        "input command",
        "input dry-run",
        "input aws-region",
        "input aws-region",
    ]
    assert raised.value.problems[0].advice == ("did you mean 'build'?",)


def test_a_build_that_must_not_build_is_refused() -> None:
    with pytest.raises(ManifestError, match="'never' leaves the command build nothing to do"):
        read_inputs({"command": "build", "build": "never"})
    assert not read_inputs({"build": "never", "digests": "{}"}).may_build
    assert read_inputs({"digests": "{}"}).digests == {}


@pytest.mark.parametrize(
    ("name", "value", "reading"),
    [
        ("rollback", "api core@1", "attach"),
        ("arns", "layers.json", "attach promote"),
        ("source-profile", "dev", "promote"),
        ("python", "3.12", "plan build publish attach"),
        ("architecture", "arm64", "plan build publish attach"),
        ("rebuild", "true", "plan build publish"),
    ],
)
@pytest.mark.parametrize("command", Command)
def test_what_a_command_would_pass_over_is_refused(
    name: str, value: str, reading: str, command: Command
) -> None:
    # What passes inputs on passes empty ones, and defaults.
    for default in ("", INPUT_DEFAULTS[name]):
        read_inputs({"command": command, name: default})
    if command in reading.split():
        read_inputs({"command": command, name: value})
        return
    with pytest.raises(ManifestError) as raised:
        read_inputs({"command": command, name: value})
    (problem,) = raised.value.problems
    assert problem.message == f"input {name}: the command {command} does not read it"
    if name == "rollback":
        assert problem.advice == ("set command: attach",)


def test_a_rollback_without_a_command_is_no_publish() -> None:
    with pytest.raises(ManifestError, match="input rollback: the command publish does not read it"):
        read_inputs({"rollback": "api core@1"})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"command": "publish"}, ""),
        ({"command": "plan", "aws-region": "eu-west-1"}, ""),
        ({"command": "plan", "baseline": "report.json"}, ""),
        ({"command": "build", "baseline": "report.json"}, ""),
        ({"command": "plan"}, "this plan compares its layers with nothing"),
        ({"command": "plan", "aws-region": "eu-west-1", "sandbox": "true"}, "this plan compares"),
        ({"command": "build", "aws-region": "eu-west-1"}, "this build compares its layers with"),
        ({"command": "publish", "dry-run": "false"}, "tells what a dry run would change"),
    ],
)
def test_changes_are_asked_for_only_where_something_is_compared(
    given: dict[str, str], why: str
) -> None:
    asked = {"dry-run": "true", "fail-on-changes": "true"} | given
    if not why:
        assert read_inputs(asked).fail_on_changes
        return
    with pytest.raises(ManifestError) as raised:
        read_inputs(asked)
    (problem,) = raised.value.problems
    assert problem.message.startswith(f"input fail-on-changes: {why}")


def test_a_misspelt_command_refuses_no_other_input() -> None:
    with pytest.raises(ManifestError) as raised:
        read_inputs({"command": "atach", "rollback": "api core@1"})
    (problem,) = raised.value.problems
    assert problem.advice == ("did you mean 'attach'?",)


def test_a_misspelt_command_is_told_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["publsih"])
    said = capsys.readouterr().err
    # Python 3.12 and later write the choices without quotes.
    assert "'publsih' (choose from plan, build, publish, " in said.replace("'", "").replace(
        "publsih", "'publsih'"
    )
    assert "<" not in said


@pytest.mark.parametrize("words", [["attach", ""], ["attach", "api", " "], ["promote", ""]])
def test_a_variable_that_is_not_set_does_not_stand_for_all(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        parse_arguments(words)
    assert left.value.code == 2
    assert "names nothing: leave it out, or name something" in capsys.readouterr().err
