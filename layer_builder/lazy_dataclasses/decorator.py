"""Dataclasses that the library completes when the first instance of one is made.

`dataclasses` compiles up to six methods of a class as it is decorated. For the 320 classes that a run
loads that was half of this program's start, and a run makes instances of some dozens. What they are
and do stays the library's: https://docs.python.org/3/library/dataclasses.html
"""

import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_lock = threading.RLock()
"""Two threads may make the first instance; completing a class completes those that it inherits from."""


class _Fields:
    """Stands where the library keeps a class's fields, for whoever asks before there is an instance."""

    def __init__(self, complete: Callable[[], None], cls: type[Any]) -> None:
        self._complete, self._cls = complete, cls

    def __get__(self, instance: object, owner: type) -> Mapping[str, Any]:
        self._complete()
        fields: Mapping[str, Any] = self._cls.__dataclass_fields__
        return fields


def _dataclass(**options: bool) -> Callable[[type[Any]], type[Any]]:
    """Give the decorator of a class; the options are the library's.

    `slots` makes another class: that is done at once.
    """

    def decorate(cls: type[Any]) -> type[Any]:
        if options.get("slots"):
            return dataclasses.dataclass(**options)(cls)
        late: Any = cls
        is_complete = False

        def complete() -> None:
            nonlocal is_complete
            with _lock:
                if not is_complete:
                    dataclasses.dataclass(**options)(cls)
                    is_complete = True
                    late.__new__ = _new

        def complete_and_new(kind: type, /, *_: object, **__: object) -> object:
            complete()
            return _new(kind)

        late.__dataclass_fields__ = _Fields(complete, cls)
        late.__new__ = complete_and_new
        return cls

    return decorate


def _new(kind: type, /, *_: object, **__: object) -> object:
    """Make an instance. A class that once had a `__new__` of its own cannot go back to none."""
    return object.__new__(kind)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass
