"""Locks layers: chooses their versions and writes them down."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.console import Reporter
from layer_builder.errors import ManifestError, Problem, did_you_mean
from layer_builder.inputs import Inputs
from layer_builder.model import Layer, counted
from layer_builder.outcome import Outcome
from layer_builder.resolve import Locked, Lockfile, choose_versions, group_layers


def lock_layers(
    inputs: Inputs, context: Context, outcome: Outcome, *, upgrade: bool, packages: Sequence[str]
) -> Path:
    """Choose versions for all layers and write the lock; gives its path.

    Versions of the lock that is there are kept where the requirements allow it, but for the
    packages to upgrade, or all.
    """
    outcome.manifest = load.read(inputs, context.workspace)
    path = load.lock_path(inputs)
    before = (
        Lockfile(file=str(path))
        if upgrade
        else load.lock_of(inputs, context.workspace) or Lockfile(file=str(path))
    )
    renew = {str(canonicalize_name(name)) for name in packages}
    locked: dict[str, Locked] = {}
    for group in group_layers(
        load.requests(outcome, context.workspace, context.installer, context.reporter),
        outcome.functions,
    ):
        ids = {item.layer.id for item in group.requests}
        chosen = choose_versions(group, context.installer, before.preferred(ids, renew))
        for item in group.requests:
            if item.layer.id in chosen:
                locked[item.layer.id] = Locked.of(item.requirements, chosen[item.layer.id])
                old = before.layers.get(item.layer.id)
                _tell_locked(item.layer, old, locked[item.layer.id], context.reporter)
    _refuse_unknown(renew, before, locked, path)
    context.workspace.write(
        path, Lockfile(file=str(path), layers=dict(sorted(locked.items()))).text
    )
    return path


def _refuse_unknown(
    renew: Collection[str], before: Lockfile, locked: Mapping[str, Locked], path: Path
) -> None:
    """Raise ManifestError for packages to upgrade that are in no layer, before or after."""
    both = [*before.layers.values(), *locked.values()]
    known = {name for one in both for name in one.resolution.versions}
    problems = [
        Problem(
            message=f"--upgrade-package {name}: no layer has it, and {path.name} stays as it was",
            advice=did_you_mean(name, known)[: 1 if len(known) > 1 else None],
        )
        for name in sorted(renew)
        if name not in known
    ]
    if problems:
        raise ManifestError(*problems)


def _tell_locked(layer: Layer, old: Locked | None, new: Locked, reporter: Reporter) -> None:
    before = old.resolution.versions if old else {}
    now = new.resolution.versions
    changes = [f"{name} {before.get(name, '–')} → {now.get(name, '–')}"
               for name in sorted(before.keys() | now.keys())
               if before.get(name) != now.get(name)]  # fmt: skip
    summary = counted(len(now), "distribution") if not before else ", ".join(changes) or "no change"
    reporter.step(f"{layer.key} {layer.target.label}", summary)
