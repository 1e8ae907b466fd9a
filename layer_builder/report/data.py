"""`report.json`: the outcome as data, stable and versioned; documented in docs/report.md."""

from typing import Any

import layer_builder
from layer_builder.errors import Problem
from layer_builder.model import (
    Action,
    BuildDetails,
    Built,
    Delivered,
    FunctionProof,
    KeptServices,
    Layer,
    ModuleImport,
    Proof,
    StackWeight,
)
from layer_builder.outcome import Outcome
from layer_builder.report.attached_data import attached_data

FORMAT = 1
"""Raised when a field changes its meaning or goes; new fields do not raise it."""


def report_data(outcome: Outcome) -> dict[str, Any]:
    """Render the outcome as JSON-ready data. All sizes are bytes, all times seconds."""
    inputs = outcome.inputs
    return {
        "version": FORMAT,
        "tool": {"name": "layer-builder", "version": layer_builder.__version__},
        "command": str(inputs.command),
        "manifest": inputs.manifest,
        "dry_run": inputs.dry_run,
        "sandbox": inputs.sandbox,
        "regions": list(inputs.regions),
        "layers": [
            _layer(outcome, outcome.built[layer.id])
            for layer in outcome.layers
            if layer.id in outcome.built
        ],
        "functions": [_function(outcome, weight) for weight in outcome.stacks],
        "attachments": [attached_data(done) for done in outcome.attachments],
        "isolated": outcome.is_isolated,
        "warnings": [_problem(problem) for problem in outcome.warnings],
        "errors": [_problem(problem) for problem in outcome.errors],
        "exit_code": int(outcome.exit_code),
    }


def action_of(outcome: Outcome, built: Built) -> Action:
    """Name what happened to a layer over all regions: the most eventful wins."""
    done = {release.action for release in outcome.releases.get(built.layer.id, {}).values()}
    for action in (Action.PUBLISHED, Action.UNCHANGED):
        if action in done:
            return action
    return Action.BUILT


def _layer(outcome: Outcome, built: Built) -> dict[str, Any]:
    layer, details, tightest = built.layer, built.details, built.tightest
    return {
        "key": layer.key,
        "name": layer.name,
        "python": str(layer.target.python),
        "architecture": str(layer.target.architecture),
        **_contents(layer, details),
        "zip": str(built.archive.path),
        "zip_bytes": built.archive.weight.zip_bytes,
        "unzipped_bytes": built.archive.weight.unzipped_bytes,
        "files": built.archive.files,
        "sha256": built.archive.sha256,
        "limit": {
            "kind": tightest.limit.kind,
            "bytes": tightest.limit.allowed,
            "name": tightest.limit.name,
        },
        "headroom": tightest.headroom,
        "arn": {
            region: release.arn for region, release in outcome.releases.get(layer.id, {}).items()
        },
        "missing": dict(outcome.missing.get(layer.id, {})),
        "delivery": {
            region: _delivered(delivered)
            for region, delivered in outcome.delivered.get(layer.id, {}).items()
        },
        "action": str(action_of(outcome, built)),
        "same_as": built.same_as,
        "reused": built.reused,
        "taken_up": built.taken_up,
        "seconds": details.seconds,
    }


def _contents(layer: Layer, details: BuildDetails) -> dict[str, Any]:
    """Tell what is in the zip and what was left out, and why."""
    return {
        "packages": [
            {
                "name": package.name,
                "version": package.version,
                "bytes_installed": package.bytes_installed,
                "bytes_kept": package.bytes_kept,
                "bytes_zipped": package.bytes_zipped,
            }
            for package in details.packages
        ],
        "held_back": [
            {"name": held.name, "version": held.version, "newer": held.newer}
            for held in details.held_back
        ],
        "included_bytes": details.included_bytes,
        "prune": str(layer.prune),
        "pruned": [
            {"rule": total.rule, "files": total.files, "bytes": total.bytes}
            for total in details.pruned
        ],
        "restored": [
            {
                "path": restored.path,
                "needed_by": restored.needed_by,
                "rule": restored.rule,
                "bytes": restored.size,
            }
            for restored in details.restored
        ],
        "services": _services(details.services) if details.services else None,
        "proof": _proof(details.proof),
        "bytecode": {
            "asked": str(layer.bytecode),
            "packed": str(details.bytecode.mode),
            "files": details.bytecode.files,
            "bytes": details.bytecode.bytes,
        },
    }


def _services(services: KeptServices) -> dict[str, Any]:
    return {
        "kept": [{"name": use.service, "needed_by": use.place} for use in services.uses],
        "all_because": list(services.reasons),
        "known": services.known,
        "bytes_left_out": services.bytes_left_out,
    }


def _delivered(delivered: Delivered) -> dict[str, Any]:
    return {
        "permissions": {"added": list(delivered.granted), "removed": list(delivered.revoked)},
        "parameters": list(delivered.parameters),
        "object_removed": delivered.object_removed,
        "retired": [{"arn": item.arn, "created": item.created} for item in delivered.retired],
        "kept": [{"arn": item.arn, "why": item.why} for item in delivered.kept],
    }


def _proof(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {
        "depth": str(proof.depth),
        "static": proof.static,
        "imported": list(proof.imported),
        "failed_before": list(proof.failed_before),
        "interpreter": proof.interpreter,
        "isolated": list(proof.isolated),
        "seconds": proof.seconds,
        "import_seconds": {
            "without_bytecode": proof.cost.plain,
            "with_bytecode": proof.cost.cached,
        }
        if proof.cost
        else None,
    }


def _function(outcome: Outcome, weight: StackWeight) -> dict[str, Any]:
    stack, reading = weight.stack, weight.reading
    return {
        "key": stack.key,
        "function_name": stack.function_name,
        "layers": [layer.key for layer in stack.layers],
        "python": str(stack.layers[0].target.python),
        "architecture": str(stack.layers[0].target.architecture),
        "shares": dict(weight.shares),
        "reserve": stack.reserve,
        "external": [
            {"arn": layer.arn, "unzipped_bytes": layer.unzipped_bytes} for layer in stack.external
        ],
        "unzipped_bytes": weight.used,
        "limit": reading.limit.allowed,
        "headroom": reading.headroom,
        "arns": {
            region: arns
            for region in outcome.regions
            if (arns := outcome.stack_arns(stack, region))
        },
        "proof": next(
            (_tried(proof) for proof in outcome.function_proofs if proof.function == stack.key),
            None,
        ),
    }


def _tried(proof: FunctionProof) -> dict[str, Any]:
    cost = proof.cost
    return {
        "handler": proof.handler,
        "events": [
            {
                "name": event.name,
                "verdict": str(event.verdict),
                "seconds": event.seconds,
                "answer": event.answer,
            }
            for event in proof.events
        ],
        "test_command": proof.test_command,
        "own_modules": list(proof.own_modules),
        "interpreter": proof.interpreter,
        "isolated": list(proof.isolated),
        "in_place": proof.in_place,
        "init_seconds": {"source": cost.source, "bytecode": cost.bytecode} if cost else None,
        "init_processes": list(cost.processes) if cost else None,
        "memory_bytes": cost.memory_bytes if cost else None,
        "modules": cost.modules if cost else None,
        "imports": [_import(module) for module in cost.imports] if cost else [],
        "unused": [
            {
                "name": use.name,
                "layer": use.layer,
                "bytes_kept": use.bytes_kept,
                "bytes_loaded": use.bytes_loaded,
            }
            for use in proof.unused
        ],
        "seconds": proof.seconds,
    }


def _import(module: ModuleImport) -> dict[str, Any]:
    return {
        "name": module.name,
        "own": module.own,
        "cumulative": module.cumulative,
        "imports": [_import(inner) for inner in module.imports],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "message": problem.message,
        "layer": problem.layer,
        "place": str(problem.place) if problem.place else None,
        "details": list(problem.details),
        "advice": list(problem.advice),
    }
