"""Installs, and compares what was installed with the wheels that are locked.

uv compares a wheel with its hash when it downloads it. From then on it takes what lies unpacked in
its cache, whoever has written there since. So what it installed is compared here: each file with its
RECORD, and what RECORDs say with what they said when the wheels were downloaded, before anybody
could have changed that.
"""

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

from packaging.utils import canonicalize_version

from layer_builder.errors import InstallError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Pin, Target
from layer_builder.tree import Contents, read_installed
from layer_builder.wheels.ledger import WheelLedger
from layer_builder.wheels.mismatch import (
    broken,
    differences,
    differing,
    flawed,
    unchecked,
    unlike_pins,
)
from layer_builder.wheels.origins import wheel_hashes
from layer_builder.wheels.uv_cache import UvCache


class Fill(Protocol):
    """Has uv install pins, from its cache or another."""

    def __call__(
        self, pins: Sequence[Pin], into: Path, *, cache: Path | None = None, offline: bool = False
    ) -> bool:
        """Tell whether they were installed.

        Offline they are not if the cache lacks one; else raises InstallError with uv's reason.
        """


@dataclass(frozen=True, kw_only=True)
class Wheels:
    """Where wheels come from, and what is known of them."""

    cache: UvCache = field(default_factory=UvCache)
    ledger: WheelLedger = field(default_factory=WheelLedger)

    @classmethod
    def around(cls, of_uv: Mapping[str, str], environ: Mapping[str, str]) -> "Wheels":
        """Look at uv's cache, before uv is called for the first time, and open the ledger."""
        return cls(cache=UvCache.around(of_uv), ledger=WheelLedger.around(environ))

    def install(
        self, pins: Sequence[Pin], target: Target, build: Collection[str], into: Path, fill: Fill
    ) -> dict[str, str]:
        """Fill a folder with the files of locked wheels, and with nothing else.

        What `build` names is built here, from an sdist with a locked hash: of that it is only known
        that it is as its own RECORD says. Gives the sha256 of wheels, in hexadecimal, by the names of
        distributions: which of the files that are locked was taken, as far as that is known.

        Raises InstallError for what is not as the locked wheel has it, or cannot be compared.
        """
        locked = [pin for pin in pins if pin.name not in build]
        is_fresh = self._fill(pins, target, locked, into, fill)
        installed = read_installed(into)
        if installed.flaws:
            raise broken(installed.flaws) if is_fresh else flawed(installed.flaws, self._cache)
        if _plain(pins) != _plain(installed.distributions):
            raise unlike_pins(pins, installed.distributions, self._cache)
        found = {one.name: one for one in installed.distributions}
        doubtful = [pin for pin in locked if not self._is_noted(pin, target, found)]
        if doubtful and not is_fresh:
            self._compare(doubtful, target, found, fill)
        for pin in doubtful:
            if digest := found[pin.name].digest:
                self.ledger.note(pin, target, digest)
        return wheel_hashes(locked, into, self.cache.folders)

    @property
    def _cache(self) -> str:
        return str(self.cache.folder or "its usual place")

    def _fill(
        self, pins: Sequence[Pin], target: Target, locked: Sequence[Pin], into: Path, fill: Fill
    ) -> bool:
        """Install; tell whether all of it was downloaded by this user since this run began.

        The index is asked only for what is not in the cache: versions and hashes are known.
        """
        # What is built may need more than is in the cache, and would be built twice.
        is_built = len(locked) < len(pins)
        # In a cache that was empty is only what this run has downloaded, which is noted.
        may_be_there = not self.cache.is_own or all(self.ledger.find(pin, target) for pin in locked)
        if may_be_there and not is_built and fill(pins, into, offline=True):
            return self.cache.is_own
        is_new = not any(self.ledger.find(pin, target) for pin in locked)
        if is_new and not is_built and not self.cache.is_own:
            # From the cache it would be downloaded a second time, to compare.
            return fill(pins, into, cache=self.cache.fresh())
        fill(pins, into)
        return self.cache.is_own

    def _is_noted(self, pin: Pin, target: Target, found: Mapping[str, Contents]) -> bool:
        digest = found[pin.name].digest
        return bool(digest) and self.ledger.find(pin, target) == digest

    def _compare(
        self, pins: Sequence[Pin], target: Target, found: Mapping[str, Contents], fill: Fill
    ) -> None:
        """Download wheels once more, and compare what they hold with what was installed."""
        fresh = self.cache.fresh()
        with tempfile.TemporaryDirectory(dir=fresh.parent, prefix="layer-builder-wheels-") as name:
            try:
                fill(pins, Path(name), cache=fresh)
            except InstallError as error:
                noted = {pin for pin in pins if self.ledger.find(pin, target)}
                raise unchecked(pins, noted, self._cache, error) from error
            again = read_installed(Path(name))
        if again.flaws:
            raise broken(again.flaws)
        if _plain(pins) != _plain(again.distributions):
            raise unlike_pins(pins, again.distributions, str(fresh))
        wheels = {one.name: one for one in again.distributions}
        changed = [
            (found[pin.name], wheels[pin.name])
            for pin in pins
            if differences(found[pin.name], wheels[pin.name])
        ]
        if changed:
            raise differing(changed, self._cache)


def _plain(named: Iterable[Pin | Contents]) -> list[tuple[str, str]]:
    """List names and versions, each in one spelling and as often as it is there."""
    return sorted((one.name, canonicalize_version(one.version)) for one in named)
