import json

from layer_builder import __version__
from layer_builder import report_json as report
from layer_builder.errors import Problem
from layer_builder.exit_codes import ExitCode
from layer_builder.inputs import Command, Inputs
from layer_builder.model.release import Action
from layer_builder.outcome import Outcome

PROMISED = {
    "key", "name", "python", "architecture", "packages", "pruned", "restored", "proof", "zip_bytes",
    "unzipped_bytes", "sha256", "limit", "headroom", "arn", "action", "seconds",
}  # fmt: skip
"""What the design says that every layer in the report has."""

PACKAGE = ("name", "version", "bytes_installed", "bytes_kept")
"""The same of a package; new fields may join them."""


def test_an_empty_run_has_a_whole_report() -> None:
    outcome = Outcome(inputs=Inputs(command=Command.PLAN), exit_code=ExitCode(2))
    outcome.errors = [Problem(message="no manifest", advice=("write one",))]
    assert report.report_data(outcome) == {
        "version": 1,
        "tool": {"name": "layer-builder", "version": __version__},
        "command": "plan",
        "manifest": "layers.yml",
        "dry_run": False,
        "sandbox": False,
        "regions": [],
        "layers": [],
        "estimates": [],
        "functions": [],
        "attachments": [],
        "changes": [],
        "versions": [],
        "repeats": [],
        "audit": None,
        "would_publish": [],
        "isolated": False,
        "warnings": [],
        "errors": [
            {
                "message": "no manifest",
                "layer": None,
                "place": None,
                "details": [],
                "advice": ["write one"],
            }
        ],
        "exit_code": 2,
    }


def test_a_layer_tells_everything_that_is_promised(outcome: Outcome) -> None:
    core, code = report.report_data(outcome)["layers"]
    assert core.keys() >= PROMISED
    assert core.keys() == code.keys()
    expected = {
        "key": "core",
        "python": "3.12",
        "architecture": "x86_64",
        "pruned": [{"rule": "tests", "files": 1234, "bytes": 37_748_736}],
        "restored": [
            {
                "path": "a/tests/x.py",
                "needed_by": "a/core.py:7",
                "rule": "tests",
                "bytes": 2048,
            }
        ],
        "zip_bytes": 10_485_760,
        "unzipped_bytes": 26_214_400,
        "sha256": "0123456789abcdef" * 4,
        "headroom": 41_943_040,
        "arn": {
            "eu-west-1": "arn:aws:lambda:eu-west-1:123456789012:layer:core:3",
            "us-east-1": "arn:aws:lambda:us-east-1:123456789012:layer:core:2",
        },
        "action": "published",
        "seconds": {"install": 2.0},
    }
    assert {name: core[name] for name in expected} == expected
    assert [{name: p[name] for name in PACKAGE} for p in core["packages"]] == [
        {"name": "six", "version": "1.16.0", "bytes_installed": 40_000, "bytes_kept": 30_000},
        {
            "name": "pandas",
            "version": "2.2.0",
            "bytes_installed": 62_914_560,
            "bytes_kept": 25_165_824,
        },
    ]
    assert core["limit"]["kind"] == "zip"
    assert core["proof"]["imported"] == ["pandas", "six"]
    assert code["proof"] is None


def test_a_function_tells_what_its_stack_weighs(outcome: Outcome) -> None:
    (function,) = report.report_data(outcome)["functions"]
    expected = {
        "key": "api",
        "function_name": "shop-api",
        "layers": ["core", "code"],
        "shares": {"core": 26_214_400, "code": 1000},
        "reserve": 20_971_520,
        "unzipped_bytes": 47_186_920,
        "limit": 262_143_999,
        "headroom": 214_957_079,
        "arns": {
            "eu-west-1": [
                "arn:aws:lambda:eu-west-1:123456789012:layer:core:3",
                "arn:aws:lambda:eu-west-1:123456789012:layer:code:8",
            ]
        },
    }
    assert {name: function[name] for name in expected} == expected


def test_the_report_is_json_whatever_happened(outcome: Outcome) -> None:
    data = report.report_data(outcome)
    assert json.loads(json.dumps(data)) == data


def test_what_happened_to_a_layer_is_the_most_eventful_of_all_regions(outcome: Outcome) -> None:
    core, code = outcome.built.values()
    assert report.action_of(outcome, core.layer) is Action.PUBLISHED
    assert report.action_of(outcome, code.layer) is Action.UNCHANGED
    outcome.releases = {}
    assert report.action_of(outcome, core.layer) is Action.BUILT


def test_every_part_of_a_problem_is_told(outcome: Outcome) -> None:
    assert report.report_data(outcome)["warnings"] == [
        {
            "message": "1 + 1 is 3",
            "layer": "core",
            "place": "layers.yml:4:3",
            "details": ["first\nsecond"],
            "advice": ["count again"],
        }
    ]
