"""Finished versions in an output directory: zips of a build or a publish, by digests handed on.

`zips.json` beside them says what each is called on AWS and is for. Whoever could change
that could give good bytes another description: the zip's name and its digest are what was handed on.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from layer_builder.archive import OutputDir
from layer_builder.errors import ManifestError, Problem
from layer_builder.model import LayerVersion
from layer_builder.promote.choice import Claim, refuse_two_of_a_name
from layer_builder.promote.finished import Finished, joined
from layer_builder.promote.from_aws import archive_in
from layer_builder.report import METADATA_FILE

_FROM = "hand on the output digests, and the files of the output dir, of the job that built them"


def find_finished(
    output_dir: OutputDir, digests: Mapping[str, str] | None, is_tracked: Callable[[Path], bool]
) -> list[Finished]:
    """Find the zips that the digests name. Raises ManifestError with all that is not as they say."""
    if not digests:
        raise ManifestError.because(
            "nothing says which versions to promote",
            advice=(f"name them with arns; or for zips in {output_dir.folder} {_FROM}",),
        )
    layers = _reported(output_dir)
    problems: list[Problem] = []
    found: dict[tuple[str, str, str], Finished] = {}
    for stem, digest in digests.items():
        try:
            for one in _of(output_dir, stem, digest, layers, is_tracked):
                found[one.key, one.label, one.archive.sha256] = one
        except ManifestError as error:
            problems += error.problems
    if problems:
        raise ManifestError(*problems)
    refuse_two_of_a_name(map(_claim, found.values()), "input digests")
    return _with_all_targets(list(found.values()))


def _claim(one: Finished) -> Claim:
    digest = one.archive.sha256
    told = f"{one.key} {one.label}: {one.source}, sha256 {digest}"
    return Claim(name=one.name, content=digest, told=told)


def _reported(output_dir: OutputDir) -> list[dict[str, Any]]:
    path = output_dir.folder / METADATA_FILE
    try:
        layers = json.loads(path.read_text("utf-8"))["layers"]
        return [dict(layer) for layer in layers]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ManifestError.because(
            f"{path} says nothing of the zips there: {error}", advice=(_FROM,)
        ) from None


def _of(
    output_dir: OutputDir,
    stem: str,
    digest: str,
    layers: list[dict[str, Any]],
    is_tracked: Callable[[Path], bool],
) -> list[Finished]:
    path = output_dir.zip_path(stem)
    found = output_dir.sha256(stem)
    if found != digest:
        raise ManifestError.because(
            f"{path} is not the zip of input digests" if found else f"there is no {path}",
            details=(f"its sha256:  {found}", f"digests say: {digest}") if found else (),
            advice=(_FROM,),
        )
    if is_tracked(path):
        raise ManifestError.because(
            f"git tracks {path}", advice=("take it out of git, and ignore the output dir",)
        )
    try:
        finished = [
            _finished(output_dir, stem, layer)
            for layer in layers
            if layer["sha256"] == digest and _is_stem_of(stem, layer)
        ]
    except (KeyError, TypeError) as error:
        raise ManifestError.because(f"{METADATA_FILE} lacks {error} of {stem}") from None
    if not finished:
        raise ManifestError.because(f"{METADATA_FILE} does not tell of {stem}.zip", advice=(_FROM,))
    return finished


def _is_stem_of(stem: str, layer: Mapping[str, Any]) -> bool:
    label = f"{layer['python']}-{layer['architecture']}"
    return stem in {layer["name"], f"{layer['name']}-{label}"}


def _finished(output_dir: OutputDir, stem: str, layer: Mapping[str, Any]) -> Finished:
    return Finished(
        key=str(layer["key"]),
        label=f"{layer['python']}-{layer['architecture']}",
        name=str(layer["name"]),
        version=LayerVersion(
            arn="",
            version=0,
            sha256=str(layer["sha256"]),
            runtimes=frozenset(layer["runtimes"]),
            architectures=frozenset(layer["architectures"]),
            description=str(layer["description"]),
            license=str(layer["license"]),
        ),
        archive=archive_in(output_dir, stem, str(layer["sha256"])),
        source=str(output_dir.zip_path(stem)),
    )


def _with_all_targets(finished: list[Finished]) -> list[Finished]:
    """Join what is one version on AWS: targets that share a name."""
    result = []
    for one in finished:
        whole = one
        for other in finished:
            if other.name == one.name:
                whole = joined(whole, other)
        result.append(whole)
    return result
