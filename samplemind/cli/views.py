"""How a sound is shown to a person: one line with what matters most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from samplemind.cli.output import Column, printable

__all__ = ["NOTES", "SUMMARY", "SUMMARY_FIELDS", "duration", "failure_of", "neighbours", "note_name"]

Row = Mapping[str, Any]
NOTES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NOTHING = "–"


def note_name(midi: int) -> str:
    """Name of a MIDI note with its octave; 60 is C4."""
    return f"{NOTES[midi % 12]}{midi // 12 - 1}"


def duration(seconds: float | None) -> str:
    """A length as people read it: `0.25 s`, `4:05`, `1:02:03`."""
    if seconds is None:
        return _NOTHING
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _sure(text: str, confidence: float | None) -> str:
    return text if confidence is None else f"{text} {confidence:4.0%}"


def _named(row: Row, name: str) -> str:
    value = row.get(name)
    return _NOTHING if value is None else _sure(str(value), row.get(f"{name}_confidence"))


def _bpm(row: Row) -> str:
    bpm = row.get("bpm")
    return _NOTHING if bpm is None else _sure(f"{bpm:.1f}", row.get("bpm_confidence"))


def _key(row: Row) -> str:
    key = row.get("key")
    if key is None:
        return _NOTHING
    return _sure(f"{key}{'m' if row.get('scale') == 'minor' else ''}", row.get("key_confidence"))


def _note(row: Row) -> str:
    midi = row.get("midi_note")
    return _NOTHING if midi is None else _sure(note_name(int(midi)), row.get("pitch_confidence"))


def _loudness(row: Row) -> str:
    loudness = row.get("loudness_lufs")
    return _NOTHING if loudness is None else f"{loudness:.1f}"


#: The columns of `analyze`, `list` and `similar`, where nobody asks for others.
SUMMARY: Final = (
    Column("kind", lambda row: row.get("kind") or _NOTHING, 8, spare=2),
    Column("class", lambda row: _named(row, "sample_class"), 15),
    Column("BPM", _bpm, 10, right=True, spare=5),
    Column("key", _key, 8, right=True, spare=3),
    Column("note", _note, 8, right=True, spare=4),
    Column("LUFS", _loudness, 5, right=True, spare=1),
    Column("length", lambda row: duration(row.get("duration_s")), 7, right=True),
    Column("path", lambda row: printable(str(row.get("path") or _NOTHING)), 0, flexible=True),
)
#: What a row needs for them.
SUMMARY_FIELDS: Final = (
    "path", "status", "error", "duration_s", "kind", "kind_confidence", "sample_class", "sample_class_confidence",
    "bpm", "bpm_confidence", "key", "scale", "key_confidence", "midi_note", "pitch_confidence", "loudness_lufs",
)  # fmt: skip


def neighbours(aspects: Sequence[str] = ()) -> tuple[Column, ...]:
    """The summary, beginning with how near a sound is: in all, and of several aspects in each."""

    def near(name: str, title: str, spare: int = 0) -> Column:
        return Column(title, lambda row: f"{row[name]:.3f}", max(5, len(title)), right=True, spare=spare)

    each = [near(f"distance_{aspect}", aspect, 6) for aspect in aspects] if len(aspects) > 1 else []
    return (near("distance", "dist"), *each, *SUMMARY)


def failure_of(row: Row) -> str | None:
    """Why a row has no analysis; None where it has one."""
    return str(row.get("error") or "unknown reason") if row.get("status") == "failed" else None
