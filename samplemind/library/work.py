"""What runs in a worker: a few files in, one Arrow batch out."""

from __future__ import annotations

import faulthandler
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from samplemind.audio.source import WHOLE_FILE_BYTES
from samplemind.descriptors.catalogue import GROUPS
from samplemind.descriptors.engine import Analysis, analyze_file
from samplemind.library.content import READING, content_id, file_id, unread_id
from samplemind.library.names import parse_tags
from samplemind.library.paths import from_text
from samplemind.library.schema import record_batch, samples_schema, version_column

if TYPE_CHECKING:
    import pyarrow as pa

    from samplemind.settings import Settings

__all__ = ["BATCH_COLUMNS", "Item", "Outcome", "analyze_item", "batch_schema", "introduce", "pack", "pcm_bytes",
           "run_batch", "set_aside", "time_limit_s"]  # fmt: skip

#: Bytes of a compressed file hold more sound than bytes of PCM.
_COMPRESSED: Final = {"mp3": 8, "ogg": 9, "oga": 9, "opus": 12, "m4a": 7, "mp4": 7, "aac": 8, "wma": 8, "mp2": 5,
                      "flac": 2, "ape": 2, "wv": 2, "alac": 2, "spx": 20, "amr": 25}  # fmt: skip
#: So much PCM may take as long as a small file: 6 minutes of a CD.
_TIMED_BYTES: Final = 64 * 2**20
#: Columns of a batch before those of `samples`: the row of the plan, and the groups that were computed (null: all).
BATCH_COLUMNS: Final = ("row", "groups")

Form = Literal["rows", "analyses"]


class Item(NamedTuple):
    """One file to listen to.

    Attributes
    ----------
    row : int
        Whose row of the plan this is.
    path : str
        As storable text.
    size : int
        Bytes.
    level : str
    id : str or None
        The content that is expected, where it is known.
    groups : tuple of str or None
        Only these groups, if the content is the expected one.
    """

    row: int
    path: str
    size: int
    level: str
    id: str | None = None
    groups: tuple[str, ...] | None = None


@dataclass(slots=True)
class Outcome:
    """What became of an item."""

    row: int
    id: str
    size: int
    analysis: Analysis
    seconds: float = 0.0
    groups: tuple[str, ...] | None = None


def introduce(level: str) -> tuple[str, dict[str, int]]:
    """Make the kernels ready, and say who runs here: the version, and those of the groups of descriptors."""
    from samplemind import __version__
    from samplemind.library.kernels import make_ready

    make_ready(level)
    return __version__, GROUPS


def run_batch(items: Sequence[Item], settings: Settings, form: Form = "rows") -> pa.RecordBatch | list[Outcome]:
    """Listen to some files; each that fails is a row that says why.

    A file that takes far too long ends this process: whoever waits runs the batch again with each file watched.
    """
    outcomes = []
    try:
        for item in items:
            _WATCH.begin(time_limit_s(item, settings))
            outcomes.append(analyze_item(item, settings))
    finally:
        _WATCH.end()
    return pack(outcomes, form)


def pcm_bytes(item: Item) -> int:
    """About how large a file would be without compression, by its size and its name."""
    return item.size * _COMPRESSED.get(item.path.rpartition(".")[2].lower(), 1)


def time_limit_s(item: Item, settings: Settings) -> float:
    """How long one file may take: `file_timeout_s`, and as much again for every 6 minutes or so of sound."""
    return settings.file_timeout_s * (1 + pcm_bytes(item) / _TIMED_BYTES)


def analyze_item(item: Item, settings: Settings) -> Outcome:
    """Read, hash and listen to one file; never raises on account of the file."""
    started = time.perf_counter()
    path = from_text(item.path)
    try:
        data, key, size = _read(path)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return Outcome(item.row, unread_id(item.path), item.size, _failed(item, reason))
    groups = item.groups if key == item.id else None
    analysis = analyze_file(path, item.level, groups=groups, settings=settings, data=data)
    analysis.path = item.path
    return Outcome(item.row, key, size, analysis, time.perf_counter() - started, groups)


def set_aside(item: Item, reason: str) -> Outcome:
    """The outcome of a file that ended the process that listened to it, or never came to an end."""
    try:
        key = file_id(from_text(item.path))
    except OSError:
        key = unread_id(item.path)
    return Outcome(item.row, key, item.size, _failed(item, reason))


def _failed(item: Item, reason: str) -> Analysis:
    return Analysis(item.path, "failed", reason, item.level)  # type: ignore[arg-type]


def _read(path: str) -> tuple[bytes | None, str, int]:
    descriptor = os.open(path, READING)
    try:
        size = os.fstat(descriptor).st_size
        if size > WHOLE_FILE_BYTES:  # hashed, and then decoded, in pieces
            return None, file_id(path), size
        data = os.read(descriptor, size + 1)
        while len(data) != size and (more := os.read(descriptor, 1 << 20)):  # it came in parts, or has grown
            data += more
    finally:
        os.close(descriptor)
    return data, content_id(data), len(data)


def batch_schema() -> pa.Schema:
    """The schema of what `run_batch` gives: `BATCH_COLUMNS`, then those of `samples`."""
    import pyarrow as pa

    return pa.schema([pa.field("row", pa.int64()), pa.field("groups", pa.list_(pa.utf8())), *samples_schema()])


def pack(outcomes: Sequence[Outcome], form: Form) -> pa.RecordBatch | list[Outcome]:
    """Outcomes in the form that was asked for."""
    if form == "analyses":
        return list(outcomes)
    return record_batch([_row(outcome) for outcome in outcomes], batch_schema())


def _row(outcome: Outcome) -> dict[str, Any]:
    analysis = outcome.analysis
    # A failure is the word of this version of the decoder: a later one tries again.
    versions = analysis.versions or {"container": GROUPS["container"]}
    tags = analysis.info.tags if analysis.info is not None else {}
    tag_bpm, tag_key, tag_note = parse_tags(tags)
    return {
        **analysis.values,
        **{version_column(group): version for group, version in versions.items()},
        "row": outcome.row,
        "groups": outcome.groups,
        "id": outcome.id,
        "status": analysis.status,
        "error": analysis.error,
        "level": analysis.level,
        "size_bytes": outcome.size,
        "seconds_to_analyze": outcome.seconds,
        "tag_bpm": tag_bpm,
        "tag_key": tag_key,
        "tag_note": tag_note,
    }


class _Watch:
    """Ends this process when a file takes too long, whoever holds the GIL.

    There is one timer of `faulthandler` a process, and a worker may have several threads: it runs for the earliest of
    their limits. Setting it costs as much as a tiny file, so it is set for twice the time, and again only when less
    than the time is left: a file may take between once and twice its limit.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limits: dict[int, float] = {}
        self._sink: Any = None

    def begin(self, seconds: float) -> None:
        """A file begins in this thread, which may take `seconds`."""
        me, now = threading.get_ident(), time.monotonic()
        if now + seconds <= self._limits.get(me, 0.0) <= now + 2 * seconds:
            return
        with self._lock:
            self._limits[me] = now + 2 * seconds
            self._set(now)

    def end(self) -> None:
        """Nothing is left to do in this thread."""
        with self._lock:
            self._limits.pop(threading.get_ident(), None)
            self._set(time.monotonic())

    def _set(self, now: float) -> None:
        if not self._limits:
            faulthandler.cancel_dump_traceback_later()
            return
        if self._sink is None:
            self._sink = open(os.devnull, "w")  # noqa: SIM115 - the timer writes to it until the process ends
        left = max(0.001, min(self._limits.values()) - now)
        faulthandler.dump_traceback_later(left, exit=True, file=self._sink)


_WATCH: Final = _Watch()
