"""All that is outside, as the story sees it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from layer_builder.archive.build_cache import BuildCache
from layer_builder.archive.output_dir import Shelf
from layer_builder.archive.scratch import Scratch
from layer_builder.attach.preflight import Reach
from layer_builder.attach.sizes import Measure
from layer_builder.builder.builder import Builder
from layer_builder.console import Voice
from layer_builder.model.stack import Stack
from layer_builder.prove.prover import FindProver
from layer_builder.publish.region_state import Connect
from layer_builder.resolve.resolver import Installer
from layer_builder.sources.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class World:
    """All that is outside: handed in by `main`, so that the story can be told elsewhere too."""

    workspace: Workspace
    installer: Installer
    find_prover: FindProver
    connect: Connect
    reach: Reach
    measure: Measure
    furnish: Callable[[str, Sequence[Stack], Shelf], None]
    """Makes up functions and layers in a region of the sandbox."""
    default_regions: Callable[[], tuple[str, ...]]
    """Where to publish when neither input nor manifest says."""
    voice: Voice
    scratch: Scratch = field(default_factory=Scratch)
    cache: BuildCache = field(default_factory=BuildCache)
    workers: int = os.cpu_count() or 1

    def builder(self, shelf: Shelf, command: str, *, through_s3: bool = False) -> Builder:
        """Give what builds layers here and puts them on a shelf; `command` is noted there."""
        return Builder(
            installer=self.installer,
            find_prover=self.find_prover,
            scratch=self.scratch,
            shelf=shelf,
            voice=self.voice,
            command=command,
            cache=self.cache,
            through_s3=through_s3,
        )
