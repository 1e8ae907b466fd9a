"""The functions of a run as data: the totals of their stacks, and what proves them."""

from typing import Any

from layer_builder.model import FunctionProof, ModuleImport, Stack, StackWeight
from layer_builder.outcome import Outcome


def function_data(outcome: Outcome, stack: Stack) -> dict[str, Any]:
    """Render a function; of one whose layers were not built there are no weights."""
    weight = next((one for one in outcome.stacks if one.stack.key == stack.key), None)
    return {
        "key": stack.key,
        "function_name": stack.function_name,
        "layers": [layer.key for layer in stack.layers],
        "python": str(stack.layers[0].target.python),
        "architecture": str(stack.layers[0].target.architecture),
        "known": weight is None,
        "estimated": bool(weight and weight.is_estimate),
        **_weighed(weight),
        "reserve": stack.reserve,
        "external": [
            {"arn": layer.arn, "unzipped_bytes": layer.unzipped_bytes} for layer in stack.external
        ],
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


def _weighed(weight: StackWeight | None) -> dict[str, Any]:
    if weight is None:
        return {"shares": {}, "unzipped_bytes": None, "limit": None, "headroom": None}
    reading = weight.reading
    return {
        "shares": dict(weight.shares),
        "unzipped_bytes": weight.used,
        "limit": reading.limit.allowed,
        "headroom": reading.headroom,
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
        "init_processes": cost.processes if cost else None,
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
