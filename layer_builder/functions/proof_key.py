"""What a function's proof rests on, as a digest."""

import hashlib
from collections.abc import Sequence

from layer_builder.archive import sha256_of
from layer_builder.functions.own_code import OwnCode
from layer_builder.keeping import code_digest
from layer_builder.model import Event, FunctionSettings, Stack


def proof_key(
    stack: Stack, python: str, zips: Sequence[str], own: OwnCode, events: Sequence[Event]
) -> str:
    """Give a digest of all that a proof rests on: a stack with the same one is proven already.

    `python` is the path of the interpreter, `zips` are the SHA-256 of the layers.
    """
    settings = stack.settings
    parts = (
        code_digest(),
        stack.key, stack.function_name, stack.target.label, python, list(zips), _without_places(settings),
        [(event.name, event.body, event.expect) for event in events],
        [(path, sha256_of(source)) for path, source in sorted(own.sources.items())],
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _without_places(settings: FunctionSettings) -> str:
    """Write settings without their lines in the manifest."""
    return repr((
        [(include.source, include.to) for include in settings.code],
        settings.handler and settings.handler.text, settings.environment, settings.timeout,
    ))  # fmt: skip
