"""Bar charts as SVG, drawn with nothing but text."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

ROW = 26  # pixels
LABEL, WIDTH, RIGHT = 230, 420, 90
OURS, OTHERS = "#2a7de1", "#9aa5b1"


class Bar(NamedTuple):
    """One row of a chart."""

    name: str
    value: float
    text: str  # what is written at its end


def bars(title: str, rows: Sequence[Bar], *, logarithmic: bool = False) -> str:
    """A chart with a bar for each row; those that begin with `ours` stand out.

    Args:
        title: what is measured, with its unit.
        rows: values above zero.
        logarithmic: a scale on which ten times as much is always as far.
    """
    height = 40 + ROW * len(rows)
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + WIDTH + RIGHT}" '
            f'height="{height}" font-family="sans-serif" font-size="13">'
        ),
        f'<rect width="100%" height="100%" fill="white"/><title>{escape(title)}</title>',
        f'<text x="10" y="22" font-weight="bold">{escape(title)}</text>',
    ]
    least, most = min(row.value for row in rows), max(row.value for row in rows)
    for number, row in enumerate(rows):
        y = 34 + ROW * number
        share = row.value / most
        if logarithmic:
            low = math.log10(least) - 0.3
            share = (math.log10(row.value) - low) / (math.log10(most) - low)
        long = max(2.0, WIDTH * share)
        colour = OURS if row.name.startswith("ours") else OTHERS
        lines += [
            f'<text x="{LABEL - 8}" y="{y + 16}" text-anchor="end">{escape(row.name)}</text>',
            f'<rect x="{LABEL}" y="{y + 3}" width="{long:.1f}" height="{ROW - 8}"',
            f' fill="{colour}"/>',
            f'<text x="{LABEL + long + 6:.1f}" y="{y + 16}">{escape(row.text)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
