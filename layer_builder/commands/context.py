"""All that is outside, as the story sees it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime

from layer_builder import timing
from layer_builder.archive import BuildCache, OutputDir, RemoteZips
from layer_builder.aws import Connect
from layer_builder.builder import Builder
from layer_builder.console import Reporter
from layer_builder.errors import Problem
from layer_builder.forecast import WheelReader
from layer_builder.identity import Provenance
from layer_builder.keeping import PartCache, SignedNotes
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Stack
from layer_builder.prove import FindProver
from layer_builder.resolve import Installer
from layer_builder.sources import Workspace
from layer_builder.tree import Scratch


@dataclass(frozen=True, kw_only=True)
class Context:
    """All that is outside: handed in by `main`, so that the story can be told elsewhere too."""

    workspace: Workspace
    installer: Installer
    wheels: WheelReader
    """Looks into wheels that are not installed."""
    find_prover: FindProver
    connect: Connect
    connect_source: Connect
    """Opens a region with the credentials that `promote` reads with."""
    zips: RemoteZips
    seed: Callable[[str, Sequence[Stack], OutputDir], None]
    """Makes up functions and layers in a region of the sandbox."""
    default_regions: Callable[[], tuple[str, ...]]
    """Where to publish when neither input nor manifest says."""
    known_regions: Callable[[], Sequence[str]]
    """The regions that there are, as far as our data goes."""
    provenance: Callable[[str], Provenance]
    """Says where layer versions come from; takes the owner that the manifest names, or nothing."""
    reporter: Reporter
    scratch: Scratch = field(default_factory=Scratch)
    cache: BuildCache = field(default_factory=BuildCache)
    function_notes: SignedNotes = field(default_factory=SignedNotes)
    """Keeps the proofs of functions."""
    service_notes: SignedNotes = field(default_factory=SignedNotes)
    """Keeps what distributions were found to ask of the AWS SDK."""
    advice_notes: SignedNotes = field(default_factory=SignedNotes)
    """Keeps what was measured of layers, to advise on them."""
    today: Callable[[], datetime] = timing.today
    require_isolation: bool = True
    credentials: tuple[str, ...] = ()
    """The credentials of the job that a build could do without, by name."""
    has_index_credentials: bool = False
    know_python: Callable[[], None] = lambda: None
    """Has uv look at its Python; called while files are read."""
    load_ahead: Callable[[], None] = lambda: None
    """Loads what the end of a run needs; called while the index is waited for."""
    is_verbose: bool = False
    """Whether advice is measured on layers that are far from their limits, too."""
    workers: int = os.cpu_count() or 1

    def builder(self, output_dir: OutputDir) -> Builder:
        """Give what builds layers here and puts them into an output directory."""
        cache = self.cache
        if why := cache.refusal():
            message = f"builds of earlier runs are not used, nor is this one kept: {why}"
            self.reporter.notice(Problem(message=message))
            cache = BuildCache()
        parts = PartCache(folder=cache.folder, key=cache.key)
        return Builder(
            installer=self.installer,
            find_prover=self.find_prover,
            scratch=self.scratch,
            output_dir=output_dir,
            reporter=self.reporter,
            cache=cache,
            parts=parts,
            require_isolation=self.require_isolation,
            workers=self.workers,
        )
