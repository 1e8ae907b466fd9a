"""The outcome as Markdown: the job summary, `report.md` and the pull-request comment."""

import re
from collections.abc import Sequence

from layer_builder.attach.plan import Attached, Status
from layer_builder.errors import Problem
from layer_builder.inputs import Command
from layer_builder.model.build import Built
from layer_builder.model.limits import LimitReading, mib
from layer_builder.model.release import Action, DeletedVersion, KeptVersion, LayerVersionArn
from layer_builder.outcome import Outcome
from layer_builder.report import data

_BAR = 10


_RESTORED_SHOWN = 10


_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~])")


def render_markdown(outcome: Outcome) -> str:
    """Render the whole summary; pure text, ends with a newline."""
    parts = [f"## {report_title(outcome)}", *_problems("Errors", outcome.errors)]
    if outcome.built:
        parts.append(_layers(outcome))
    if outcome.stacks:
        parts.append(_functions(outcome))
    if old := old_version_lines(outcome):
        parts.append("\n".join(f"- {escape_markdown(line)}" for line in old))
    parts += [_attached(done) for done in outcome.attachments]
    parts += [_details(built) for built in outcome.built.values() if built.details.packages]
    parts += _problems("Warnings", outcome.warnings)
    return "\n\n".join(parts) + "\n"


def report_title(outcome: Outcome) -> str:
    """Sum the run up in a line."""
    if outcome.errors:
        return f"Lambda layers: failed (exit code {outcome.exit_code})"
    if outcome.inputs.command is Command.ATTACH:
        return _attach_title(outcome)
    published = len(outcome.keys_with(Action.PUBLISHED))
    unchanged = len(outcome.keys_with(Action.UNCHANGED))
    where = " to the sandbox" if outcome.inputs.sandbox else ""
    if outcome.inputs.dry_run and outcome.built:
        return (
            f"Lambda layers: dry run, {len(outcome.to_publish)} would be published{where},"
            f" {unchanged} unchanged"
        )
    if published or unchanged:
        return f"Lambda layers: {published} published{where}, {unchanged} unchanged"
    return (
        f"Lambda layers: {len(outcome.built)} built" if outcome.built else "Lambda layers: planned"
    )


def _attach_title(outcome: Outcome) -> str:
    statuses = [done.status for done in outcome.attachments]
    where = " in the sandbox" if outcome.inputs.sandbox else ""
    unchanged = statuses.count(Status.UNCHANGED)
    if outcome.inputs.dry_run:
        changing = statuses.count(Status.PLANNED)
        return f"Lambda functions: dry run, {changing} would change{where}, {unchanged} unchanged"
    attached = statuses.count(Status.ATTACHED)
    return f"Lambda functions: {attached} got their layers{where}, {unchanged} unchanged"


def limit_bar(reading: LimitReading) -> str:
    """Draw the share of a limit: `███████▏░░ 72%`.

    >>> from layer_builder.model.limits import LimitReading, unzipped_limit
    >>> limit_bar(LimitReading(limit=unzipped_limit(), used=131_071_999))
    '█████░░░░░ 50%'
    """
    filled = min(_BAR, round(reading.share * _BAR))
    return "█" * filled + "░" * (_BAR - filled) + f" {reading.share:.0%}"


def escape_markdown(raw: str) -> str:
    """Make third-party text harmless in Markdown."""
    return _MARKUP.sub(r"\\\1", raw.replace("\n", " "))


def _layers(outcome: Outcome) -> str:
    rows = [
        "| layer | zip | unzipped | of its limit | version | ARN | |",
        "| --- | ---: | ---: | --- | ---: | --- | --- |",
    ]
    for built in outcome.built.values():
        releases = outcome.releases.get(built.layer.id, {})
        arns = "<br>".join(f"`{release.arn}`" for release in releases.values()) or "–"
        versions = "<br>".join(str(release.version) for release in releases.values()) or "–"
        weight, tightest = built.archive.weight, built.tightest
        rows.append(
            f"| {escape_markdown(built.layer.title)} | {mib(weight.zip_bytes)} | {mib(weight.unzipped_bytes)} |"
            f" {limit_bar(tightest)} of {mib(tightest.limit.allowed)} {tightest.limit.kind} |"
            f" {versions} | {arns} | {_what(outcome, built)} |"
        )
    return "\n".join(rows)


def _what(outcome: Outcome, built: Built) -> str:
    action = data.action_of(outcome, built)
    if action is Action.BUILT and outcome.inputs.command is Command.PUBLISH:
        return "would be published" if outcome.inputs.dry_run else "**not published**"
    return str(action)


def _functions(outcome: Outcome) -> str:
    lines = []
    for weight in outcome.stacks:
        layers = " + ".join(
            f"{escape_markdown(key)} {mib(size)}" for key, size in weight.shares.items()
        )
        reserve = f" + {mib(weight.stack.reserve)} reserved" if weight.stack.reserve else ""
        lines.append(
            f"- function **{escape_markdown(weight.stack.key)}**: {layers}{reserve} ="
            f" {mib(weight.used)} unzipped, {limit_bar(weight.reading)} of 250 MiB"
        )
    return "\n".join(lines)


def old_version_lines(outcome: Outcome) -> list[str]:
    """Say in plain lines what became of old layer versions."""
    return [
        f"old versions of {name} in {region}, {line}"
        for name, (built, *_) in outcome.by_name().items()
        for region, done in outcome.delivered.get(built.layer.id, {}).items()
        for line in retention_lines(done.retired, done.kept, dry_run=outcome.inputs.dry_run)
    ]


def _attached(done: Attached) -> str:
    name = (
        f"**{escape_markdown(done.stack.key)}** ({escape_markdown(done.stack.function_name or '')})"
    )
    lines = [f"- function {name} in {done.region}: {done.status}"]
    if done.forecast:
        lines[0] += f"; {done.forecast}"
    if done.attachment and done.attachment.is_needed:
        lines += ["", "  ```diff", *(f"  {line}" for line in done.attachment.diff()), "  ```"]
    return "\n".join(lines)


def _details(built: Built) -> str:
    account = built.details
    packages = sorted(account.packages, key=lambda package: -package.bytes_kept)
    lines = [
        "<details>",
        f"<summary>{escape_markdown(built.layer.key)} {built.layer.target.label}: {len(packages)}"
        f" distributions, sha256 {built.archive.sha256[:12]}</summary>",
        "",
        "| distribution | version | installed | kept |",
        "| --- | --- | ---: | ---: |",
        *(
            f"| {escape_markdown(package.name)} | {escape_markdown(package.version)} |"
            f" {mib(package.bytes_installed)} | {mib(package.bytes_kept)} |"
            for package in packages
        ),
    ]
    lines += [
        "",
        f"{proof_line(built)[0].upper()}{proof_line(built)[1:]}."
        f" {bytecode_line(built)[0].upper()}{bytecode_line(built)[1:]}.",
    ]
    if account.pruned:
        lines += ["", "| pruned by rule | files | bytes |", "| --- | ---: | ---: |"]
        lines += [f"| {t.rule} | {t.files:,} | {mib(t.bytes)} |" for t in account.pruned]
    if account.restored:
        size = sum(restored.size for restored in account.restored)
        lines += [
            "",
            f"{len(account.restored)} files ({mib(size)}) put back, since code needs them:",
            "",
        ]
        lines += [f"- `{r.path}` for `{r.needed_by}`" for r in account.restored[:_RESTORED_SHOWN]]
        if len(account.restored) > _RESTORED_SHOWN:
            lines.append(f"- and {len(account.restored) - _RESTORED_SHOWN} more, in report.json")
    if account.held_back:
        lines += ["", "Held back by the runtime's glibc:", ""]
        lines += [
            f"- {escape_markdown(h.name)} {h.version}, where newer runtimes take {h.newer}"
            for h in account.held_back
        ]
    return "\n".join([*lines, "", "</details>"])


def build_details_lines(built: Built) -> list[str]:
    """Render a layer's accounts as plain lines, for a log."""
    account = built.details
    packages = sorted(account.packages, key=lambda package: -package.bytes_kept)
    lines = [
        f"{mib(p.bytes_installed):>10} → {mib(p.bytes_kept):>10}  {p.name} {p.version}"
        for p in packages
    ]
    lines += [f"rule {t.rule}: {t.files:,} files, {mib(t.bytes)} removed" for t in account.pruned]
    shown = account.restored[:_RESTORED_SHOWN]
    lines += [f"put back {r.path}: {r.needed_by} needs it" for r in shown]
    if len(account.restored) > len(shown):
        lines.append(f"put back {len(account.restored) - len(shown)} more, in report.json")
    return [*lines, proof_line(built), bytecode_line(built)]


def proof_line(built: Built) -> str:
    """Say in one line what the proof rests on."""
    proof = built.details.proof
    if proof is None:
        return "not proven: proof: off, or nothing to import"
    if proof.static:
        return "proven from its files only; nothing was imported"
    kept_from = f", kept from {' and '.join(proof.isolated)}" if proof.isolated else ""
    skipped = f"; {len(proof.failed_before)} fail unpruned too" if proof.failed_before else ""
    return (
        f"proven: {len(proof.imported)} imports with Python {proof.interpreter}{kept_from}{skipped}"
    )


def bytecode_line(built: Built) -> str:
    """Say in one line what importing costs with and without bytecode, and what is packed."""
    packed, proof = built.details.bytecode, built.details.proof
    files = f", {packed.files:,} modules, {mib(packed.bytes)}" if packed.files else ""
    said = f"bytecode: {packed.mode}{files}"
    if proof is None or proof.cost is None:
        return said
    return (
        f"{said}; importing all that was proven took {proof.cost.plain:.1f} s without,"
        f" {proof.cost.cached:.1f} s with bytecode"
    )


def _problems(heading: str, problems: list[Problem]) -> list[str]:
    if not problems:
        return []
    lines = [f"### {heading}", ""]
    for problem in problems:
        place = f" (`{problem.place}`)" if problem.place else ""
        lines.append(f"- {escape_markdown(problem.headline)}{place}")
        lines += [
            f"  - {escape_markdown(line)}"
            for detail in problem.details
            for line in detail.splitlines()
        ]
        lines += [f"  - → {escape_markdown(line)}" for line in problem.advice]
    return ["\n".join(lines)]


def retention_lines(
    retired: Sequence[DeletedVersion], kept: Sequence[KeptVersion], *, dry_run: bool
) -> list[str]:
    """Say in plain lines what became of the old versions of a layer in a region.

    >>> retention_lines([], [KeptVersion(arn="arn:aws:lambda:eu-west-1:1:layer:core:3", why="used by api")], dry_run=False)
    ['stays: version 3: used by api']
    """
    verb = "would be deleted" if dry_run else "deleted"
    numbers = ", ".join(str(LayerVersionArn.parse(item.arn).number) for item in retired)
    lines = [f"{verb}: {numbers}"] if retired else []
    return lines + [
        f"stays: version {LayerVersionArn.parse(item.arn).number}: {item.why}" for item in kept
    ]
