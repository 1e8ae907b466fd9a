"""The curves of the scale as a picture."""

from collections.abc import Sequence

from benchmarks.peers.measure.process import MIB
from benchmarks.peers.results import Point

_WIDTH, _HEIGHT = 460, 200
_BLUE, _ORANGE = "#3b7dd8", "#d97706"


def draw(by_layers: Sequence[Point], by_size: Sequence[Point]) -> str:
    """Draw seconds and peak memory, by layers on the left and by MiB on the right."""
    left = _panel(60, "builds in one run", by_layers, [float(p.layers) for p in by_layers])
    right = _panel(600, "MiB in one layer, unzipped", by_size, [p.mib for p in by_size])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1100 290" font-family="sans-serif"'
        f' font-size="11">\n<rect width="1100" height="290" fill="white"/>\n{left}\n{right}\n</svg>\n'
    )


def _panel(at: int, label: str, points: Sequence[Point], xs: Sequence[float]) -> str:
    bottom = 40 + _HEIGHT
    parts = [
        f'<line x1="{at}" y1="{bottom}" x2="{at + _WIDTH + 20}" y2="{bottom}" stroke="#888"/>',
        f'<text x="{at + _WIDTH / 2:.0f}" y="{bottom + 38}" text-anchor="middle">{label}</text>',
    ]
    places = [at + _WIDTH * x / max(xs) for x in xs]
    parts += [
        f'<text x="{place:.0f}" y="{bottom + 18}" text-anchor="middle">{x:.0f}</text>'
        for place, x in zip(places, xs, strict=True)
    ]
    series = (
        ("seconds", _BLUE, [point.median for point in points], "{:.1f}"),
        ("peak MiB, without uv's", _ORANGE, [p.peak_bytes / MIB for p in points], "{:.0f}"),
    )
    for row, (name, colour, values, form) in enumerate(series):
        # Each series has a scale of its own; the numbers tell it.
        heights = [bottom - _HEIGHT * 0.9 * value / max(values) for value in values]
        line = " ".join(f"{x:.0f},{y:.0f}" for x, y in zip(places, heights, strict=True))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{at + 10}" y="{20 + 16 * row}" fill="{colour}">{name}</text>')
        parts += [
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="{colour}"/>'
            f'<text x="{x:.0f}" y="{y - 8:.0f}" text-anchor="middle" fill="{colour}">'
            f"{form.format(value)}</text>"
            for x, y, value in zip(places, heights, values, strict=True)
        ]
    return "\n".join(parts)
