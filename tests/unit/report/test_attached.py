"""What a run of attach is told as: title, summary, page, report, outputs."""

import pytest

from layer_builder import plain_text, report_json
from layer_builder.attach import plan as attachment
from layer_builder.attach.plan import Attached, Status
from layer_builder.attach.sizes import FunctionSize, Size
from layer_builder.inputs import Command, Inputs
from layer_builder.model.limits import MIB
from layer_builder.outcome import Outcome
from layer_builder.report import markdown as summary
from layer_builder.report_html import render_html

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:core:"
CODE = Size(name="the function's code", size=MIB, source="the directory of its zip")
LAYER = Size(name=f"{ARN}2", size=None, source="AWS gives no address")


@pytest.fixture
def attached(outcome: Outcome) -> Outcome:
    """Give what a run of attach came to, in the regions eu-west-1 and us-east-1."""
    (stack,) = outcome.functions
    planned = attachment.plan([f"{ARN}1"], [f"{ARN}2"], {ARN.rstrip(":")})
    outcome.inputs = Inputs(command=Command.ATTACH, regions=outcome.regions)
    outcome.built, outcome.stacks, outcome.warnings = {}, [], []
    outcome.attachments = [
        Attached(
            stack=stack,
            region="eu-west-1",
            status=Status.ATTACHED,
            has=(f"{ARN}2",),
            attachment=planned,
            forecast=FunctionSize(parts=(CODE, LAYER)),
        ),
        Attached(stack=stack, region="us-east-1", status=Status.FAILED),
    ]
    return outcome


SUM = (
    "code and layers unzip to 1.0 MiB, 0% of 250 MiB, without what is not known"
    f" ({ARN}2: AWS gives no address)"
)


def test_the_summary_shows_each_function_with_its_layers_before_and_after(
    attached: Outcome,
) -> None:
    escaped = SUM.replace("(", r"\(").replace(")", r"\)")
    assert summary.render_markdown(attached) == (
        "## Lambda functions: 1 got their layers, 0 unchanged\n\n"
        f"- function **api** (shop-api) in eu-west-1: attached; {escaped}\n\n"
        f"  ```diff\n  - {ARN}1\n  + {ARN}2\n  ```\n\n"
        "- function **api** (shop-api) in us-east-1: failed\n"
    )


def test_a_dry_run_counts_what_would_change(attached: Outcome) -> None:
    attached.inputs = Inputs(command=Command.ATTACH, dry_run=True, sandbox=True)
    assert plain_text.report_title(attached) == (
        "Lambda functions: dry run, 0 would change in the sandbox, 0 unchanged"
    )


def test_the_page_shows_the_same(attached: Outcome) -> None:
    html = render_html(attached)
    assert "<h3>function api (shop-api) in eu-west-1: attached</h3>" in html
    assert f"<pre>- {ARN}1\n+ {ARN}2\n</pre>" in html


def test_the_report_tells_what_each_function_had_and_has(attached: Outcome) -> None:
    done, failed = report_json.report_data(attached)["attachments"]
    assert done == {
        "function": "api",
        "function_name": "shop-api",
        "region": "eu-west-1",
        "status": "attached",
        "had": [f"{ARN}1"],
        "has": [f"{ARN}2"],
        "planned": [f"{ARN}2"],
        "changes": [{"kind": "replaced", "before": f"{ARN}1", "after": f"{ARN}2"}],
        "unzipped": {
            "known_bytes": MIB,
            "limit": 262_143_999,
            "headroom": 262_143_999 - MIB,
            "parts": [
                {"name": part.name, "bytes": part.size, "source": part.source}
                for part in (CODE, LAYER)
            ],
        },
        "published_version": None,
        "alias": None,
    }
    assert (failed["status"], failed["had"], failed["has"]) == ("failed", None, None)


def test_the_output_is_what_functions_have_in_the_first_region(attached: Outcome) -> None:
    assert attached.function_layers() == {"api": [f"{ARN}2"]}
    attached.attachments.reverse()
    attached.inputs = Inputs(command=Command.ATTACH, regions=("us-east-1", "eu-west-1"))
    assert attached.function_layers() == {}
