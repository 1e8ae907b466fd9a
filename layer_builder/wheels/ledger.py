"""The ledger: what locked wheels hold, noted when one was seen to come from the index, whole.

uv compares a wheel with the lock's hashes when it downloads it, unpacks it, and lets go of it. What
lies unpacked in its cache cannot be compared with those hashes any more; with the ledger it can.
"""

from collections.abc import Mapping
from dataclasses import field
from functools import cache
from importlib.metadata import version

from layer_builder.keeping import SignedNotes
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Pin, Target

_FORMAT = 1

_FOLDER = "wheels"


@dataclass(frozen=True, kw_only=True)
class WheelLedger:
    """Digests of what locked wheels hold, by pin and platform.

    Where nothing can be kept it lasts as long as this process.
    """

    notes: SignedNotes = field(default_factory=SignedNotes)
    _noted: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def around(cls, environ: Mapping[str, str]) -> "WheelLedger":
        """Open the user's ledger."""
        return cls(notes=SignedNotes.around(environ, _FOLDER))

    def find(self, pin: Pin, target: Target) -> str:
        """Give the digest of what the wheel of a pin holds; nothing if it was not seen yet."""
        about = _about(pin, target)
        return self._noted.get(about) or self.notes.find(about)

    def note(self, pin: Pin, target: Target, digest: str) -> None:
        """Note what the wheel of a pin holds."""
        about = _about(pin, target)
        self._noted[about] = digest
        self.notes.keep(about, digest)


def _about(pin: Pin, target: Target) -> str:
    """Say all that decides what a wheel comes to in a folder.

    One pin can have several wheels: Python and platform choose. How scripts and `.data` are laid
    out is the installer's.
    """
    platform = f"{target.python} {target.uv_platform}"
    return f"{_FORMAT} uv {_version_of_uv()} {platform} {pin}"


@cache
def _version_of_uv() -> str:
    return version("uv")
