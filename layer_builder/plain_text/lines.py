"""The outcome in plain lines, which the log, Markdown and HTML share."""

from collections.abc import Sequence

from layer_builder.attach import Status
from layer_builder.exit_codes import ExitCode
from layer_builder.inputs import Command
from layer_builder.model import (
    Action,
    Built,
    DeletedVersion,
    KeptVersion,
    LayerVersionArn,
    PackedModules,
    Stack,
    counted,
    mib,
)
from layer_builder.outcome import Outcome

MAX_RESTORED = 10
"""Restored files, and modules that do not import, that are named; all are in report.json."""


_PROVEN_BEFORE = (
    "not tried in this run: it was proven with these layers, this code and these events when they"
    " were published"
)


def report_title(outcome: Outcome) -> str:
    """Sum the run up in a line."""
    if outcome.errors:
        return f"Lambda layers: failed (exit code {outcome.exit_code})"
    if outcome.inputs.command is Command.ATTACH:
        return _attach_title(outcome)
    published = len(outcome.keys_with(Action.PUBLISHED))
    unchanged = len(outcome.keys_with(Action.UNCHANGED))
    where = " to the sandbox" if outcome.inputs.sandbox else ""
    publishes = outcome.inputs.command in {Command.PUBLISH, Command.PROMOTE}
    if publishes and outcome.inputs.dry_run and (outcome.built or outcome.known):
        return (
            f"Lambda layers: dry run, {len(outcome.to_publish)} would be published{where},"
            f" {unchanged} unchanged"
        )
    if published or unchanged:
        return f"Lambda layers: {published} published{where}, {unchanged} unchanged"
    differing = ""
    if outcome.exit_code is ExitCode.CHANGES:
        differing = f"; {len(outcome.would_publish())} would change (exit code 7)"
    if outcome.estimates and not outcome.built:
        return f"Lambda layers: {len(outcome.estimates)} planned, nothing was built{differing}"
    done = f"{len(outcome.built)} built" if outcome.built else "planned"
    return f"Lambda layers: {done}{differing}"


def _attach_title(outcome: Outcome) -> str:
    statuses = [done.status for done in outcome.attachments]
    where = " in the sandbox" if outcome.inputs.sandbox else ""
    unchanged = statuses.count(Status.UNCHANGED)
    if outcome.inputs.dry_run:
        changing = statuses.count(Status.PLANNED)
        return f"Lambda functions: dry run, {changing} would change{where}, {unchanged} unchanged"
    attached = statuses.count(Status.ATTACHED)
    return f"Lambda functions: {attached} got their layers{where}, {unchanged} unchanged"


def old_version_lines(outcome: Outcome) -> list[str]:
    """Say in plain lines what became of old layer versions."""
    return [
        f"old versions of {name} in {region}, {line}"
        for name, (built, *_) in outcome.by_name().items()
        for region, done in outcome.delivered.get(built.layer.id, {}).items()
        for line in retention_lines(done.retired, done.kept, dry_run=outcome.inputs.dry_run)
    ]


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


def build_details_lines(built: Built) -> list[str]:
    """Render a layer's accounts as plain lines, for a log."""
    account = built.details
    packages = sorted(account.packages, key=lambda package: -package.bytes_kept)
    lines = [
        f"{mib(p.bytes_installed):>10} → {mib(p.bytes_kept):>10}  {p.name} {p.version}"
        for p in packages
    ]
    lines += [f"rule {t.rule}: {t.files:,} files, {mib(t.bytes)} removed" for t in account.pruned]
    lines += [account.services.line] if account.services else []
    named = account.restored[:MAX_RESTORED]
    lines += [f"put back {r.path}: {r.needed_by} needs it" for r in named]
    if len(account.restored) > len(named):
        lines.append(f"put back {len(account.restored) - len(named)} more, in report.json")
    took = [f"{step} {spent:.1f} s" for step, spent in account.seconds.items()]
    lines += [proof_line(built), bytecode_line(built)]
    return [*lines, f"took: {', '.join(took)}"] if took else lines


def proof_line(built: Built) -> str:
    """Say in one line what the proof rests on."""
    proof = built.details.proof
    if proof is None:
        return "not proven: proof: off, or nothing to import"
    if proof.static:
        return "proven from its files only; nothing was imported"
    kept_from = f", kept from {' and '.join(proof.isolated)}" if proof.isolated else ""
    named = proof.failing_text(MAX_RESTORED)
    if not proof.imported:
        return (
            f"not proven: of {len(proof.failed_before)} modules none imports with Python"
            f" {proof.interpreter}, pruned or not, as allow-failing lets them: {named}"
        )
    count = len(proof.failed_before)
    skipped = (
        f"; {count} {'fails' if count == 1 else 'fail'} unpruned too: {named}" if count else ""
    )
    return f"proven: {counted(len(proof.imported), 'import')} with Python {proof.interpreter}{kept_from}{skipped}"


def function_lines(outcome: Outcome, stack: Stack) -> list[str]:
    """Say what a function's proof rests on."""
    if outcome.estimates:
        return []
    proofs = [proof for proof in outcome.function_proofs if proof.function == stack.key]
    if not stack.settings.is_tried and not proofs:
        return ["not tried: it has no handler: in the manifest"]
    if stack in outcome.known_functions:
        return [_PROVEN_BEFORE]
    if not proofs:
        return ["not proven in this run"]
    return proofs[0].lines()


def bytecode_line(built: Built) -> str:
    """Say in one line which bytecode is packed; what it saves is told of each function."""
    packed = built.details.bytecode
    files = f", {packed.files:,} modules, {mib(packed.bytes)}" if packed.files else ""
    modes = {PackedModules.LOADED: "of what its functions load"}
    return f"bytecode: {modes.get(packed.mode, packed.mode)}{files}"


def licence_line(built: Built, bill: str | None) -> str:
    """Say in one line which licences are in it, and the digest of its bill of materials."""
    whose = built.license_info or "none told"
    name = built.archive.path.with_suffix(".cdx.json").name
    return f"licences: {whose}" + (f"; {name}, sha256 {bill[:12]}" if bill else "")
