"""A function's proof in a log's words."""

from collections.abc import Iterator

from layer_builder.model import FunctionProof, InitCost, mib


def proof_lines(proof: FunctionProof) -> Iterator[str]:
    """Say what was shown, and how."""
    if proof.own_modules:
        count = len(proof.own_modules)
        yield f"{count} module{'s' if count > 1 else ''} of the workspace import{'' if count > 1 else 's'} on its layers"
    if not proof.handler:
        return
    where = "at /opt and /var/task" if proof.in_place else "in folders of its own (no mounts here)"
    tried = "no event was given" if not proof.events else _events(proof)
    yield f"{proof.handler} starts on its layers {where}; {tried}"
    if proof.cost:
        yield init_line(proof.cost)


def init_line(cost: InitCost) -> str:
    """Say what a start takes on this machine."""
    return (
        f"importing it takes {cost.source:.2f} s from source, {cost.bytecode:.2f} s with bytecode"
        f" (median of three, on this machine), {cost.modules} modules, {mib(cost.memory_bytes)}"
    )


def _events(proof: FunctionProof) -> str:
    count = len(proof.events)
    seconds = sum(event.seconds for event in proof.events)
    return f"{count} event{'s' if count > 1 else ''} answered in {seconds:.2f} s"
