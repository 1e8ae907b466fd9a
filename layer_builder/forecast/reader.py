"""Reads what is in wheels that are not installed: by ranges, or whole where that cannot be."""

import threading
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from packaging.utils import canonicalize_version

from layer_builder import parallel
from layer_builder.archive import RemoteZips, UnreadableZipError, ZipMember, write_zip
from layer_builder.errors import LayerBuilderError
from layer_builder.forecast.wheel_files import (
    WheelContents,
    WheelMember,
    is_hardly_packed,
    read_members,
    wheel_addresses,
)
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.licences import is_metadata, licensed_in
from layer_builder.model import Compression, Pin, Target
from layer_builder.sources import Requirements
from layer_builder.tree import Tree, find_distributions

_AT_ONCE = 12
"""Wheels that are asked for at a time: it is waiting, not work."""

_FAST_IS_LARGER = 1.09
"""How much larger libdeflate's level 1 is than what indexes have, over wheels of all kinds."""


class WheelSource(Protocol):
    """Knows where wheels are, and how to fetch them whole."""

    def locate(self, pins: Sequence[Pin], requirements: Requirements, target: Target) -> str:
        """Write a `pylock.toml` with the address of each wheel; empty where that is not known."""

    def unpack(
        self,
        pins: Sequence[Pin],
        requirements: Requirements,
        target: Target,
        into: Path,
        build: Collection[str] = (),
    ) -> None:
        """Fetch and unpack. Raises InstallError."""


@dataclass(frozen=True, kw_only=True)
class WheelsRead:
    """What was read of the wheels of a resolution."""

    contents: tuple[WheelContents, ...] = ()
    whole: Mapping[str, str] = field(default_factory=dict)
    """The distributions that had to be fetched whole, and why."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Those of which nothing is known before a build, and why."""


@dataclass(frozen=True, kw_only=True)
class WheelReader:
    """Reads wheels, each once."""

    source: WheelSource
    authorization: Callable[[str], str]
    """Gives the header of that name for an address."""
    folder: Callable[[], AbstractContextManager[Path]]
    """Makes a folder for a while."""
    is_offline: bool = False
    """Whether nothing is to be asked but uv's cache."""
    _known: dict[tuple[Target, Pin], WheelContents] = field(default_factory=dict)
    _unreached: set[str] = field(default_factory=set)
    """Hosts that did not answer, or without ranges: they are not asked a second time."""
    _locks: dict[tuple[Target, Pin], threading.Lock] = field(default_factory=dict, repr=False)
    """Held while a wheel is read: layers ask for the same ones at once."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def read(
        self,
        pins: Sequence[Pin],
        requirements: Requirements,
        target: Target,
        build: Collection[str] = (),
        *,
        licences: bool = False,
    ) -> WheelsRead:
        """Read the wheels of pins; those that cannot be read in part are fetched whole by uv.

        With `licences` what they say of those, too: it may take another request for each.

        What can be had neither way is missing in the answer: it is a build's to say what is wrong.
        Nothing is built for it, but what had to be, to know its version.
        """
        direct = {one.name for one in requirements.direct}
        missing = {
            pin.name: "build: makes it from sources, which nothing but a build does"
            for pin in pins
            if pin.name in build and pin.name not in direct
        }
        found = {pin: one for pin in pins if (one := self._known_of(target, pin, licences))}
        wanted = [pin for pin in pins if pin not in found and pin.name not in missing]
        addresses = self._addresses(wanted, requirements, target, build)

        def look(pin: Pin) -> WheelContents | str:
            if pin.name not in addresses:
                return "offline" if self.is_offline else "no index has one for the target"
            key = target, pin
            with self._lock:
                lock = self._locks.setdefault(key, threading.Lock())
            with lock:
                if one := self._known_of(target, pin, licences):
                    return one
                try:
                    one = self._known[key] = self._look(pin, addresses[pin.name], licences)
                except UnreadableZipError as error:
                    return str(error)
                return one

        looked = dict(zip(wanted, parallel.each(look, wanted, _AT_ONCE), strict=True))
        whole = {pin: why for pin, why in looked.items() if isinstance(why, str)}
        found |= {pin: one for pin, one in looked.items() if not isinstance(one, str)}
        if whole:
            try:
                found |= self._fetch(list(whole), requirements, target, build)
            except LayerBuilderError as error:
                why = error.problems[0].message
                missing |= {pin.name: why for pin in whole}
                whole = {}
        self._known.update({(target, pin): one for pin, one in found.items()})
        return WheelsRead(
            contents=tuple(found[pin] for pin in pins if pin in found),
            whole={pin.name: why for pin, why in whole.items()},
            missing=missing,
        )

    def _known_of(self, target: Target, pin: Pin, licences: bool) -> WheelContents | None:  # noqa: FBT001 (read's)
        one = self._known.get((target, pin))
        return None if one is None or (licences and one.licensed is None) else one

    def _addresses(
        self,
        pins: Sequence[Pin],
        requirements: Requirements,
        target: Target,
        build: Collection[str],
    ) -> dict[str, str]:
        """Say where wheels lie; what is built here lies nowhere."""
        from_indexes = [pin for pin in pins if pin.name not in build]
        if self.is_offline or not from_indexes:
            return {}
        pylock = self.source.locate(from_indexes, requirements, target)
        return wheel_addresses(pylock, target)

    def _look(self, pin: Pin, url: str, licences: bool) -> WheelContents:  # noqa: FBT001 (read's)
        """Read a wheel's directory, and its METADATA for licences. Raises UnreadableZipError."""
        host = urlsplit(url).netloc
        if host in self._unreached:
            raise UnreadableZipError("its host did not give parts of others")
        try:
            wanted = is_metadata if licences else _nothing
            infos, texts = RemoteZips().wheel(url, self.authorization(url), wanted)
        except UnreadableZipError as error:
            if error.is_of_server:
                self._unreached.add(host)
            raise
        if is_hardly_packed(infos):
            raise UnreadableZipError("it is not compressed")
        of_wheel = (licensed_in(path, text) for path, text in texts.items())
        licensed = next((one for one in of_wheel if one and one.name == pin.name), None)
        return replace(_contents(pin, infos), licensed=licensed)

    def _fetch(
        self,
        pins: Sequence[Pin],
        requirements: Requirements,
        target: Target,
        build: Collection[str],
    ) -> dict[Pin, WheelContents]:
        """Have wheels fetched whole, and compress what is in them."""
        with self.folder() as folder:
            tree = Tree.below(folder)
            self.source.unpack(pins, requirements, target, tree.root, build)
            tree.forget_host(target.runtime)
            files = tree.scan()
            packed = folder / "packed.zip"
            members = [ZipMember(path=one.path, source=tree.root / one.path) for one in files]
            write_zip(members, packed, Compression.FAST)
            with zipfile.ZipFile(packed) as archive:
                sizes = {one.filename: one.compress_size for one in archive.infolist()}
            known = {one.path: one.size for one in files}
            owned = {
                one.name: tuple(
                    WheelMember(
                        path=path, size=known[path], packed=int(sizes[path] / _FAST_IS_LARGER)
                    )
                    for path in one.files
                    if path in known
                )
                for one in find_distributions([*known], tree.read)
            }
            licences = [licensed_in(path, tree.read(path)) for path in known if is_metadata(path)]
        licensed = {one.name: one for one in licences if one}
        return {
            pin: WheelContents(
                name=pin.name,
                version=pin.version,
                members=owned.get(pin.name, ()),
                licensed=licensed.get(pin.name),
            )
            for pin in pins
        }


def _nothing(_path: str) -> bool:
    return False


def _contents(pin: Pin, infos: Sequence[zipfile.ZipInfo]) -> WheelContents:
    """Take what is of the wheel that was asked for. Raises UnreadableZipError for another's."""
    members = read_members(infos)
    folders = {one.path.partition("/")[0] for one in members}
    stems = [name.removesuffix(".dist-info") for name in folders if name.endswith(".dist-info")]
    versions = {canonicalize_version(stem.rpartition("-")[2]) for stem in stems}
    if canonicalize_version(pin.version) not in versions:
        raise UnreadableZipError("its metadata is of another version")
    return WheelContents(name=pin.name, version=pin.version, members=members)
