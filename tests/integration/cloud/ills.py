"""What goes wrong at a call: the rows of the matrix."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .faults import Fault


@dataclass(frozen=True, kw_only=True)
class Ill:
    """What goes wrong, as a column of the matrix."""

    name: str
    fault: Fault
    times: int | None = 1
    everywhere: bool = False
    operations: frozenset[str] | None = None
    """At whose calls it is tried; None is all."""
    must_finish: bool = False
    """A run that does not finish all the same has not done what it should."""
    environment: Mapping[str, str] = field(default_factory=dict)


_SHORT = {"LAYER_BUILDER_READ_TIMEOUT": "1"}

_FIRST_WRITE = frozenset({"PublishLayerVersion"})

ILLS = (
    Ill(name="429", fault=Fault.THROTTLED, must_finish=True),
    # Forty tries, at the pace of one that is throttled: half a minute.
    Ill(name="429 for good", fault=Fault.THROTTLED, times=None, operations=_FIRST_WRITE),
    Ill(name="500", fault=Fault.INTERNAL),
    Ill(name="500 for good", fault=Fault.INTERNAL, times=None),
    Ill(name="503", fault=Fault.UNAVAILABLE),
    Ill(name="refused", fault=Fault.REFUSED),
    Ill(name="refused for a moment", fault=Fault.AWAY),
    Ill(name="reset before", fault=Fault.RESET_BEFORE),
    Ill(name="reset after", fault=Fault.RESET_AFTER),
    Ill(name="reset after, for good", fault=Fault.RESET_AFTER, times=None),
    Ill(name="timeout after", fault=Fault.TIMEOUT_AFTER, environment=_SHORT),
    Ill(name="truncated", fault=Fault.TRUNCATED),
    Ill(name="malformed", fault=Fault.MALFORMED),
    Ill(name="expired token", fault=Fault.EXPIRED, times=None, everywhere=True),
    Ill(name="trickle", fault=Fault.TRICKLE, must_finish=True),
    Ill(name="kill -9 before", fault=Fault.KILL_BEFORE),
    Ill(name="kill -9 after", fault=Fault.KILL_AFTER),
)

ONCE = frozenset(ill.name for ill in ILLS if ill.everywhere or ill.times)
"""Without those that go on for good: what they do to a run, the first scenario shows."""

FEW = frozenset(
    {
        *("429", "500", "refused", "reset after", "truncated", "malformed", "expired token"),
        *("kill -9 before", "kill -9 after"),
    }
)
"""One of each kind: for calls that are made as others are that meet all of them."""
