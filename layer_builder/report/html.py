"""The outcome as one HTML page, `report.html`: no scripts, nothing loaded from elsewhere."""

from collections.abc import Sequence
from html import escape

from layer_builder.attach import Attached, Status
from layer_builder.errors import Problem
from layer_builder.forecast import ERROR, LayerEstimate, open_lines
from layer_builder.model import Built, KnownLayer, LimitReading, Package, mib
from layer_builder.outcome import Outcome
from layer_builder.report import plain_text
from layer_builder.report_json import action_of

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #3b7dd8; --over: #d33; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-size: .85em; overflow-wrap: anywhere; }
.share { width: 9rem; height: .7rem; background: var(--line); border-radius: .35rem;
  overflow: hidden; }
.share i { display: block; height: 100%; background: var(--bar); }
.share.over i { background: var(--over); }
.error { border-left: 4px solid var(--over); padding-left: 1rem; }
.warning { border-left: 4px solid #d90; padding-left: 1rem; }
pre { white-space: pre-wrap; margin: .3rem 0; }
"""


def render_html(outcome: Outcome) -> str:
    """Render the page; every text from outside is escaped."""
    title = escape(plain_text.report_title(outcome))
    parts = [_problem(problem, "error") for problem in outcome.errors]
    if outcome.built or outcome.known:
        parts.append(_layers(outcome))
    if outcome.estimates:
        parts += [_estimates(outcome), *map(_estimate_details, outcome.estimates.values())]
    if outcome.stacks or outcome.known_functions:
        parts.append(_functions(outcome))
    if old := plain_text.old_version_lines(outcome):
        parts.append(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in old)}</ul>")
    parts += [_attached(done) for done in outcome.attachments]
    parts += [_details(built) for built in outcome.built.values() if built.details.packages]
    parts += [_problem(problem, "warning") for problem in outcome.warnings]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _layers(outcome: Outcome) -> str:
    rows = []
    for found in outcome.built_or_known():
        layer = found.layer
        releases = outcome.releases.get(layer.id, {}).values()
        arns = "<br>".join(f"<code>{escape(release.arn)}</code>" for release in releases)
        rows.append(
            f"<tr><td>{escape(layer.key)}<br><small>{layer.target.label}</small></td>"
            f"{_weight(found)}"
            f"<td>{arns or '–'}</td><td>{action_of(outcome, layer)}</td></tr>"
        )
    return (
        '<table>\n<tr><th>layer</th><th class="n">zip</th><th class="n">unzipped</th>'
        "<th>of its limit</th><th>ARN</th><th></th></tr>\n" + "\n".join(rows) + "\n</table>"
    )


def _weight(found: Built | KnownLayer) -> str:
    if isinstance(found, KnownLayer):
        return '<td class="n">–</td><td class="n">–</td><td>not built: AWS has it</td>'
    weight, tightest = found.archive.weight, found.tightest
    return (
        f'<td class="n">{mib(weight.zip_bytes)}</td>'
        f'<td class="n">{mib(weight.unzipped_bytes)}</td>'
        f"<td>{_share(tightest)}<small>{tightest.share:.0%} of"
        f" {mib(tightest.limit.allowed)} {tightest.limit.kind}</small></td>"
    )


def _estimates(outcome: Outcome) -> str:
    rows = "\n".join(
        f"<tr><td>{escape(one.layer.key)}<br><small>{one.layer.target.label}</small></td>"
        f'<td class="n">≈ {mib(one.weight.zip_bytes)}</td>'
        f'<td class="n">≈ {mib(one.weight.unzipped_bytes)}</td>'
        f"<td>{_share(one.tightest)}<small>{one.tightest.share:.0%} of"
        f" {mib(one.tightest.limit.allowed)} {one.tightest.limit.kind}</small></td></tr>"
        for one in outcome.estimates.values()
    )
    return (
        f"<p>Nothing was built; ≈ means ±{ERROR:.0%} of what a build finds.</p>\n"
        '<table>\n<tr><th>layer</th><th class="n">zip</th><th class="n">unzipped</th>'
        f"<th>of its limit</th></tr>\n{rows}\n</table>"
    )


def _estimate_details(estimate: LayerEstimate) -> str:
    packages = _packages(estimate.packages)
    lines = "\n".join(f"<li>{escape(line)}</li>" for line in open_lines(estimate))
    return (
        f"<details><summary>{escape(estimate.layer.key)} {estimate.layer.target.label}:"
        f" {len(estimate.packages)} distributions</summary>\n"
        '<table><tr><th>distribution</th><th>version</th><th class="n">installed</th>'
        f'<th class="n">kept</th></tr>\n{packages}\n</table>\n<ul>{lines}</ul>\n</details>'
    )


def _packages(packages: Sequence[Package]) -> str:
    return "\n".join(
        f"<tr><td>{escape(package.name)}</td><td>{escape(package.version)}</td>"
        f'<td class="n">{mib(package.bytes_installed)}</td>'
        f'<td class="n">{mib(package.bytes_kept)}</td></tr>'
        for package in sorted(packages, key=lambda package: -package.bytes_kept)
    )


def _functions(outcome: Outcome) -> str:
    rows = [
        f"<tr><td>{escape(weight.stack.key)}</td>"
        f"<td>{' + '.join(f'{escape(key)} {mib(size)}' for key, size in weight.shares.items())}</td>"
        f'<td class="n">{mib(weight.stack.reserve)}</td><td class="n">{mib(weight.used)}</td>'
        f"<td>{_share(weight.reading)}<small>{weight.reading.share:.0%} of 250 MiB</small></td>"
        f"<td>{'<br>'.join(map(escape, plain_text.function_lines(outcome, weight.stack)))}</td></tr>"
        for weight in outcome.stacks
    ]
    rows += [
        f"<tr><td>{escape(stack.key)}</td><td>not built: AWS has its layers</td>"
        f'<td class="n">{mib(stack.reserve)}</td><td class="n">–</td><td>–</td>'
        f"<td>{'<br>'.join(map(escape, plain_text.function_lines(outcome, stack)))}</td></tr>"
        for stack in outcome.known_functions
    ]
    return (
        "<h2>Functions</h2>\n<table>\n<tr><th>function</th><th>layers</th>"
        '<th class="n">reserve</th><th class="n">unzipped</th><th>of the limit</th><th>proof</th></tr>\n'
        + "\n".join(rows)
        + "\n</table>"
    )


def _attached(done: Attached) -> str:
    lines = done.attachment.diff() if done.attachment else []
    size = f"<p>{escape(str(done.forecast))}</p>\n" if done.forecast else ""
    for line in done.serving.lines(done=done.status is Status.ATTACHED):
        size += f"<p>{escape(line)}</p>\n"
    return (
        f"<h2>{escape(done.title)}: {done.status}</h2>\n{size}"
        f"<pre>{escape(chr(10).join(lines))}</pre>"
    )


def _details(built: Built) -> str:
    details = built.details
    packages = _packages(details.packages)
    pruned = "\n".join(
        f'<tr><td>{escape(total.rule)}</td><td class="n">{total.files:,}</td>'
        f'<td class="n">{mib(total.bytes)}</td></tr>'
        for total in details.pruned
    )
    restored = "\n".join(
        f"<li><code>{escape(item.path)}</code> for <code>{escape(item.needed_by)}</code></li>"
        for item in details.restored
    )
    failing = "\n".join(
        f"<li><code>{escape(name)}</code></li>"
        for name in (details.proof.failed_before if details.proof else ())
    )
    return (
        f"<details><summary>{escape(built.layer.key)} {built.layer.target.label}:"
        f" {len(details.packages)} distributions, sha256"
        f" <code>{built.archive.sha256}</code></summary>\n"
        '<table><tr><th>distribution</th><th>version</th><th class="n">installed</th>'
        f'<th class="n">kept</th></tr>\n{packages}\n</table>\n'
        '<table><tr><th>pruned by rule</th><th class="n">files</th><th class="n">bytes</th></tr>\n'
        f"{pruned}\n</table>\n"
        f"<p>Proof: {escape(plain_text.proof_line(built))}.<br>"
        f"{escape(plain_text.bytecode_line(built)).capitalize()}.</p>\n"
        + (f"<p>Do not import, pruned or not:</p>\n<ul>{failing}</ul>\n" if failing else "")
        + (f"<p>Put back, since code needs it:</p>\n<ul>{restored}</ul>\n" if restored else "")
        + "</details>"
    )


def _problem(problem: Problem, kind: str) -> str:
    lines = "\n".join(escape(line) for line in problem.lines())
    return f'<div class="{kind}"><pre>{lines}</pre></div>'


def _share(reading: LimitReading) -> str:
    width = min(100, round(reading.share * 100))
    over = " over" if reading.is_over else ""
    return f'<div class="share{over}"><i style="width:{width}%"></i></div>'
