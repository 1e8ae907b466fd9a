from collections.abc import Callable
from dataclasses import replace

import pytest

from layer_builder import plain_text
from layer_builder.changes import LayerChanges
from layer_builder.errors import Problem
from layer_builder.exit_codes import ExitCode
from layer_builder.inputs import Command, Inputs
from layer_builder.model.build import BuildDetails, Built
from layer_builder.model.limits import Limit, LimitReading
from layer_builder.model.proof import Proof
from layer_builder.model.prune_plan import Restoration
from layer_builder.model.settings import ProofDepth
from layer_builder.outcome import Outcome
from layer_builder.report import escaping
from layer_builder.report import markdown as summary

WHOLE = """\
## Lambda layers: 1 published, 2 unchanged

| layer | zip | unzipped | of its limit | version | ARN | |
| --- | ---: | ---: | --- | ---: | --- | --- |
| core | 10.0 MiB | 25.0 MiB | ██░░░░░░░░ 20% of 50.0 MiB zip | 3<br>2 | \
`arn:aws:lambda:eu-west-1:123456789012:layer:core:3`<br>\
`arn:aws:lambda:us-east-1:123456789012:layer:core:2` | published |
| code | 300 B | 1000 B | ███░░░░░░░ 30% of 1000 B zip | 8 | \
`arn:aws:lambda:eu-west-1:123456789012:layer:code:8` | unchanged |

- function **api**: core 25.0 MiB + code 1000 B + 20.0 MiB reserved = 45.0 MiB unzipped, \
██░░░░░░░░ 18% of 250 MiB
  - not tried: it has no handler: in the manifest

<details>
<summary>core 3.12-x86_64: 2 distributions, sha256 0123456789ab</summary>

| distribution | version | installed | kept |
| --- | --- | ---: | ---: |
| pandas | 2.2.0 | 60.0 MiB | 24.0 MiB |
| six | 1.16.0 | 39.1 KiB | 29.3 KiB |

Proven: 2 imports with Python 3.12.11, kept from network and processes; 1 fails unpruned too: pandas.extra. Bytecode: none.

Licences: none told.

| pruned by rule | files | bytes |
| --- | ---: | ---: |
| tests | 1,234 | 36.0 MiB |

1 files (2.0 KiB) put back, since code needs them:

- `a/tests/x.py` for `a/core.py:7`

Held back by the runtime's glibc:

- numpy 2.2.6, where newer runtimes take 2.3.0

</details>

### Warnings

- layer core: 1 \\+ 1 is 3 (`layers.yml:4:3`)
  - first
  - second
  - → count again
"""


def test_the_whole_summary(outcome: Outcome) -> None:
    assert summary.render_markdown(outcome) == WHOLE


def test_a_run_that_failed_early_still_has_a_summary() -> None:
    failed = Outcome(
        inputs=Inputs(), errors=[Problem(message="no <manifest>")], exit_code=ExitCode(2)
    )
    assert summary.render_markdown(failed) == (
        "## Lambda layers: failed (exit code 2)\n\n### Errors\n\n- no \\<manifest\\>\n"
    )


def test_the_title_says_what_was_done(outcome: Outcome) -> None:
    assert plain_text.report_title(outcome) == "Lambda layers: 1 published, 2 unchanged"
    outcome.inputs = replace(outcome.inputs, sandbox=True)
    assert (
        plain_text.report_title(outcome) == "Lambda layers: 1 published to the sandbox, 2 unchanged"
    )
    outcome.inputs = replace(outcome.inputs, dry_run=True, sandbox=False)
    outcome.to_publish = {"core 3.12-x86_64": ["eu-west-1"]}
    assert (
        plain_text.report_title(outcome)
        == "Lambda layers: dry run, 1 would be published, 2 unchanged"
    )
    outcome.releases, outcome.inputs = {}, Inputs()
    assert plain_text.report_title(outcome) == "Lambda layers: 2 built"
    assert plain_text.report_title(Outcome(inputs=Inputs())) == "Lambda layers: planned"


def test_the_title_of_a_build_that_ends_with_7_says_why(outcome: Outcome) -> None:
    outcome.inputs, outcome.releases = Inputs(command=Command.BUILD, dry_run=True), {}
    outcome.compared = {"core 3.12-x86_64": LayerChanges()}
    assert plain_text.report_title(outcome) == "Lambda layers: 2 built"
    outcome.exit_code = ExitCode.CHANGES
    assert plain_text.report_title(outcome) == (
        "Lambda layers: 2 built; 1 would change (exit code 7)"
    )


@pytest.mark.parametrize(
    ("dry_run", "cell"),
    [(True, "| – | would be published |"), (False, "| – | **not published** |")],
)
def test_a_layer_that_was_to_be_published_says_whether_it_was(
    outcome: Outcome,
    dry_run: bool,  # noqa: FBT001 (a column of the table)
    cell: str,
) -> None:
    outcome.inputs = Inputs(dry_run=dry_run)
    outcome.releases, outcome.to_publish = {}, {"core 3.12-x86_64": ["eu-west-1"]}
    row = next(line for line in summary.render_markdown(outcome).splitlines() if "| core " in line)
    assert row.endswith(cell)


@pytest.mark.parametrize(
    ("used", "drawn"),
    [
        (0, "░░░░░░░░░░ 0%"),
        (50, "█████░░░░░ 50%"),
        (100, "██████████ 100%"),
        (250, "██████████ 250%"),
    ],
)
def test_a_bar_is_never_longer_than_its_limit(used: int, drawn: str) -> None:
    limit = Limit(kind="zip", allowed=100, name="a", reason="b")
    assert summary.limit_bar(LimitReading(limit=limit, used=used)) == drawn


def test_foreign_text_cannot_write_markdown() -> None:
    assert escaping.escape_markdown("a|b <img src=x> [c](d) `e` *f* _g_ \\ # ~h~\n# i") == (
        "a\\|b \\<img src=x\\> \\[c\\]\\(d\\) \\`e\\` \\*f\\* \\_g\\_ \\\\ \\#&#8203; \\~h\\~ \\#&#8203; i"
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("cc @alice/team", "cc @&#8203;alice/team"),
        ("see #12 and GH-12", r"see \#&#8203;12 and GH-&#8203;12"),
        ("https://evil.example", "https:&#8203;//evil.example"),
        ("HTTP://a WWW.b ftp://c mailto:d@e", "HTTP:&#8203;//a WWW.&#8203;b ftp:&#8203;//c mailto:&#8203;d@&#8203;e"),
        ("a\rb\r\n# c\u2028d\0e", r"a b \#&#8203; c d e"),
        ("&lt;img&gt; $x$", r"\&lt;img\&gt; \$x\$"),
    ],
)  # fmt: skip
def test_links_and_mentions_of_foreign_text_are_inert(text: str, escaped: str) -> None:
    assert escaping.escape_markdown(text) == escaped


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("a.py", "`a.py`"),
        ("a`b", "`` a`b ``"),
        ("`", "`` ` ``"),
        ("a```` # b", "````` a```` # b `````"),
        ("a\n\n# b", "`a # b`"),
        ("", "` `"),
    ],
)
def test_a_span_of_code_is_longer_than_what_is_in_it(text: str, span: str) -> None:
    assert escaping.code_span(text) == span


def test_no_file_name_leaves_its_span(outcome: Outcome) -> None:
    name = "a`\n\n# heading ![x](https://evil.example/x.png) @alice `"
    built = next(iter(outcome.built.values()))
    restored = Restoration(path=name, size=1, rule="r", needed_by=name)
    details = replace(built.details, restored=(restored,))
    outcome.built[built.layer.id] = replace(built, details=details)
    (line,) = (line for line in summary.render_markdown(outcome).splitlines() if "heading" in line)
    shown = "`` a` # heading ![x](https://evil.example/x.png) @alice ` ``"
    assert line == f"- {shown} for {shown}"


def test_long_lists_of_what_was_put_back_are_cut(built: Callable[..., Built]) -> None:
    restored = tuple(
        Restoration(path=f"f{number}", size=1, rule="r", needed_by="x:1") for number in range(12)
    )
    lines = plain_text.build_details_lines(built(details=BuildDetails(restored=restored)))
    assert lines[9:] == [
        "put back f9: x:1 needs it",
        "put back 2 more, in report.json",
        "not proven: proof: off, or nothing to import",
        "bytecode: none",
    ]


def test_a_proof_without_a_python_says_so(built: Callable[..., Built]) -> None:
    static = Proof(depth=ProofDepth.IMPORTS, static=True)
    assert plain_text.proof_line(built(details=BuildDetails(proof=static))) == (
        "proven from its files only; nothing was imported"
    )
