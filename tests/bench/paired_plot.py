#!/usr/bin/env python3
"""Draws what paired.py has written with --json: CPU time per message of each broker, as an SVG.

    paired_plot.py figures.json picture.svg
"""

import html
import json
import math
import pathlib
import sys

CPU = ("cpu_us_per_message", "cpu_us_per_connection", "queue_cpu_us_per_message",
       "replay_cpu_us_per_message")
COLORS = ("#1f6f8b", "#c8b9a6", "#8a9a5b", "#b5651d")
WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 820, 150, 80, 11, 9, 56


def values_of(document):
    """[(scenario, [a figure for each broker])], where every broker has one."""
    names = list(document["medians"])
    rows = []
    for scenario in document["medians"][names[0]]:
        if scenario.startswith("recovery"):
            continue
        for figure in CPU:
            values = [document["medians"][name].get(scenario, {}).get(figure) for name in names]
            if all(values):
                rows.append((scenario, values))
                break
    return names, rows


def draw(names, rows):
    most = max(max(values) for _, values in rows)
    least = min(min(values) for _, values in rows) / 1.5
    scale = (WIDTH - LEFT - RIGHT) / math.log(most / least)
    row_height = BAR * len(names) + GAP
    height = TOP + row_height * len(rows) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           'font-family="sans-serif" font-size="11">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
           '<text x="10" y="20" font-size="14">CPU time of the broker per message (connection) in '
           'µs, its work in the kernel included; logarithmic, less is better</text>']
    x = LEFT
    for color, name in zip(COLORS, names):
        out.append(f'<rect x="{x}" y="32" width="10" height="10" fill="{color}"/>')
        out.append(f'<text x="{x + 15}" y="41">{html.escape(name)}</text>')
        x += 40 + 8 * len(name)
    for i, (scenario, values) in enumerate(rows):
        y = TOP + i * row_height
        middle = y + BAR * len(names) / 2 + 4
        out.append(f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{scenario}</text>')
        for color, value in zip(COLORS, values):
            length = math.log(value / least) * scale
            out.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 1}" '
                       f'fill="{color}"/>')
            out.append(f'<text x="{LEFT + length + 5:.1f}" y="{y + BAR - 2}">{value:.2f}</text>')
            y += BAR
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    names, rows = values_of(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
    if not rows:
        sys.exit("paired_plot.py: no scenario in it that every broker has a figure for")
    pathlib.Path(sys.argv[2]).write_text(draw(names, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
