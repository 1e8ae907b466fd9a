"""What is being done at a moment, as a live line tells it."""

from layer_builder.console import sanitize_line
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import mib
from layer_builder.timing import now


@dataclass(frozen=True, kw_only=True)
class Task:
    """A step of a layer or of a function."""

    text: str
    size: int
    """Bytes that it works on; 0 where that is not known."""
    since: float
    """When it began, by `timing.now`."""

    def words(self, room: int) -> str:
        """Say what is done, to how much, and for how long; without the bytes where room is short."""
        size, spent = f" {mib(self.size)}" if self.size else "", f"{now() - self.since:.0f} s"
        whole = f"{self.text}{size} {spent}"
        return sanitize_line(whole if len(whole) <= room else f"{self.text} {spent}")
