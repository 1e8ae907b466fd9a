"""`report.json`: the outcome as data, stable and versioned; documented in docs/report.md."""

from typing import Any

import layer_builder
from layer_builder.errors import Problem
from layer_builder.model import (
    Action,
    Audited,
    BuildDetails,
    Built,
    Delivered,
    KeptServices,
    KnownLayer,
    Layer,
    Proof,
    Stamp,
)
from layer_builder.outcome import Outcome
from layer_builder.report_json.advice import advice_data
from layer_builder.report_json.attached import attached_data
from layer_builder.report_json.changes import changes_data, compared_data
from layer_builder.report_json.estimates import estimates_data
from layer_builder.report_json.functions import function_data
from layer_builder.report_json.repeats import repeats_data
from layer_builder.report_json.versions import versions_data

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
        "layers": [_layer(outcome, found) for found in outcome.built_or_known()],
        "estimates": estimates_data(outcome),
        "functions": [
            function_data(outcome, stack)
            for stack in (*(weight.stack for weight in outcome.stacks), *outcome.known_functions)
        ],
        "attachments": [attached_data(done) for done in outcome.attachments],
        "changes": compared_data(outcome),
        "versions": versions_data(outcome),
        "repeats": repeats_data(outcome),
        "audit": _audit(outcome.audited),
        "would_publish": outcome.would_publish(),
        "isolated": outcome.is_isolated,
        "warnings": [_problem(problem) for problem in outcome.warnings],
        "errors": [_problem(problem) for problem in outcome.errors],
        "exit_code": int(outcome.exit_code),
    }


def _audit(audited: Audited | None) -> dict[str, Any] | None:
    if audited is None:
        return None
    return {
        "database": audited.database,
        "not_audited": audited.why_not or None,
        "about": audited.about or None,
        "distributions": audited.distributions,
        "vulnerable": [
            {
                "name": one.name,
                "version": one.version,
                "ids": list(one.ids),
                "ignored": list(one.ignored),
                "aliases": {known: list(others) for known, others in one.aliases.items()},
                "layers": list(one.layers),
            }
            for one in audited.vulnerable
        ],
    }


def action_of(outcome: Outcome, layer: Layer) -> Action:
    """Name what happened to a layer over all regions: the most eventful wins."""
    done = {release.action for release in outcome.releases.get(layer.id, {}).values()}
    for action in (Action.PUBLISHED, Action.UNCHANGED):
        if action in done:
            return action
    return Action.BUILT


def _layer(outcome: Outcome, found: Built | KnownLayer) -> dict[str, Any]:
    layer = found.layer
    return {
        "key": layer.key,
        "name": layer.name,
        "python": str(layer.target.python),
        "architecture": str(layer.target.architecture),
        **(_built(outcome, found) if isinstance(found, Built) else _known(found)),
        "arn": {
            region: release.arn for region, release in outcome.releases.get(layer.id, {}).items()
        },
        "missing": dict(outcome.missing.get(layer.id, {})),
        "delivery": {
            region: _delivered(delivered)
            for region, delivered in outcome.delivered.get(layer.id, {}).items()
        },
        "action": str(action_of(outcome, layer)),
        "stamp": _stamp(outcome.stamp_of(layer)),
        "runtimes": found.runtimes,
        "architectures": found.architectures,
        "permissions": _permissions(layer),
        "content": outcome.contents.get(layer.id),
        "changes": changes_data(outcome.compared.get(layer.id)),
    }


def _stamp(stamp: Stamp | None) -> dict[str, str] | None:
    if stamp is None:
        return None
    return {"key": stamp.key, "owner": stamp.owner, "commit": stamp.commit}


def _permissions(layer: Layer) -> list[str] | None:
    permissions = layer.delivery.permissions
    return None if permissions is None else list(permissions.names)


def _built(outcome: Outcome, built: Built) -> dict[str, Any]:
    details, tightest = built.details, built.tightest
    return {
        **_contents(built.layer, details),
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
        "licenses": [
            {
                "name": one.name,
                "version": one.version,
                "license": one.expression or None,
                "said": one.said or None,
            }
            for one in built.licences
        ],
        "license_info": built.license_info,
        "sbom": {"path": str(built.archive.path.with_suffix(".cdx.json")), "sha256": digest}
        if (digest := outcome.sboms.get(built.layer.id))
        else None,
        "known": False,
        "same_as": built.same_as,
        "reused": built.reused,
        "taken_up": built.taken_up,
        "advice": advice_data(outcome, built),
        "seconds": details.seconds,
    }


def _known(known: KnownLayer) -> dict[str, Any]:
    """Tell of a layer that was not built: its versions, and that the rest is not known."""
    unknown = (
        *("zip", "zip_bytes", "unzipped_bytes", "files", "sha256", "limit", "headroom"),
        *("licenses", "license_info", "sbom"),
    )
    none = dict.fromkeys(("bytes_installed", "bytes_kept", "bytes_zipped", "wheel_sha256"))
    return {
        **_contents(known.layer, BuildDetails()),
        "packages": [{"name": pin.name, "version": pin.version, **none} for pin in known.pins],
        "included_bytes": None,
        "bytecode": {
            "asked": str(known.layer.bytecode),
            "packed": None,
            "files": None,
            "bytes": None,
        },
        **dict.fromkeys(unknown),
        "known": True,
        "same_as": None,
        "reused": False,
        "taken_up": False,
        "advice": [],
        "seconds": {},
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
                "wheel_sha256": package.wheel_sha256 or None,
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
        "pruned_parts": [
            {
                "distribution": part.distribution,
                "folder": part.folder,
                "rule": part.rule,
                "files": part.files,
                "bytes": part.bytes,
            }
            for part in details.pruned_parts
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
        "architectures_omitted": delivered.architectures_omitted,
        "discarded": list(delivered.discarded),
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


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "message": problem.message,
        "layer": problem.layer,
        "place": str(problem.place) if problem.place else None,
        "details": list(problem.details),
        "advice": list(problem.advice),
    }
