"""The ledger: what a run did on AWS, written into the outcome by one thread at a time."""

import threading
from dataclasses import dataclass, field

from layer_builder.layer import Action, Built, Release
from layer_builder.outcome import Outcome
from layer_builder.published import LayerVersion


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Regions and layers are worked on at the same time, and all write here."""

    outcome: Outcome
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def release(self, built: Built, region: str, version: LayerVersion, action: Action) -> Release:
        """Note that a layer is in a region, as this version."""
        found = Release(region=region, arn=version.arn, version=version.version, action=action)
        with self._lock:
            self.outcome.note(built, found)
        return found

    def to_publish(self, built: Built, region: str) -> None:
        """Note that a layer is to be published to a region."""
        with self._lock:
            self.outcome.to_publish.setdefault(built.layer.id, []).append(region)

    def missing(self, built: Built, region: str, why: str) -> None:
        """Note why a layer is not in a region, unless it is, or a reason is known."""
        with self._lock:
            self.outcome.note_missing(built, region, why)

    def handover(self, built: Built, region: str, **more: object) -> None:
        """Add to what was done for a layer in a region: fields of `Handover`."""
        with self._lock:
            self.outcome.note_handover(built, region, **more)

    def published(self) -> list[str]:
        """List the ARNs of what this run published."""
        found = (
            release.arn
            for releases in self.outcome.releases.values()
            for release in releases.values()
            if release.action is Action.PUBLISHED
        )
        return list(dict.fromkeys(found))
