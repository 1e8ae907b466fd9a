"""What a run that AWS failed must have done and said, and what a rerun must leave behind."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from .ills import Ill
from .program import Done
from .scenarios import BUCKET, Scenario
from .view import View

Versions: TypeAlias = Mapping[str, tuple[str, str]]
"""Layer name and SHA-256 by ARN."""

_OUTPUT = re.compile(r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", re.MULTILINE | re.DOTALL)
_STAYS = re.compile("it could not be deleted|has this run's stamp and other bytes")
GOOD, AWS_FAILED, KILLED = 0, 6, -9


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a run left in its files."""

    folder: Path
    report: dict[str, Any]
    outputs: dict[str, str]

    @property
    def in_report(self) -> set[str]:
        """ARNs in the report."""
        return {arn for layer in self.report["layers"] for arn in layer["arn"].values()}

    @property
    def in_outputs(self) -> set[str]:
        """ARNs in the outputs."""
        by_region = json.loads(self.outputs.get("layer-arns-by-region", "{}"))
        return {arn for arns in by_region.values() for arn in arns.values()}

    @property
    def digests(self) -> dict[str, str]:
        """The zips' SHA-256 by name; of a layer that was not built, of the zip that lay there."""
        return {
            layer["name"]: layer["sha256"]
            or hashlib.sha256((self.folder / f"{layer['name']}.zip").read_bytes()).hexdigest()
            for layer in self.report["layers"]
        }


def told(folder: Path) -> Told:
    """Read what a run left; without a report there is nothing in it."""
    report, outputs = folder / "dist/layers/report.json", folder / "outputs"
    return Told(
        folder=report.parent,
        report=json.loads(report.read_text("utf-8")) if report.exists() else {"layers": []},
        outputs={
            name: value
            for name, _, value in _OUTPUT.findall(
                outputs.read_text("utf-8") if outputs.exists() else ""
            )
        },
    )


def versions(scenario: Scenario, view: View, older: Collection[str] = ()) -> Versions:
    """Give what is published in the scenario's regions, but for what was there before."""
    return {
        arn: of
        for region in scenario.regions
        for arn, of in view.versions(region).items()
        if arn not in older
    }


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What a run that met a fault left: its end, its folder, what is on AWS and was before."""

    done: Done
    folder: Path
    there: Versions
    older: Collection[str]


def after_the_fault(scenario: Scenario, ill: Ill, trace: Trace, view: View) -> list[str]:
    """Say what is wrong with a run that met a fault: all is done, or all is told."""
    done, there, older = trace.done, trace.there, trace.older
    ours = _ours(scenario, there)
    if done.code == KILLED:
        return scenario.midway(view, {})
    found = told(trace.folder)
    wrong = scenario.midway(view, found.report)
    if done.code not in {GOOD, AWS_FAILED} or (ill.must_finish and done.code != scenario.ends):
        wrong.append(f"exit code {done.code}: {_last_words(done)}")
    if "Traceback" in done.text or "a bug of layer-builder" in done.text:
        wrong.append(f"a bug: {_last_words(done)}")
    for place, arns in (("report", found.in_report), ("outputs", found.in_outputs)):
        if arns - set(older) != set(ours):
            wrong.append(f"the {place} tells of {sorted(arns)}, AWS has {sorted(ours)}")
    if done.code == GOOD:
        return wrong + _not_once(scenario, there)
    wrong += [f"said nothing of {arn}" for arn in there if arn not in done.text]
    if not _STAYS.search(done.text):
        wrong += [f"{arn} has others' bytes and stays" for arn in there if arn not in ours]
    markdown = trace.folder / "dist/layers/report.md"
    summary = markdown.read_text("utf-8") if markdown.exists() else ""
    lines = [*done.text.splitlines(), *summary.splitlines()]
    denied = " ".join(line for line in lines if "not published" in line)
    for name in scenario.names:
        places = {arn.split(":")[3] for arn, (owner, _) in ours.items() if owner == name}
        if found.report["layers"] and not places.issuperset(scenario.regions):
            wrong += (
                [] if re.search(rf"\b{name}\b", denied) else [f"{name} is not said to be missing"]
            )
        wrong += [
            f"{name} is said to be missing in {region}, and is there"
            for region in places
            if f"{name} in {region}" in denied
        ]
    return wrong


def after_the_rerun(
    scenario: Scenario, done: Done, folder: Path, view: View, older: Collection[str]
) -> list[str]:
    """Say what is wrong at the end, when nothing failed any more."""
    found, there = told(folder), _ours(scenario, versions(scenario, view, older))
    wrong = [f"the rerun: exit code {done.code}: {_last_words(done)}"] if done.code else []
    wrong += _not_once(scenario, there)
    if found.in_report - set(older) != set(there):
        wrong.append(f"the rerun's report tells of {sorted(found.in_report)}")
    wrong += [
        f"{arn} holds other bytes than were built"
        for arn, (name, digest) in there.items()
        if found.digests.get(name) != digest
    ]
    region = scenario.regions[0]
    if uploads := view.uploads(BUCKET, region):
        wrong.append(f"uploads left open: {sorted(uploads)}")
    objects = view.objects(BUCKET, region) - scenario.may_stay
    if objects != scenario.objects(found.digests):
        wrong.append(f"objects in the bucket: {sorted(objects)}")
    return wrong + scenario.complaints(view)


def _ours(scenario: Scenario, there: Versions) -> Versions:
    """Leave out versions of another's bytes: they are told of, and no hand-off has them."""
    return {arn: of for arn, of in there.items() if of[1] not in scenario.foreign}


def _not_once(scenario: Scenario, there: Versions) -> list[str]:
    counts = Counter(name for name, _ in there.values())
    wanted = dict.fromkeys(scenario.names, len(scenario.regions))
    return [] if counts == wanted else [f"published {dict(counts)}, wanted {wanted}"]


def _last_words(done: Done) -> str:
    return " / ".join(done.text.strip().splitlines()[-6:])
