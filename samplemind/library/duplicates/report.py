"""What a search for duplicates found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.duplicates.plan import Plan

__all__ = ["DuplicateReport"]

_FARTHEST_DB: Final = 5.0
_FACTS: Final = ("codec", "bit_depth", "sample_rate", "channels", "duration_s", "size")


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """Groups of files that hold the same sound.

    Attributes
    ----------
    kinds : tuple of str
        What was looked for.
    files : int
        How many files were looked at.
    seconds : float
        How long it took.
    notes : tuple of str
        What is worth knowing.
    """

    _tables: Tables
    kinds: tuple[str, ...]
    _found: pl.DataFrame
    files: int
    seconds: float
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return int(self._found["of"].n_unique())

    def __repr__(self) -> str:
        return f"DuplicateReport({len(self)} groups of {len(self._found)} files, {self.bytes_to_win} bytes to win)"

    @property
    def groups(self) -> pl.DataFrame:
        """One row a file: the groups with most to win first, in each of them the file first that is best to keep.

        Columns: group (1, 2, …), path, id; relation ('best', or what makes it a duplicate of the best one: 'exact' the
        same bytes, 'audio' the same samples in another container or at another rate, 'near' the same recording, 'hit'
        almost the same), reason in words, similarity (1: the same; from the nearest one of the group), difference_db,
        shift_s; then codec, bit_depth, sample_rate, channels, duration_s, size.
        """
        return self.ranked()

    def ranked(
        self, keep: Sequence[str] | None = None, prefer: Sequence[Any] = (), avoid: Sequence[Any] = ()
    ) -> pl.DataFrame:
        """The same, where the best file is chosen by other rules; see `plan`."""
        import polars as pl

        from samplemind.library.duplicates.keep import in_order_of_worth

        rows = in_order_of_worth(self._found, keep, prefer, avoid)
        best = [
            pl.col(name).first().over("of").alias(f"_{name}") for name in ("path", "exact", "audio", "near", "shift_s")
        ]
        rows = rows.with_columns(best)
        relation = (
            pl.when(pl.col("path") == pl.col("_path")).then(pl.lit("best"))
            .when(pl.col("exact") == pl.col("_exact")).then(pl.lit("exact"))
            .when((pl.col("audio") == pl.col("_audio")) | self._of_rate()).then(pl.lit("audio"))
            .when(pl.col("near") == pl.col("_near")).then(pl.lit("near"))
            .otherwise(pl.lit("hit"))
        )  # fmt: skip
        rows = rows.with_columns(relation=relation)
        equal = pl.col("relation").is_in(["best", "exact", "audio"])
        to_win = (pl.col("size").sum() - pl.col("size").first()).over("of")
        rows = rows.with_columns(
            difference_db=pl.when(equal).then(0.0).otherwise("difference_db"),
            shift_s=pl.when(equal).then(0.0).otherwise("shift_s"), _win=to_win,
        )  # fmt: skip
        rows = rows.with_columns(similarity=1 - pl.col("difference_db") / _FARTHEST_DB)
        rows = rows.sort("_win", "of", descending=[True, False], maintain_order=True)
        return rows.select(
            pl.col("of").rle_id().alias("group") + 1, "path", "id", "relation", _reason(rows).alias("reason"),
            "similarity", "difference_db", "shift_s", *_FACTS,
        )  # fmt: skip

    def _of_rate(self) -> pl.Expr:
        """Where nothing looser than the same audio was asked for, what is near is the same at another rate."""
        import polars as pl

        only = not {"near", "hit"} & set(self.kinds)
        return (pl.col("near") == pl.col("_near")) & pl.lit(only)

    @property
    def bytes_to_win(self) -> int:
        """Size of all files but the best one of each group."""
        groups = self.groups
        return int(groups.filter(groups["relation"] != "best")["size"].sum() or 0)

    def plan(self, keep: Sequence[str] | None = None, *, prefer: Sequence[Any] = (), avoid: Sequence[Any] = (),
             kinds: Sequence[str] | None = None) -> Plan:  # fmt: skip
        """Which file of each group stays, and which are put aside; nothing is touched yet.

        Parameters
        ----------
        keep : sequence of str, optional
            What makes a file worth keeping, the most important first: ``"lossless"``, ``"rate"``, ``"depth"``,
            ``"channels"``, ``"longer"``, ``"larger"``, ``"older"``, ``"newer"``, ``"path"`` (the shorter one).
        prefer, avoid : sequence of path-like
            Folders whose files are kept, and folders whose files go, before all other rules.
        kinds : sequence of str, optional
            Which duplicates go: of what was found all but ``"hit"`` if not given.

        Raises
        ------
        ParameterError
            For an unknown rule or kind.
        """
        from samplemind.library.duplicates.plan import make_plan

        return make_plan(self._tables, self, keep, prefer, avoid, kinds)


def _reason(rows: pl.DataFrame) -> pl.Series:
    """Why each is a duplicate, in words."""
    words = []
    for relation, difference, shift in rows.select("relation", "difference_db", "shift_s").iter_rows():
        if relation == "best":
            words.append("best of the group")
        elif relation == "exact":
            words.append("the same bytes")
        elif relation == "audio":
            words.append("the same audio")
        else:
            begins = (
                f", begins {abs(shift) * 1000:.0f} ms {'later' if shift < 0 else 'sooner'}"
                if abs(shift) > 0.004
                else ""
            )
            what = "the same recording" if relation == "near" else "almost the same hit"
            words.append(f"{what}: {difference:.1f} dB apart{begins}")
    import polars as pl

    return pl.Series(words, dtype=pl.String)
