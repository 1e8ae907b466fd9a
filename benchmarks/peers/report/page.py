"""The benchmark's results as a page: what must hold, a table for each set, the scale."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.peers import results as of
from benchmarks.peers.builders import Pass
from benchmarks.peers.figures import Spread, ratios
from benchmarks.peers.measure.process import MIB, SAMPLE_SECONDS
from benchmarks.peers.report.claims import Claim, check
from benchmarks.peers.results import RECIPE, STAND_IN, Guard, Point, Results, Row, Table
from layer_builder.model import limits

_COLUMNS = (
    "", "cold, s", "CPU s", "× faster", "warm, s", "× faster", "peak MiB", "zip MiB", "of the recipe's",
    "unzipped MiB", "distinct zips", "imports", "checks",
)  # fmt: skip
_MORE_PASSES = {
    Pass.REBUILT: "warm, its own cache left out",
    Pass.UNCHANGED: "nothing changed",
    Pass.LOWER_PIN: "another version of one distribution of core-deps",
    Pass.UPPER_PIN: "of one of optional-deps",
    Pass.KNOWN: "published before, empty caches",
    Pass.LOCKED: "the same, with layers.lock",
    Pass.FIRST: "set up, built and published, nothing there before",
}
_IMPORT_COLUMNS = ("cold import, s", "× faster")


def page(results: Results) -> str:
    """Write the page; every number in it comes from the results."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench`: {results.machine}. Machines differ and are noisy; the ratios are"
        " what to read. A figure is the median of its rounds, with the least and the most in"
        " brackets; a ratio is taken round by round, in which all contenders run in turn.",
        "",
    ]
    if results.tables:
        lines += ["## What must hold", "", *_claims(check(results)), *_method(results)]
    for table in results.tables:
        lines += [f"## {table.name}", "", *_table(table)]
    if results.by_layers or results.by_size or results.scale_error:
        lines += ["## Scale", "", *_scale(results)]
    if results.guard:
        lines += ["## The guard", "", _guard(results.guard), ""]
    lines += [
        "## Again",
        "",
        f"`make bench ROUNDS={results.rounds}` does all of this and writes this page;"
        " `make bench ROUNDS=1 SETS=tiny` is a quick one that only prints.",
    ]
    return "\n".join(lines) + "\n"


def _claims(claims: Sequence[Claim]) -> Iterator[str]:
    yield from _head(("", "must be", "is", "holds"))
    for claim in claims:
        value = claim.value.text(3 if claim.value.median < 1 else 2) if claim.value else "–"
        what = f"{claim.what} ({claim.note})" if claim.note else claim.what
        yield _cells(what, claim.bound, value, claim.verdict)
    yield ""


def _method(results: Results) -> Iterator[str]:
    pins = ", ".join(f"{name} {version}" for name, version in results.pins.items())
    yield (
        f"The peers: {pins}; each in an environment of its own, set up beforehand, as this program"
        " is. All are asked for the same versions, which are the newest as the run begins; what those"
        " require in turn is theirs to choose. *Cold* is an empty home: no cache of any tool. *CPU s* are the"
        " seconds that all its processes computed in a cold run. *Warm*"
        " is the same again, elsewhere, with the home that the cold run left, so that this program and"
        " serverless find what they built; the recipe asks pip for no cache, so its cold run stands for both. Peak memory is that of all"
        f" processes together, sampled every {SAMPLE_SECONDS:g} s; for this program also without"
        " uv's. *Distinct zips* tells how many different results came from how many runs."
        " *Imports* are the modules asked for, *checks* what a function does first with them, each"
        " in a process of its own that has the unpacked zips and the standard library and nothing"
        " else. *Cold import* loads those modules in a new process that finds no bytecode but the"
        " layer's and writes none."
    )
    yield ""
    yield (
        "`uv guide` is the command of uv's guide for Lambda as it stands; the row after it takes"
        " wheels only, and those for the runtime's glibc. serverless ends by asking AWS for the"
        " layer's last version and fails without an account; its zip is there by then. pex, SAM and"
        " serverless take part in two rounds at most, and the larger sets have no warm runs of peers."
    )
    yield ""


def _table(table: Table) -> Iterator[str]:
    yield f"{table.about} Asked for: {', '.join(table.requirements)}. Rounds: {table.rounds}."
    yield ""
    yield from _head(_COLUMNS + (_IMPORT_COLUMNS if table.is_timed else ()))
    recipe = table.row(RECIPE)
    for row in table.rows:
        yield _row(table, row, recipe)
    yield ""
    if table.is_timed and (base := table.importing) and base.title != RECIPE:
        yield (
            f"Cold imports are compared with those of {STAND_IN}, which has no bytecode either:"
            " not all of the recipe's work."
        )
        yield ""
    notes = [f"- {row.title}: {note}" for row in table.rows for note in _notes(table, row)]
    if notes:
        yield from (*notes, "")
    for row in table.rows:
        if row.steps and row.is_ours:
            yield f"Where a cold run of {row.title} went, by its report: {_steps(row.steps)}."
            yield ""
            break


def _row(table: Table, row: Row, recipe: Row | None) -> str:
    if not row.zip_bytes:
        width = len(_COLUMNS) - 1 + (len(_IMPORT_COLUMNS) if table.is_timed else 0)
        return _cells(row.title, *["–"] * width)
    slow = recipe.times(Pass.COLD) if recipe else ()
    cells = [row.title]
    for which in (Pass.COLD, Pass.WARM):
        seconds = row.seconds.get(which, ())
        used = [_text(row.cpu_seconds.get(which, ()), 1)] if which is Pass.COLD else []
        cells += [_text(seconds, 1), *used, _text(ratios(slow, seconds))]
    peak = f"{row.peak(own=False) / MIB:,.0f}"
    if row.is_ours:
        peak += f" ({row.peak(own=True) / MIB:,.0f} without uv)"
    runs = sum(len(seconds) for seconds in row.seconds.values())
    checks = row.checks - len(table.modules)
    failing = len(row.broken) - (len(table.modules) - len(row.works))
    cells += [
        peak,
        f"{row.zip_bytes / MIB:,.2f}",
        f"{row.zip_bytes / recipe.zip_bytes:.3f}" if recipe else "–",
        f"{row.unzipped_bytes / MIB:,.1f}",
        f"{len(row.digests)} of {runs}",
        f"{len(row.works)} of {len(table.modules)}",
        f"{checks - failing} of {checks}",
    ]
    if table.is_timed:
        base = table.importing
        values = table.imported(row)
        cells += [_text(values), _text(ratios(table.imported(base), values) if base else ())]
    for which, words in _MORE_PASSES.items():
        if which in row.seconds:
            cells[0] += (
                f"; {words}: {_text(row.seconds[which])} s,"
                f" {_text(row.cpu_seconds.get(which, ()))} CPU s"
            )
    return _cells(*cells)


def _notes(table: Table, row: Row) -> Iterator[str]:
    if row.error:
        yield row.error if not row.zip_bytes else f"went no further: {row.error}"
    by_reason: dict[str, list[str]] = defaultdict(list)
    for statement, reason in row.broken.items():
        by_reason[reason].append(f"`{statement}`")
    for reason, statements in by_reason.items():
        yield f"{reason.replace('|', ' ')} ({', '.join(statements)})"
    if (
        row.works
        and not table.is_whole(row)
        and (times := row.import_seconds.get(" ".join(row.works)))
    ):
        yield f"cold import of {', '.join(row.works)} alone: {_text(times)} s"
    if row.unzipped_bytes > limits.UNZIPPED_BYTES:
        refused = " and this program refuses it, too" if row.is_ours else ""
        yield f"over AWS's {limits.UNZIPPED_BYTES / MIB:.0f} MiB unzipped{refused}"
    ours = next((other.versions for other in table.rows if other.is_ours and other.versions), {})
    other = [
        f"{name} {version} (this program {ours[name]})"
        for name, version in row.versions.items()
        if ours.get(name, version) != version
    ]
    if other and not row.is_ours:
        yield f"other versions: {', '.join(other)}"


def _scale(results: Results) -> Iterator[str]:
    if results.by_layers:
        yield (
            "Layers of one small distribution each, uv's cache filled; those beyond the"
            " distributions' number are for two Pythons and two architectures."
        )
        yield ""
        yield from _curve("builds", results.by_layers, by_size=False)
    if results.by_size:
        yield (
            "One layer of one wheel, made of files that were installed from real ones; its one"
            " module imports nothing, so that the proof costs the same at any size."
        )
        yield ""
        yield from _curve("MiB unzipped", results.by_size, by_size=True)
    if results.scale_error:
        yield f"A build failed: {results.scale_error}."
        yield ""
    if results.by_layers and results.by_size:
        yield "![seconds and peak memory by number of builds and by MiB](scale.svg)"
        yield ""


def _curve(what: str, points: Sequence[Point], *, by_size: bool) -> Iterator[str]:
    yield from _head((what, "seconds", "again, nothing changed", "peak MiB without uv's"))
    for point in points:
        size = f"{point.mib:,.1f}" if by_size else str(point.layers)
        peak = f"{point.peak_bytes / MIB:,.0f}"
        yield _cells(size, _text(point.seconds), _text(point.again), peak)
    yield ""
    slope = of.slope(points, by_size=by_size)
    if slope:
        unit = "MiB" if by_size else "layer"
        yield (
            f"Slope, by least squares: {slope.each:.3f} s a {unit}, from {slope.start:.2f} s on."
            f" Where the time of the largest went, added up over its layers, which partly ran at"
            f" the same time: {_steps(points[-1].steps)}."
        )
        yield ""


def _guard(guard: Guard) -> str:
    return (
        "Reading the kept sources of core-deps, pruned aggressively, for what they import takes"
        f" {guard.guard:.2f} s; a build of core-deps, {guard.build:.2f} s: {guard.share:.1%}."
    )


def _steps(steps: Mapping[str, float]) -> str:
    total = sum(steps.values()) or 1.0
    ordered = sorted(steps.items(), key=lambda step: (-step[1], step[0]))
    return ", ".join(f"{name} {seconds:.1f} s ({seconds / total:.0%})" for name, seconds in ordered)


def _text(values: Sequence[float], digits: int = 2) -> str:
    spread = Spread.of(values)
    return spread.text(digits) if spread else "–"


def _head(columns: Sequence[str]) -> Iterator[str]:
    yield _cells(*columns)
    yield _cells("---", *["--:"] * (len(columns) - 1))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
