"""What to say of code that does not tell which services it asks for."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from layer_builder.errors import Place, Problem
from layer_builder.model import Stack
from layer_builder.resolve import Resolved
from layer_builder.stack_services.beside import chooses_services

_SHOWN = 10

_NAME_THEM = "or name the services that it asks for: sdk: [s3, sqs]"


def letters_about(item: Resolved, stacks: Sequence[Stack]) -> tuple[list[Problem], list[Problem]]:
    """Give warnings of calls that keep the data of all services, and notices of code not read."""
    if not chooses_services(item):
        return [], []
    layer, code = item.request.layer, item.request.code
    warnings = []
    unreadable = [*code.unreadable, *item.beside.unreadable]
    if unreadable:
        more = f"; {len(unreadable) - 1} more do not, either" if len(unreadable) > 1 else ""
        warnings.append(
            Problem(
                message="sdk: auto keeps the data of all services: the code does not say which one"
                f" this call asks for{more}",
                layer=layer.key,
                place=_place(unreadable[0].place) if code.unreadable else layer.place,
                details=tuple(f"{one.place}: {one.text}" for one in unreadable[:_SHOWN]),
                advice=(f"write the name as a text, {_NAME_THEM}",),
            )
        )
    notices = []
    if code.unseen:
        notices.append(
            Problem(
                message="sdk: auto keeps the data of all services, since not all code was read",
                layer=layer.key,
                place=layer.place,
                details=code.unseen[:_SHOWN],
                advice=(f"give the function its code:, {_NAME_THEM}",),
            )
        )
    unnamed = [] if code.is_all else [stack for stack in stacks if _brings_more(stack, item)]
    if unnamed:
        keys = ", ".join(stack.key for stack in unnamed)
        notices.append(
            Problem(
                message="sdk: auto read the code that layers include; what functions bring in"
                f" their own packages was not: {keys}",
                layer=layer.key,
                place=unnamed[0].place,
                advice=(f"give the function its code:, {_NAME_THEM}",),
            )
        )
    return warnings, notices


def _brings_more(stack: Stack, item: Resolved) -> bool:
    """Tell a function of the layer whose handler is in none of its layers, nor in `code:`."""
    settings = stack.settings
    if settings.code or item.request.layer.id not in {layer.id for layer in stack.layers}:
        return False
    if settings.handler is None:
        return True
    module = settings.handler.text.rpartition(".")[0].replace(".", "/")
    folders = [
        PurePosixPath(include.to).relative_to("python")
        for layer in stack.layers
        for include in layer.include
        if PurePosixPath(include.to).is_relative_to("python")
    ]
    return not any(PurePosixPath(f"{module}.py").is_relative_to(folder) for folder in folders)


def _place(text: str) -> Place:
    file, _, line = text.rpartition(":")
    return Place(file=file, line=int(line)) if line.isdecimal() else Place(file=text)
