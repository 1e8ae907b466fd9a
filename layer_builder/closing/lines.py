"""The last lines of a run: one for each layer, and where the report lies."""

from collections.abc import Mapping
from pathlib import PurePath

from layer_builder.inputs import Command
from layer_builder.model import Action, Built, Layer, LayerVersionArn, Release, counted, mib
from layer_builder.outcome import Outcome


def closing_lines(outcome: Outcome) -> list[tuple[str, str]]:
    """Say in a line what became of each layer, or for `attach` of each function: name, and words."""
    if outcome.inputs.command is Command.ATTACH:
        return [(done.title, str(done.status)) for done in outcome.attachments]
    return [(layer.title, _layer_line(outcome, layer)) for layer in outcome.layers]


def report_place(outcome: Outcome) -> str:
    """Say where to look the run up."""
    return f"report: {PurePath(outcome.inputs.output_dir) / 'report.html'}"


def _layer_line(outcome: Outcome, layer: Layer) -> str:
    built, known = outcome.built.get(layer.id), outcome.known.get(layer.id)
    fate = _fate(outcome, layer)
    if built:
        return "; ".join(filter(None, [_built_words(outcome, built), fate]))
    if known:
        return "; ".join(
            filter(None, [f"{counted(len(known.pins), 'distribution')}, not built anew", fate])
        )
    if estimate := outcome.estimates.get(layer.id):
        weight, tightest = estimate.weight, estimate.tightest
        return (
            f"≈ {mib(weight.zip_bytes)} zipped, ≈ {mib(weight.unzipped_bytes)} unzipped,"
            f" {tightest.share:.0%} of {mib(tightest.limit.allowed)} {tightest.limit.kind}"
        )
    if done := outcome.finished.get(layer.stem):
        words = f"{mib(done.zip_bytes)} zipped, {mib(done.unzipped_bytes)} unzipped"
        return "; ".join(filter(None, [words, fate]))
    return "not planned" if outcome.inputs.command is Command.PLAN else "not built"


def _built_words(outcome: Outcome, built: Built) -> str:
    titles = {layer.id: layer.title for layer in outcome.layers}
    if built.same_as in titles:
        return f"the same as {titles[built.same_as]}"
    weight, tightest = built.archive.weight, built.tightest
    details = built.details
    words = [
        f"{mib(weight.zip_bytes)} zipped",
        f"{mib(weight.unzipped_bytes)} unzipped",
        f"{tightest.share:.0%} of {mib(tightest.limit.allowed)} {tightest.limit.kind}",
    ]
    if details.packages:
        words.append(counted(len(details.packages), "distribution"))
    if details.proof and details.proof.imported:
        words.append(f"{counted(len(details.proof.imported), 'import')} proven")
    elif details.packages or details.proof:
        words.append("proven from files" if details.proof else "not proven")
    if built.reused or built.taken_up:
        words.append("from the cache" if built.reused else "built in another job")
    elif details.seconds:
        words.append(f"{details.elapsed:.1f} s")
    return ", ".join(words)


def _fate(outcome: Outcome, layer: Layer) -> str:
    """Say where it is on AWS, or would be; empty where the run is not about that."""
    releases = outcome.releases.get(layer.id, {})
    words = [_released(releases, action) for action in Action]
    if regions := outcome.to_publish.get(layer.id) if outcome.inputs.dry_run else None:
        words.append(f"would be published to {', '.join(regions)}")
    absent = [region for region in outcome.missing.get(layer.id, {}) if region not in releases]
    if absent:
        words.append(f"not in {', '.join(absent)}")
    if not any(words) and outcome.inputs.command in {Command.PUBLISH, Command.PROMOTE}:
        return "not published"
    return ", ".join(filter(None, words))


def _released(releases: Mapping[str, Release], action: Action) -> str:
    """Name the versions that had this done to them, with the regions of each."""
    regions: dict[str, list[str]] = {}
    for release in releases.values():
        if release.action is action:
            arn = LayerVersionArn.parse(release.arn)
            regions.setdefault(f"{arn.layer.rpartition(':')[2]}:{arn.number}", []).append(
                release.region
            )
    versions = [f"{name} in {', '.join(places)}" for name, places in regions.items()]
    return f"{action} as {', '.join(versions)}" if versions else ""
