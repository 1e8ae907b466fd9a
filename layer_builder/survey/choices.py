"""Decides: what was found in a repository becomes the layers and functions of a manifest. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from layer_builder.deployments import (
    Description,
    FoundFunction,
    Repository,
    key_of,
    printable,
    read_deployments,
)
from layer_builder.model import Architecture, Python, Target
from layer_builder.survey.dependencies import Source, find_sources
from layer_builder.survey.functions import code_of, functions_of_code
from layer_builder.survey.layers import LayerChoices, unique
from layer_builder.survey.proposal import Proposal, Proposed, Setting
from layer_builder.survey.targets import choose_architecture, choose_python

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_LAYERS = 5
"""That a function loads: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
_MOST_FUNCTIONS = 300


def propose(repository: Repository) -> Proposal:
    """Propose a manifest; one without layers where nothing was found that they could be made of."""
    found = _described(repository)
    described = found.functions[:_MOST_FUNCTIONS]
    functions = list(described) or list(functions_of_code(repository))
    python = choose_python(repository, [*functions, *found.layers])
    architecture = choose_architecture([*functions, *found.layers])
    target = Target(python=Python(python.value), architecture=Architecture(architecture.value))
    sources = find_sources(repository, target, found.tooling)
    layers = LayerChoices(repository, sources, functions)
    layers.take_described(found.layers)
    is_described = bool(found.functions)
    loaded = [(one, layers.of_function(one, has_code=not is_described)) for one in functions]
    if not functions:
        layers.take_all()
    chosen = layers.proposed([(one, keys) for one, keys in loaded if keys], target)
    remarks = [*found.remarks, *repository.unread, *layers.remarks]
    if left := len(found.functions) - len(described):
        remarks.append(f"{left} more functions: those of the first {_MOST_FUNCTIONS} are written")
    stacks = list(_functions(repository, loaded, layers, target, remarks))
    used = [one for one in sources if layers.has(one)]
    remarks += [
        f"{one.hint}: in no layer, since no function was found that needs it"
        for one in sources
        if one not in used
    ]
    return Proposal(
        python=python,
        architecture=architecture,
        name=_name(found, sources),
        layers=tuple(chosen),
        functions=tuple(stacks),
        warnings=tuple(f"{one.hint}: {words}" for one in used for words in one.warnings),
        remarks=tuple(remarks),
    )


def _described(repository: Repository) -> Description:
    found = read_deployments(repository)
    # A template that a tool wrote, and what it was written from, describe the same functions.
    functions = {
        (key_of(f.name, without="function"), f.handler, f.folder): replace(f, scope=number)
        for number, one in reversed([*enumerate(found)])
        for f in one.functions
    }
    return Description(
        functions=tuple(sorted(functions.values(), key=lambda f: f.scope)),
        layers=tuple(
            replace(layer, scope=number) for number, one in enumerate(found) for layer in one.layers
        ),
        service=next((one.service for one in found if one.service), ""),
        remarks=tuple(words for one in found for words in one.remarks),
        tooling=tuple(path for one in found for path in one.tooling),
    )


def _functions(
    repository: Repository,
    loaded: Sequence[tuple[FoundFunction, Sequence[str]]],
    layers: LayerChoices,
    target: Target,
    remarks: list[str],
) -> Iterator[Proposed]:
    keys = set[str]()
    for function, mine in loaded:
        if not mine or len(mine) > _MOST_LAYERS:
            why = (
                f"{len(mine)} layers, and {_MOST_LAYERS} can be loaded"
                if mine
                else "it needs no layer"
            )
            remarks.append(f"{function.hint}: left out, {why}")
            continue
        key = unique(key_of(function.name, without="function"), keys)
        code = code_of(repository, function, in_layer=layers.has_code_of(function, mine))
        names = (
            {"function-name": function.function_name}
            if _NAME.fullmatch(function.function_name)
            else {}
        )
        yield Proposed(
            key=key,
            entry={
                **names,
                "layers": list(mine),
                **_target(function, layers, mine, target),
                **code.entry,
            },
            why=(function.hint,),
            remarks=(*function.remarks, *code.remarks),
        )


def _target(
    function: FoundFunction, layers: LayerChoices, mine: Sequence[str], target: Target
) -> dict[str, object]:
    """Say which target it runs on, where its layers leave a choice."""
    found: dict[str, object] = {}
    if any(len(layers.pythons(key, target)) > 1 for key in mine):
        found["python"] = layers.python_of(function, target)
    if any(len(layers.architectures(key, target)) > 1 for key in mine):
        found["architecture"] = layers.architecture_of(function, target)
    return found


def _name(found: Description, sources: Sequence[Source]) -> Setting | None:
    named = next((one for one in sources if one.name), None)
    whole = found.service or (named.name if named else "")
    if not whole:
        return None
    why = (
        "the service's name"
        if found.service
        else f"the project's name: {named.hint if named else ''}"
    )
    return Setting(value=f"{key_of(whole)[:40]}-{{layer}}", why=printable(why))
