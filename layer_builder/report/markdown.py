"""The outcome as Markdown: the job summary and `report.md`."""

from collections.abc import Sequence

from layer_builder.attach import Attached, Status
from layer_builder.errors import Problem
from layer_builder.forecast import ERROR, LayerEstimate, open_lines
from layer_builder.inputs import Command
from layer_builder.model import (
    Action,
    BuildDetails,
    Built,
    KnownLayer,
    Layer,
    LimitReading,
    Package,
    counted,
    mib,
)
from layer_builder.outcome import Outcome
from layer_builder.plain_text import (
    MAX_RESTORED,
    bytecode_line,
    function_lines,
    licence_line,
    old_version_lines,
    one_line,
    proof_line,
    report_title,
)
from layer_builder.report.advice_markdown import render_advice
from layer_builder.report.changes_markdown import render_changes
from layer_builder.report.escaping import code_span, escape_markdown, longest_run
from layer_builder.report_json import action_of

_BAR_CHARACTERS = 10


def render_markdown(outcome: Outcome) -> str:
    """Render the whole summary; pure text, ends with a newline."""
    parts = [f"## {report_title(outcome)}", *render_problems("Errors", outcome.errors)]
    if outcome.built or outcome.known:
        parts.append(_layers(outcome))
    if changed := render_changes(outcome):
        parts.append(changed)
    if outcome.estimates:
        parts += [_estimates(outcome), *map(_estimate_details, outcome.estimates.values())]
    if outcome.stacks or outcome.known_functions:
        parts.append(render_functions(outcome))
    if old := old_version_lines(outcome):
        parts.append("\n".join(f"- {escape_markdown(line)}" for line in old))
    if advice := render_advice(outcome):
        parts.append(advice)
    parts += [_attached(done) for done in outcome.attachments]
    parts += [
        _details(built, outcome.sboms.get(layer_id))
        for layer_id, built in outcome.built.items()
        if built.details.packages
    ]
    parts += render_problems("Warnings", outcome.warnings)
    return "\n\n".join(parts) + "\n"


def limit_bar(reading: LimitReading) -> str:
    """Draw the share of a limit: `███████▏░░ 72%`.

    >>> from layer_builder.model.limits import LimitReading, unzipped_limit
    >>> limit_bar(LimitReading(limit=unzipped_limit(), used=131_071_999))
    '█████░░░░░ 50%'
    """
    filled = min(_BAR_CHARACTERS, round(reading.share * _BAR_CHARACTERS))
    return "█" * filled + "░" * (_BAR_CHARACTERS - filled) + f" {reading.share:.0%}"


def _layers(outcome: Outcome) -> str:
    rows = [
        "| layer | zip | unzipped | of its limit | version | ARN | |",
        "| --- | ---: | ---: | --- | ---: | --- | --- |",
    ]
    for found in outcome.built_or_known():
        releases = outcome.releases.get(found.layer.id, {})
        arns = "<br>".join(code_span(release.arn) for release in releases.values()) or "–"
        versions = "<br>".join(str(release.version) for release in releases.values()) or "–"
        rows.append(
            f"| {escape_markdown(found.layer.title)} | {_weight(found)} | {versions} | {arns} |"
            f" {_what(outcome, found.layer)} |"
        )
    return "\n".join(rows)


def _weight(found: Built | KnownLayer) -> str:
    if isinstance(found, KnownLayer):
        return "– | – | not built: AWS has it"
    weight, tightest = found.archive.weight, found.tightest
    return (
        f"{mib(weight.zip_bytes)} | {mib(weight.unzipped_bytes)} | {limit_bar(tightest)} of"
        f" {mib(tightest.limit.allowed)} {tightest.limit.kind}"
    )


def _what(outcome: Outcome, layer: Layer) -> str:
    action = action_of(outcome, layer)
    if action is Action.BUILT and outcome.inputs.command in {Command.PUBLISH, Command.PROMOTE}:
        return "would be published" if outcome.inputs.dry_run else "**not published**"
    return str(action)


def _estimates(outcome: Outcome) -> str:
    rows = [
        f"Nothing was built; ≈ means ±{ERROR:.0%} of what a build finds.",
        "",
        "| layer | ≈ zip | ≈ unzipped | of its limit |",
        "| --- | ---: | ---: | --- |",
    ]
    for estimate in outcome.estimates.values():
        weight, tightest = estimate.weight, estimate.tightest
        rows.append(
            f"| {escape_markdown(estimate.layer.title)} | {mib(weight.zip_bytes)} |"
            f" {mib(weight.unzipped_bytes)} | {limit_bar(tightest)} of"
            f" {mib(tightest.limit.allowed)} {tightest.limit.kind} |"
        )
    return "\n".join(rows)


def _estimate_details(estimate: LayerEstimate) -> str:
    lines = [
        "<details>",
        f"<summary>{escape_markdown(estimate.layer.title)}: {len(estimate.packages)}"
        " distributions</summary>",
        "",
        *_packages(estimate.packages),
    ]
    lines += ["", *(f"- {escape_markdown(line)}" for line in open_lines(estimate))]
    return "\n".join([*lines, "", "</details>"])


def render_functions(outcome: Outcome) -> str:
    """Tell what each function's stack weighs, and what proves it."""
    lines = []
    for weight in outcome.stacks:
        about = "≈ " if weight.is_estimate else ""
        layers = " + ".join(
            f"{escape_markdown(key)} {about}{mib(size)}" for key, size in weight.shares.items()
        )
        reserve = f" + {mib(weight.stack.reserve)} reserved" if weight.stack.reserve else ""
        lines.append(
            f"- function **{escape_markdown(weight.stack.key)}**: {layers}{reserve} ="
            f" {about}{mib(weight.used)} unzipped, {limit_bar(weight.reading)} of 250 MiB"
        )
        lines += [f"  - {escape_markdown(line)}" for line in function_lines(outcome, weight.stack)]
    for stack in outcome.known_functions:
        lines.append(f"- function **{escape_markdown(stack.key)}**: its layers were not built")
        lines += [f"  - {escape_markdown(line)}" for line in function_lines(outcome, stack)]
    return "\n".join(lines)


def _attached(done: Attached) -> str:
    name = (
        f"**{escape_markdown(done.stack.key)}** ({escape_markdown(done.stack.function_name or '')})"
    )
    lines = [f"- function {name} in {done.region}: {done.status}"]
    is_done = done.status is Status.ATTACHED
    lines[0] += "".join(f"; {escape_markdown(line)}" for line in done.serving.lines(done=is_done))
    if done.forecast:
        lines[0] += f"; {escape_markdown(str(done.forecast))}"
    if done.attachment and done.attachment.is_needed:
        diff = [one_line(line) for line in done.attachment.diff()]
        fence = "`" * max(3, longest_run("\n".join(diff)) + 1)
        lines += ["", f"  {fence}diff", *(f"  {line}" for line in diff), f"  {fence}"]
    return "\n".join(lines)


def _details(built: Built, bill: str | None) -> str:
    details = built.details
    lines = [
        "<details>",
        f"<summary>{escape_markdown(built.layer.key)} {built.layer.target.label}:"
        f" {counted(len(details.packages), 'distribution')}, sha256 {built.archive.sha256[:12]}</summary>",
        "",
        *_packages(details.packages),
        "",
        f"{_sentence(escape_markdown(proof_line(built)))} {_sentence(bytecode_line(built))}",
        "",
        _sentence(escape_markdown(licence_line(built, bill))),
    ]
    if details.pruned:
        lines += ["", "| pruned by rule | files | bytes |", "| --- | ---: | ---: |"]
        lines += [f"| {t.rule} | {t.files:,} | {mib(t.bytes)} |" for t in details.pruned]
    if details.services:
        lines += ["", _sentence(escape_markdown(details.services.line))]
    if details.restored:
        lines += ["", *_restored(details)]
    if details.held_back:
        lines += ["", "Held back by the runtime's glibc:", ""]
        lines += [
            f"- {escape_markdown(h.name)} {escape_markdown(h.version)}, where newer runtimes take"
            f" {escape_markdown(h.newer)}"
            for h in details.held_back
        ]
    return "\n".join([*lines, "", "</details>"])


def _packages(packages: Sequence[Package]) -> list[str]:
    return [
        "| distribution | version | installed | kept |",
        "| --- | --- | ---: | ---: |",
        *(
            f"| {escape_markdown(package.name)} | {escape_markdown(package.version)} |"
            f" {mib(package.bytes_installed)} | {mib(package.bytes_kept)} |"
            for package in sorted(packages, key=lambda package: -package.bytes_kept)
        ),
    ]


def _restored(details: BuildDetails) -> list[str]:
    restored = details.restored
    size = sum(file.size for file in restored)
    lines = [f"{len(restored)} files ({mib(size)}) put back, since code needs them:", ""]
    lines += [
        f"- {code_span(file.path)} for {code_span(file.needed_by)}"
        for file in restored[:MAX_RESTORED]
    ]
    if len(restored) > MAX_RESTORED:
        lines.append(f"- and {len(restored) - MAX_RESTORED} more, in report.json")
    return lines


def _sentence(line: str) -> str:
    return f"{line[0].upper()}{line[1:]}."


def render_problems(heading: str, problems: list[Problem]) -> list[str]:
    """Render a heading with problems below it; nothing where there are none."""
    if not problems:
        return []
    lines = [f"### {heading}", ""]
    for problem in problems:
        place = f" ({code_span(str(problem.place))})" if problem.place else ""
        lines.append(f"- {escape_markdown(problem.headline)}{place}")
        lines += [
            f"  - {escape_markdown(line)}"
            for detail in problem.details
            for line in detail.splitlines()
        ]
        lines += [f"  - → {escape_markdown(line)}" for line in problem.advice]
    return ["\n".join(lines)]
