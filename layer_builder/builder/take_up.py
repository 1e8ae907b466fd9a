"""Takes up zips that another job built: by digests that it handed on, never on their own word."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from layer_builder.archive import OutputDir
from layer_builder.builder.builder import BuildResult
from layer_builder.builder.record import is_proven_enough
from layer_builder.console import Reporter
from layer_builder.errors import ManifestError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.sources import LayerRequest

_FROM_BUILD = (
    "hand on the output digests, and the files of the output dir, of the job that built it"
)


@dataclass(frozen=True, kw_only=True)
class TakeUp:
    """The zips of an output directory that a caller vouches for."""

    digests: Mapping[str, str]
    """SHA-256 in hexadecimal, by the stem of the zip."""
    output_dir: OutputDir
    require_isolation: bool
    reporter: Reporter
    is_tracked: Callable[[Path], bool]
    """Whether git tracks a file: who may push then put it there."""

    def take(
        self, groups: Sequence[Sequence[LayerRequest]], *, may_build: bool
    ) -> dict[str, BuildResult]:
        """Give the results by layer id; of a group that is resolved together all, or none.

        Raises ManifestError with all that is missing or different, unless that may be built.
        """
        taken: dict[str, BuildResult] = {}
        problems = []
        for requests in groups:
            found = [self._find(request) for request in requests]
            problems += [one for one in found if isinstance(one, Problem)]
            results = [one for one in found if isinstance(one, BuildResult)]
            if len(results) == len(requests):
                taken |= {
                    request.layer.id: result
                    for request, result in zip(requests, results, strict=True)
                }
        if problems and not may_build:
            raise ManifestError(*problems)
        for problem in problems:
            self.reporter.warn(replace(problem, message=f"{problem.message}: it is built anew"))
        for requests in groups:
            for layer in [one.layer for one in requests if one.layer.id in taken]:
                text = f"took up {layer.stem}.zip, sha256 {self.digests[layer.stem]}"
                self.reporter.step(layer.title, text)
        return taken

    def refuse_strangers(self) -> None:
        """Raise ManifestError for zips in the output directory that nobody vouches for."""
        strangers = [stem for stem in self.output_dir.stems() if stem not in self.digests]
        if strangers:
            raise ManifestError.because(
                "input build: never, and digests has nothing for zips that lie in the output dir",
                details=tuple(str(self.output_dir.zip_path(stem)) for stem in strangers),
                advice=("remove them, or hand on the digests of the job that built them",),
            )

    def _find(self, request: LayerRequest) -> BuildResult | Problem:
        found = self._check(request)
        if isinstance(found, Problem):
            return replace(found, layer=request.layer.key, place=request.layer.place)
        return found

    def _check(self, request: LayerRequest) -> BuildResult | Problem:
        stem = request.layer.stem
        if refusal := self._refuse_zip(stem):
            return refusal
        kept = self.output_dir.find(stem)
        if kept is None or kept[0].sha256 != self.digests[stem]:
            record_path = self.output_dir.record_path(stem)
            return _refuse(f"{record_path} is missing, or is not the record of {stem}.zip")
        # The record is unsigned: it can make this program refuse, or tell of packages that are not
        # there. Bytes, weight and limits are the zip's own.
        record, archive = kept
        if record.request != request.key:
            return _refuse(
                f"the manifest, the lock or a file they name changed since {stem}.zip was built",
                advice="build and publish the same commit, with the same version of this action",
            )
        if not is_proven_enough(record, request.layer, required=self.require_isolation):
            return _refuse(
                f"{stem}.zip was proven without isolation",
                advice="build it where imports are isolated, or say here, too, that it may be so",
            )
        return BuildResult(archive=archive, record=record, reused=True, taken_up=True)

    def _refuse_zip(self, stem: str) -> Problem | None:
        digest, found = self.digests.get(stem), self.output_dir.sha256(stem)
        path = self.output_dir.zip_path(stem)
        if digest is None:
            return _refuse(f"input digests has nothing for {stem}")
        if found is None:
            return _refuse(f"there is no {path}, which input digests names")
        if found != digest:
            details = (f"its sha256:  {found}", f"digests say: {digest}")
            return _refuse(f"{path} is not the zip of input digests", *details)
        both = (path, self.output_dir.record_path(stem))
        if tracked := [one.name for one in both if self.is_tracked(one)]:
            return _refuse(
                f"git tracks {' and '.join(tracked)} in {self.output_dir.folder}",
                advice="take it out of git (git rm --cached), and ignore the output dir",
            )
        return None


def _refuse(message: str, *details: str, advice: str = _FROM_BUILD) -> Problem:
    return Problem(message=message, details=details, advice=(advice,))
