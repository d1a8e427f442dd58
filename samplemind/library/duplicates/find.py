"""Which files of a library hold the same sound, and in which sense."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from samplemind.errors import ParameterError
from samplemind.library.duplicates.report import DuplicateReport
from samplemind.library.paths import from_text
from samplemind.library.query import frame
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl


__all__ = ["HITS", "KINDS", "LISTENED", "Kind", "find"]

Kind = Literal["exact", "audio", "near", "hit"]
#: From the strictest to the loosest.
KINDS: Final[tuple[Kind, ...]] = ("exact", "audio", "near", "hit")
#: What is known of each file, by which the best one of a group is chosen.
_COLUMNS: Final = (
    "path", "id", "root", "folder", "name", "size", "mtime_ns", "status", "audio_hash", "codec", "bit_depth",
    "sample_rate", "channels", "rms_dbfs", "duration_s", "effective_duration_s", "kind",
)  # fmt: skip
_FINGERPRINT: Final = "fingerprint"
#: The same at another rate: so near (dB, frames, s) are only copies that nothing else was done to.
_EQUAL_DB: Final = 0.3
_EQUAL_SHIFT: Final = 0.25
_EQUAL_S: Final = 0.005
_EQUAL_LEVEL_DB: Final = 0.2
_LOSSY: Final = ("mp3", "vorbis", "opus", "aac")
#: With how many others each sound is listened to at most, and with how many hits each hit is compared.
LISTENED: Final = 20
HITS: Final = 10

Progress = Callable[[int, int], None]


def find(tables: Tables, kinds: Iterable[str], where: Any, progress: Progress | None = None) -> DuplicateReport:
    """See `Library.duplicates`."""
    import polars as pl

    started = time.perf_counter()
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    for kind in wanted:
        if kind not in KINDS:
            raise ParameterError(f"kinds: {kind!r} is not one of {', '.join(KINDS)}")
    if not wanted:
        raise ParameterError(f"kinds: none; choose of {', '.join(KINDS)}")
    files = frame(tables, _COLUMNS, where, "path", None)
    notes: list[str] = []
    keys = files.select("path", "id", exact="id", audio=pl.coalesce("audio_hash", "id"))
    sounds = files.unique("id", keep="first", maintain_order=True)
    links = pl.DataFrame({"id": sounds["id"], "near": sounds["id"], "hit": sounds["id"],
                          "difference_db": 0.0, "shift_s": 0.0})  # fmt: skip
    if {"audio", "near", "hit"} & set(wanted):
        links, told = _near(tables, files, sounds, wanted, progress)
        notes += told
    rows = keys.join(links, "id", "left", maintain_order="left").with_columns(
        pl.col("near", "hit").fill_null(pl.col("id"))
    )
    loosest = max(wanted, key=KINDS.index)
    group = {"exact": "exact", "audio": "near", "near": "near", "hit": "hit"}[loosest]
    rows = rows.with_columns(of=pl.col(group)).filter(pl.len().over("of") > 1)
    groups = rows.join(files.drop("id"), "path", "left", maintain_order="left")
    return DuplicateReport(tables, tuple(wanted), groups, len(files), time.perf_counter() - started, tuple(notes))


def _near(tables: Tables, files: pl.DataFrame, sounds: pl.DataFrame, kinds: Sequence[str],
          progress: Progress | None) -> tuple[pl.DataFrame, list[str]]:  # fmt: skip
    """For each sound the centres of its groups and how far it is from the nearest; and what is worth knowing."""
    import numpy as np
    import polars as pl

    from samplemind.descriptors.fingerprint import FRAME_S, unpack
    from samplemind.library.duplicates.confirm import confirmed
    from samplemind.library.duplicates.groups import grouped
    from samplemind.library.duplicates.search import HIT, NEAR, Pairs, best_pairs, near_pairs, nearest_pairs

    stored = tables.read(tables.samples, ["id", _FINGERPRINT])
    sounds = sounds.with_columns(same=pl.coalesce("audio_hash", "id"))
    one = sounds.unique("same", keep="first", maintain_order=True).join(stored, "id", "left", maintain_order="left")
    lacking = one.filter(
        (pl.col("status") == "ok") & pl.col(_FINGERPRINT).is_null() & pl.col("effective_duration_s").gt(0)
    )
    known = one.filter(pl.col(_FINGERPRINT).is_not_null() & pl.col("effective_duration_s").is_not_null())
    levels = (
        unpack(known[_FINGERPRINT].to_numpy().reshape(len(known), -1))
        if len(known)
        else np.zeros((0, 32, 16), np.uint8)
    )
    seconds, lengths = (known[name].to_numpy() for name in ("effective_duration_s", "duration_s"))
    names = known["same"].to_numpy()
    nearest = np.full(len(known), np.inf)
    shift = np.zeros(len(known))

    pairs = near_pairs(levels, seconds, lengths, NEAR)
    if not {"near", "hit"} & set(kinds):
        pairs = _at_other_rates(pairs, known)
    places = _places(files, known, pairs)
    coded = known["codec"].is_in(_LOSSY).fill_null(True).to_numpy()
    pairs, centres, unread = confirmed(best_pairs(pairs, LISTENED), len(known), places.__getitem__, coded, progress)
    _note_nearest(pairs, centres, nearest, shift)
    wide = centres
    if "hit" in kinds:
        hits = np.unique(centres[(known["kind"] == "one-shot").to_numpy()[centres]])
        pairs = nearest_pairs(levels[hits], seconds[hits], HIT, HITS)
        pairs = Pairs(hits[pairs.first], hits[pairs.second], pairs.deviation, pairs.after, pairs.shift)
        wide = grouped(levels, seconds, pairs, HIT)[centres]
        _note_nearest(pairs, wide, nearest, shift)
    of = pl.DataFrame({"same": names, "near": names[centres], "hit": names[wide],
                       "difference_db": np.where(np.isfinite(nearest), nearest, 0.0), "shift_s": shift * FRAME_S},
                      schema_overrides={"same": pl.String, "near": pl.String, "hit": pl.String})  # fmt: skip
    links = sounds.select("id", "same").join(of, "same", "left", maintain_order="left")
    links = links.with_columns(pl.col("near", "hit").fill_null(pl.col("same")))
    notes = []
    if len(lacking):
        notes.append(f"{len(lacking)} sounds have no fingerprint, so only equal ones of them were found; "
                     "ingest them at level standard")  # fmt: skip
    if unread:
        notes.append(f"{len(unread)} sounds could not be listened to again, so whether others are the same recording "
                     f"is not known: {next(iter(unread.values()))}")  # fmt: skip
    return links.drop("same"), notes


def _places(files: pl.DataFrame, known: pl.DataFrame, pairs: Any) -> dict[int, list[str]]:
    """Files of each sound that has to be listened to, by its index."""
    import numpy as np
    import polars as pl

    at = np.unique(np.concatenate([pairs.first, pairs.second]))
    wanted = known.select("same").with_row_index("at")[at]
    found = files.select("path", same=pl.coalesce("audio_hash", "id")).join(wanted, "same", maintain_order="left")
    places: dict[int, list[str]] = {}
    for path, number in found.select("path", "at").iter_rows():
        places.setdefault(number, []).append(from_text(path))
    return places


def _at_other_rates(pairs: Any, known: pl.DataFrame) -> Any:
    """Those of the pairs that are one sound at two rates."""
    import numpy as np

    from samplemind.library.duplicates.search import Pairs

    rate, length = known["sample_rate"].to_numpy(), known["duration_s"].to_numpy()
    level, channels = known["rms_dbfs"].to_numpy(), known["channels"].to_numpy()
    lossless = ~known["codec"].is_in(_LOSSY).fill_null(True).to_numpy()
    a, b = pairs.first, pairs.second
    same = (pairs.deviation <= _EQUAL_DB) & (np.abs(pairs.shift) <= _EQUAL_SHIFT) & (rate[a] != rate[b])
    same &= (np.abs(length[a] - length[b]) <= _EQUAL_S) & lossless[a] & lossless[b]
    same &= (np.abs(level[a] - level[b]) <= _EQUAL_LEVEL_DB) & (channels[a] == channels[b])
    return Pairs(a[same], b[same], pairs.deviation[same], pairs.after[same], pairs.shift[same])


def _note_nearest(pairs: Any, centres: Any, nearest: Any, shift: Any) -> None:
    """Of each sound that has none yet: how far it is from the nearest one of its group."""
    import numpy as np

    inside = centres[pairs.first] == centres[pairs.second]
    order = np.argsort(-pairs.deviation[inside], kind="stable")  # the nearest is written last
    for mine, sign in ((pairs.first, -1.0), (pairs.second, 1.0)):
        at, value, by = mine[inside][order], pairs.deviation[inside][order], pairs.shift[inside][order]
        better = value < nearest[at]
        nearest[at[better]] = value[better]
        shift[at[better]] = sign * by[better]
