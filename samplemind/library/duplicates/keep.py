"""Which of several files with the same sound is worth keeping."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import ParameterError
from samplemind.library.paths import absolute, to_text

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DEFAULT_RULES", "RULES", "in_order_of_worth"]

LOSSY: Final = ("mp3", "vorbis", "opus", "aac", "mu-law", "a-law", "adpcm", "ima_adpcm", "ms_adpcm", "gsm610")


def _lossless() -> pl.Expr:
    import polars as pl

    return ~pl.col("codec").is_in(LOSSY).fill_null(True)


def _column(name: str, sign: int = 1) -> Callable[[], pl.Expr]:
    def make() -> pl.Expr:
        import polars as pl

        return sign * pl.col(name)

    return make


def _shorter_path() -> pl.Expr:
    import polars as pl

    return -pl.col("path").str.len_chars().cast(pl.Int64)


def _longer() -> pl.Expr:
    """Within 10 ms nothing is longer: coders add a frame."""
    import polars as pl

    return (pl.col("effective_duration_s") * 100).round()


#: What speaks for a file; the higher, the better.
RULES: Final[dict[str, Callable[[], Any]]] = {
    "lossless": _lossless, "rate": _column("sample_rate"), "depth": _column("bit_depth"),
    "channels": _column("channels"), "longer": _longer, "larger": _column("size"), "older": _column("mtime_ns", -1),
    "newer": _column("mtime_ns"), "path": _shorter_path,
}  # fmt: skip
DEFAULT_RULES: Final = ("lossless", "rate", "depth", "longer", "channels", "larger", "older", "path")


def in_order_of_worth(rows: pl.DataFrame, rules: Sequence[str] | None, prefer: Sequence[Any],
                      avoid: Sequence[Any]) -> pl.DataFrame:  # fmt: skip
    """Files with the best first; the path decides at last, so that the same is chosen every time.

    Raises
    ------
    ParameterError
        For an unknown rule.
    """
    import polars as pl

    chosen = list(DEFAULT_RULES if rules is None else [rules] if isinstance(rules, str) else rules)
    for rule in chosen:
        if rule not in RULES:
            raise ParameterError(f"keep: {rule!r} is no rule; choose of {', '.join(RULES)}")
    keys = [_beneath(prefer), ~_beneath(avoid), *(RULES[rule]() for rule in chosen)]
    return rows.with_columns(key.alias(f"_key{number}") for number, key in enumerate(keys)).sort(
        [*(pl.col(f"_key{number}") for number in range(len(keys))), "path"],
        descending=[True] * len(keys) + [False], nulls_last=True,
    )  # fmt: skip


def _beneath(folders: Sequence[Any]) -> pl.Expr:
    import polars as pl

    if isinstance(folders, str | os.PathLike):
        folders = [folders]
    inside = pl.lit(False)
    for folder in folders:
        inside |= pl.col("path").str.starts_with(to_text(absolute(folder)).rstrip(os.sep) + os.sep)
    return inside
