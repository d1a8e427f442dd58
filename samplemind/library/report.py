"""What an ingest, a check and a look at a library report."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

__all__ = ["IngestReport", "Interrupted", "LibraryInfo", "Progress", "VerifyReport"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an ingest stands.

    Attributes
    ----------
    stage : {'scan', 'plan', 'start', 'analyze', 'write', 'index', 'done'}
    done, total : int
        Files (indices in the stage 'index'); `total` is 0 while it is not known.
    failed : int
        Files among `done` that could not be analyzed.
    audio_s : float
        Seconds of sound heard so far.
    """

    stage: str
    done: int = 0
    total: int = 0
    failed: int = 0
    audio_s: float = 0.0


@dataclass(slots=True)
class IngestReport:
    """What an ingest found and did; every scanned file is new, changed, moved or unchanged.

    Attributes
    ----------
    scanned : int
        Files found.
    new : int
        Paths that were not in the library.
    changed : int
        Paths whose content is another one now.
    moved : int
        New paths of a sound that was known under a path that is gone.
    gone : int
        Paths that are in the library but no longer on the disk (their sounds are kept).
    unchanged : int
        Paths with the content they had.
    analyzed : int
        Different sounds that were listened to in this run, equal files once.
    failed : int
        Files looked into in this run that gave no analysis, equal ones too; each has a row with the reason.
    seconds : float
        Duration of the run.
    audio_s : float
        Seconds of sound that were heard.
    failures : list of (str, str)
        Path and reason.
    unreadable : list of (str, str)
        Folders that could not be listed, and why. What lies beneath them keeps its rows.
    interrupted : bool
        Stopped by Ctrl-C; what was done is kept, the same command goes on.
    """

    scanned: int = 0
    new: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    unchanged: int = 0
    analyzed: int = 0
    failed: int = 0
    seconds: float = 0.0
    audio_s: float = 0.0
    failures: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    interrupted: bool = False

    @property
    def files_per_s(self) -> float:
        """Files scanned a second."""
        return self.scanned / self.seconds if self.seconds > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {**dataclasses.asdict(self), "files_per_s": self.files_per_s}


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during an ingest, raised after what was done has been written.

    Attributes
    ----------
    report : IngestReport
    """

    def __init__(self, report: IngestReport) -> None:
        super().__init__("interrupted; what was done is in the library, and the same command goes on from there")
        self.report = report


@dataclass(slots=True)
class VerifyReport:
    """What a check of a library found.

    Attributes
    ----------
    problems : list of str
        What is wrong with the library itself; empty: nothing is.
    missing : list of str
        Paths in the library whose file is not on the disk (not a fault of the library).
    checked : dict of str to int
        How much was looked at: samples, files, vectors, statements, and with `deep` hashed files.
    notes : list of str
        What is worth knowing, and no fault.
    """

    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the library is sound."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class LibraryInfo:
    """A library in numbers.

    Attributes
    ----------
    uri : str
    format : int
        Of the tables.
    created : str
        When, in ISO 8601 (UTC).
    samples, ok, failed, files, folders, duplicates, orphans : int
        Sounds; those with and without an analysis; paths; their folders; paths beyond the first of their sound;
        sounds that lie nowhere any more.
    audio_s, size_bytes : float, int
        Length of all sounds (seconds) and size of all files (bytes).
    levels, kinds, classes : dict of str to int
        How many sounds of each.
    runs : int
        Ingests so far.
    disk_bytes : int or None
        What the library takes on disk; None for object stores.
    indices : dict of str to float
        Columns with an index, and the share of rows that are in it (0 to 1); none in a library that needs none.
    outdated : int
        Sounds that lack what this version computes of them; an ingest of their folders brings them up to date.
    """

    uri: str
    format: int
    created: str
    samples: int
    ok: int
    failed: int
    files: int
    folders: int
    duplicates: int
    orphans: int
    audio_s: float
    size_bytes: int
    levels: dict[str, int]
    kinds: dict[str, int]
    classes: dict[str, int]
    runs: int
    disk_bytes: int | None
    indices: dict[str, float] = field(default_factory=dict)
    outdated: int = 0
