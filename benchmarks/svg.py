"""Just enough SVG for the figures of the benchmarks: real text, nothing to install, differences that can be read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

__all__ = ["FAINT", "INK", "QUIET", "Drawing"]

INK, QUIET, FAINT = "#1c2733", "#5b6875", "#dfe4ea"
_FONT: Final = "Helvetica, Arial, 'Liberation Sans', sans-serif"


class Drawing:
    """A picture with a background of its own, so that it looks the same on light and on dark pages.

    Parameters
    ----------
    width, height : float
        Pixels at natural size.
    title : str
        What it shows: the heading, and what a screen reader says.
    note : str
        A quiet line below the heading.
    """

    def __init__(self, width: float, height: float, title: str, note: str = "") -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" role="img" aria-label={quoteattr(title)} font-family="{_FONT}" font-size="13">',
            f'<rect width="{width:g}" height="{height:g}" rx="8" fill="#ffffff"/>',
        ]
        self.text(24, 34, title, size=17, bold=True)
        if note:
            self.text(24, 54, note, color=QUIET, size=12)

    def text(self, x: float, y: float, words: str, *, color: str = INK, size: float = 13, bold: bool = False,
             anchor: str = "start") -> None:  # fmt: skip
        """One line; `y` is its base line, `anchor` start, middle or end. Lines below it keep a small distance."""
        style = 'stroke="#ffffff" stroke-width="4" paint-order="stroke"' + ' font-weight="bold"' * bold
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" font-size="{size:g}" text-anchor="{anchor}" '
                           f"{style}>{escape(words)}</text>")  # fmt: skip

    def line(self, x1: float, y1: float, x2: float, y2: float, *, color: str = FAINT, width: float = 1,
             dash: str = "") -> None:  # fmt: skip
        """A straight line with round ends."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
                           f'stroke-width="{width:g}" stroke-linecap="round"{dashes}/>')  # fmt: skip

    def path(self, points: list[tuple[float, float]], *, color: str, width: float = 1.5) -> None:
        """A line through points."""
        through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline points="{through}" fill="none" stroke="{color}" stroke-width="{width:g}" '
                           'stroke-linejoin="round"/>')  # fmt: skip

    def mark(self, x: float, y: float, color: str, shape: str = "circle", radius: float = 5.5) -> None:
        """A mark of equal area in each shape: circle, square, diamond, triangle; a thin white edge parts neighbours."""
        style = f'fill="{color}" stroke="#ffffff" stroke-width="1"'
        if shape == "circle":
            self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {style}/>')
            return
        corners, turn, size = {"square": (4, 45, 1.25), "diamond": (4, 0, 1.25), "triangle": (3, 90, 1.5)}[shape]
        angles = [math.radians(turn + 360 * corner / corners) for corner in range(corners)]
        points = " ".join(
            f"{x + size * radius * math.cos(a):.1f},{y - size * radius * math.sin(a):.1f}" for a in angles
        )
        self._parts.append(f'<polygon points="{points}" {style}/>')

    def save(self, path: Path) -> Path:
        """Write the file."""
        path.write_text("\n".join([*self._parts, "</svg>"]) + "\n", encoding="utf-8")
        return path
