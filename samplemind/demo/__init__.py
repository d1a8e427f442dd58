"""A synthesised sample library with exact ground truth: drums, instruments, effects and loops, all made by arithmetic.

`studio` gives a rate and chance; `oscillators`, `shaping` and `effects` are the primitives; `drums`, `synths`,
`acoustic` and `scenes` the instruments. The `*_table` modules and `grooves` say what exists, `catalogue` lists it,
`loops` sequences it, `render` makes samples and `writer` files.
"""

from __future__ import annotations

from samplemind.demo.catalogue import SUBSETS, catalogue
from samplemind.demo.sound import ENDINGS, Sound
from samplemind.demo.writer import COLUMNS, DemoReport, label_row, make_demo, small_demo

__all__ = ["COLUMNS", "ENDINGS", "SUBSETS", "DemoReport", "Sound", "catalogue", "label_row", "make_demo", "small_demo"]
