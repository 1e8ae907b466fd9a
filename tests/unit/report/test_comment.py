"""The pull-request comment as a whole, and what cannot be done to it."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from layer_builder import report_json as report
from layer_builder.changes.diff import compare
from layer_builder.changes.snapshot import LayerPart, LayerSnapshot
from layer_builder.inputs import Inputs
from layer_builder.model import MIB, Budget, Built
from layer_builder.outcome import Outcome
from layer_builder.report import changes_markdown, comment, outputs

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:core:3"
FOOTER = "Commit [0123456](https://github.com/o/r/commit/0123456)"

WHOLE = """\
<!-- layer-builder: layers.yml -->
## Lambda layers: dry run, 1 would be published, 1 unchanged

Manifest `layers.yml`: 1 of 2 layers differ.

| layer | before → after | proof |
| --- | --- | --- |
| core | 10.0 MiB \\(\\+1.2\\) · pandas 2.1.0 → 2.2.0 · \\+1 distribution · -1 distribution | 2 imports, 1 fails unpruned too, not isolated |

<details>
<summary>core: 3 distributions differ</summary>

| distribution | before | after | unzipped |
| --- | --- | --- | ---: |
| six | – | 1.16.0 | 29.3 KiB (+29.3 KiB) |
| pytz | 2024.1 | – | 0 B (-1.0) |
| pandas | 2.1.0 | 2.2.0 | 24.0 MiB (+4.0) |

</details>

- function **api**: core 25.0 MiB + code 1000 B + 20.0 MiB reserved = 45.0 MiB unzipped, \
██░░░░░░░░ 18% of 250 MiB
  - not tried: it has no handler: in the manifest

### Warnings

- layer core: 1 \\+ 1 is 3 (`layers.yml:4:3`)
  - first
  - second
  - → count again

<details>
<summary>1 unchanged</summary>

| layer | before → after | proof |
| --- | --- | --- |
| code | 300 B \\(±0\\) · unchanged | none |

</details>

Commit [0123456](https://github.com/o/r/commit/0123456)
"""


@pytest.fixture
def compared(outcome: Outcome) -> Outcome:
    """Give a dry run of two layers, one of which is what AWS has."""
    core, code = outcome.built.values()
    before = LayerSnapshot(
        source=ARN,
        parts=(
            LayerPart(name="pandas", version="2.1.0", unzipped=20 * MIB),
            LayerPart(name="pytz", version="2024.1", unzipped=MIB),
        ),
        zip_bytes=int(8.8 * MIB),
        sha256="1",
    )
    after = LayerSnapshot(zip_bytes=10 * MIB, sha256="2").with_packages(core.details.packages)
    same = LayerSnapshot(source=ARN.replace("core", "code"), parts=(), zip_bytes=300, sha256="1")
    outcome.compared = {
        core.layer.id: compare(before, after, Budget()),
        code.layer.id: compare(same, same, Budget()),
    }
    outcome.inputs = replace(outcome.inputs, dry_run=True)
    outcome.releases.pop(core.layer.id)
    outcome.to_publish = {core.layer.id: ["eu-west-1"]}
    return outcome


def test_the_whole_comment(compared: Outcome) -> None:
    assert comment.render_comment(compared, FOOTER) == WHOLE


def test_it_is_cut_at_whole_sections_and_says_so(compared: Outcome) -> None:
    for most in range(300, len(WHOLE), 7):
        text = comment.render_comment(compared, FOOTER, most)
        assert len(text) <= most
        assert text.count("<details>") == text.count("</details>")
        assert text.startswith("<!-- layer-builder: layers.yml -->\n## Lambda layers: dry run")
        assert text.endswith(
            f"\nCut to what a comment takes; the job summary has the rest. {FOOTER}\n"
        )
        sections = text.removesuffix("\n").split("\n\n")[1:-1]
        assert all(section in WHOLE for section in sections)


def test_each_manifest_has_a_mark_of_its_own() -> None:
    paths = ["layers.yml", "./layers.yml", "a/layers.yml", "a--> b/ü.yml", "a%2Fb"]
    marks = [comment.comment_mark(Outcome(inputs=Inputs(manifest=path))) for path in paths]
    assert marks == [
        "<!-- layer-builder: layers.yml -->",
        "<!-- layer-builder: layers.yml -->",
        "<!-- layer-builder: a/layers.yml -->",
        "<!-- layer-builder: a--%3E%20b/%C3%BC.yml -->",
        "<!-- layer-builder: a%252Fb -->",
    ]


HOSTILE = [
    "<script>alert(1)</script>",
    "a|b|c",
    "a\n\n# b\r\n::error::c",
    "::error::d",
    "</details>",
    "\u202egnp.exe",
    "@alice #12 https://evil.example",
    "x" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_no_harm(built: Callable[..., Built], name: str) -> None:
    one = built("core")
    before = LayerSnapshot(source=name, parts=(LayerPart(name=name, version="1"),), sha256="1")
    after = LayerSnapshot(parts=(LayerPart(name=name, version=name),), sha256="2")
    made = Outcome(inputs=Inputs(manifest=name))
    manifest = type("M", (), {"layers": (one.layer,), "stacks": (), "relatives": (), "ties": ()})
    made.manifest = manifest  # type: ignore[assignment]
    made.built = {one.layer.id: one}
    made.compared = {one.layer.id: compare(before, after, Budget(), [name])}
    for whole in (comment.render_comment(made, ""), changes_markdown.render_changes(made)):
        # What stands in a span of code is shown as it is.
        text = re.sub(r"`[^`\n]*`", "`", whole)
        assert "<script>" not in text
        assert "\u202e" not in text
        assert "\n::" not in text
        assert "@alice" not in text
        rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
        columns = {line.replace("\\|", "").count("|") for line in rows}
        assert columns <= {4, 5}
        assert text.count("<details>") == text.count("</details>") == 1
        assert [line for line in text.splitlines() if line.startswith("# ")] == []


def test_report_outputs_and_comment_agree(compared: Outcome) -> None:
    found = report.report_data(compared)
    (core, code) = found["changes"]
    assert [core["key"], code["key"]] == ["core", "code"]
    assert found["layers"][0]["changes"] == {
        name: value for name, value in core.items() if name not in {"key", "python", "architecture"}
    }
    told = outputs.action_outputs(compared)
    assert told["would-publish"] == '["core"]'
    assert found["would_publish"] == ["core"]
    assert '"core": {"compared_with": "arn' in told["changes"]
    assert (core["same"], code["same"]) == (False, True)
    assert core["zip_bytes"] == {"before": int(8.8 * MIB), "after": 10 * MIB}
