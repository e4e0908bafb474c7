"""The table, printed line by line as its rows are finished."""

from __future__ import annotations

import textwrap
import unicodedata

from benchmarks.measure import Figure

_COLUMNS = (("row", 47), ("database", 10), ("raw", 10), ("ours", 10), ("ratio", 6), ("target", 10), ("", 6))
_INDENT = "    "


def heading() -> str:
    line = "  ".join(_padded(name, width) if place < 2 else name.rjust(width)
                     for place, (name, width) in enumerate(_COLUMNS))
    return f"{line}\n{'-' * sum(width + 2 for _, width in _COLUMNS)}"


def line_of(figure: Figure) -> str:
    """The figure, and under it what bounds it."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.1f}×"
    verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
    cells = (
        figure.row, figure.database, _figure(figure.raw, figure.unit), _figure(figure.ours, figure.unit), ratio,
        _figure(figure.target, figure.unit), verdict,
    )
    line = "  ".join(
        _padded(cell, width) if place < 2 else cell.rjust(width)
        for place, (cell, (_, width)) in enumerate(zip(cells, _COLUMNS, strict=True))
    )
    if not figure.bound:
        return line
    return f"{line}\n{textwrap.fill(figure.bound, 108, initial_indent=_INDENT, subsequent_indent=_INDENT)}"


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}{unit}" if unit == "/s" else f"{value:.2f} {unit}" if unit == "s" else f"{value:,.0f} {unit}"


def _padded(text: str, width: int) -> str:
    taken = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return text + " " * max(width - taken, 0)
