"""Files are put aside and come back, whatever happens in between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplemind.errors import LibraryError, ParameterError
from samplemind.library import Library
from samplemind.library.content import file_id
from samplemind.library.duplicates.journal import move_file
from samplemind.library.lock import writer_lock

from ..helpers import assert_sound, make_sounds


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sounds, each under three names, and their library, to be copied."""
    base = tmp_path_factory.mktemp("copies")
    sounds = make_sounds(base / "sounds", 3)
    for number in range(3):
        for folder in ("a longer name", "second"):
            target = sounds / folder / f"copy {number}.wav"
            target.parent.mkdir(exist_ok=True)
            shutil.copy2(sounds / f"tone_{number:03d}.wav", target)
    return base


@pytest.fixture
def mine(copies: Path, tmp_path: Path) -> tuple[Path, Library]:
    """Of these, with a library of its own."""
    sounds = tmp_path / "sounds"
    shutil.copytree(copies / "sounds", sounds, copy_function=shutil.copy2)
    library = Library.create(tmp_path / "lib")
    library.ingest(sounds, workers=1, level="basic")
    return sounds, library


def state(*folders: Path) -> dict[str, tuple[str, int]]:
    """Path: content and time, of every sound."""
    return {
        str(path): (file_id(str(path)), path.stat().st_mtime_ns)
        for folder in folders for path in folder.rglob("*.wav")
    }  # fmt: skip


def test_nothing_is_touched_before_apply_and_one_of_each_group_stays(mine) -> None:
    sounds, library = mine
    before = state(sounds)
    plan = library.duplicates(["exact"]).plan()
    assert state(sounds) == before
    assert len(plan) == 6
    done = plan.apply()
    assert (len(done.moved), done.left) == (6, [])
    assert sorted(Path(path).name for path in state(sounds)) == ["tone_000.wav", "tone_001.wav", "tone_002.wav"]
    assert done.bytes == plan.bytes == sum(os.path.getsize(to) for _, to in done.moved)
    assert str(done.journal).startswith(f"{library.uri}.trash")
    assert len(library) == 3
    assert_sound(library)
    assert len(library.duplicates(["exact"])) == 0


def test_undo_brings_back_every_file_and_row_exactly_and_may_be_repeated(mine) -> None:
    sounds, library = mine
    before, rows = state(sounds), library.frame(["path", "id", "root", "folder", "size", "mtime_ns"], sort="path")
    done = library.duplicates(["exact"]).plan().apply()
    for _ in range(2):
        back = library.undo_duplicates(done.journal)
        assert back.left == []
        assert state(sounds) == before
        assert library.frame(rows.columns, sort="path").equals(rows)
    assert library.ingest(sounds, workers=1, level="basic").unchanged == 9
    assert_sound(library)


def test_rules_choose_what_stays(mine) -> None:
    sounds, library = mine
    report = library.duplicates(["exact"])
    assert {Path(path).parent.name for path in report.plan(prefer=[sounds / "second"]).moves["kept"]} == {"second"}
    assert {Path(path).parent.name for path in report.plan(["path"], avoid=[sounds / "second"]).moves["kept"]} == {
        "sounds"
    }
    os.utime(sounds / "second" / "copy 1.wav", ns=(1, 1))
    library.ingest(sounds, workers=1, level="basic")
    kept = set(library.duplicates(["exact"]).plan(["older"]).moves["kept"])
    assert str(sounds / "second" / "copy 1.wav") in kept
    with pytest.raises(ParameterError, match="'beauty' is no rule"):
        report.plan(["beauty"])
    with pytest.raises(ParameterError, match="'all'"):
        report.plan(kinds=["all"])
    with pytest.raises(ParameterError, match="'same'"):
        library.duplicates(["same"])


def test_lossless_and_better_files_stay(tmp_path) -> None:
    sounds, rate = make_sounds(tmp_path / "sounds", 1), 22050
    time_s = np.arange(rate) / rate
    noise = 0.01 * np.random.default_rng(0).standard_normal(rate)
    samples = np.exp(-4 * time_s) * (0.4 * np.sin(2 * np.pi * 300 * time_s) + noise)
    soundfile.write(sounds / "tone_000.wav", samples, rate)
    samples, rate = soundfile.read(sounds / "tone_000.wav")
    soundfile.write(sounds / "same.flac", samples, rate)
    soundfile.write(sounds / "coded.ogg", samples, rate)
    library = Library.create(tmp_path / "lib")
    library.ingest(sounds, workers=1)
    groups = library.duplicates().groups
    assert dict(zip((Path(path).name for path in groups["path"]), groups["relation"], strict=True)) == {
        "same.flac": "audio", "coded.ogg": "near", "tone_000.wav": "best",
    }  # fmt: skip
    assert groups["similarity"][0] == 1.0
    assert 0.5 < groups.filter(groups["relation"] == "near")["similarity"][0] < 1


def test_what_is_not_as_it_was_is_left_alone(mine) -> None:
    sounds, library = mine
    plan = library.duplicates(["exact"]).plan()
    grown, touched, rewritten = (sounds / "second" / f"copy {number}.wav" for number in range(3))
    with grown.open("ab") as file:
        file.write(b"more")
    os.utime(touched, ns=(5, 5))
    at = rewritten.stat()
    rewritten.write_bytes(b"x" * at.st_size)
    os.utime(rewritten, ns=(at.st_atime_ns, at.st_mtime_ns))
    linked = sounds / "a longer name" / "copy 0.wav"
    elsewhere = sounds.parent / "elsewhere.wav"
    shutil.move(linked, elsewhere)
    linked.symlink_to(elsewhere)
    before = state(sounds)
    done = plan.apply()
    reasons = {Path(path): reason for path, reason in done.left}
    assert "changed" in reasons[grown]
    assert "changed" in reasons[touched]
    assert "another content" in reasons[rewritten]
    assert "link" in reasons[linked]
    assert len(done.moved) == 2
    assert {path: before[path] for path in state(sounds)} == state(sounds)
    assert elsewhere.exists()


def test_the_last_copy_is_never_moved(mine) -> None:
    sounds, library = mine
    plan = library.duplicates(["exact"]).plan()
    (sounds / "tone_000.wav").unlink()  # the one that was to stay
    done = plan.apply()
    left = [reason for path, reason in done.left if "copy 0" in path]
    assert len(left) == 2
    assert all("would stay for it cannot be read" in reason for reason in left)


def test_one_file_under_two_names_is_no_duplicate(tmp_path) -> None:
    sounds = make_sounds(tmp_path / "sounds", 1)
    os.link(sounds / "tone_000.wav", sounds / "hard link.wav")
    library = Library.create(tmp_path / "lib")
    library.ingest(sounds, workers=1, level="basic")
    done = library.duplicates(["exact"]).plan().apply()
    assert done.moved == []
    assert "same file" in done.left[0][1]


def test_a_folder_behind_a_link_is_not_followed(mine) -> None:
    sounds, library = mine
    plan = library.duplicates(["exact"]).plan()
    outside = sounds.parent / "outside"
    shutil.move(sounds / "second", outside)
    (sounds / "second").symlink_to(outside)
    done = plan.apply()
    assert [reason for _, reason in done.left] == ["lies behind a link that leads out of its folder"] * 3
    assert len(list(outside.iterdir())) == 3


def test_who_writes_to_the_library_keeps_others_from_moving(mine) -> None:
    sounds, library = mine
    plan = library.duplicates(["exact"]).plan()
    before = state(sounds)
    with writer_lock(library.tables.folder, library.uri), pytest.raises(LibraryError, match="is writing"):
        plan.apply()
    assert state(sounds) == before


def test_another_file_at_the_old_place_is_not_written_over(mine) -> None:
    sounds, library = mine
    done = library.duplicates(["exact"]).plan().apply()
    taken = sounds / "second" / "copy 0.wav"
    taken.write_bytes(b"something else")
    back = library.undo_duplicates(done.journal)
    assert taken.read_bytes() == b"something else"
    assert len(back.moved) == 5
    assert "another content" in back.left[0][1]
    assert any(Path(to).exists() for source, to in done.moved if source == str(taken))


def test_what_is_no_journal_is_refused(mine) -> None:
    sounds, library = mine
    with pytest.raises(LibraryError, match="no journal"):
        library.undo_duplicates(sounds / "tone_000.wav")
    with pytest.raises(LibraryError, match="cannot be read"):
        library.undo_duplicates(sounds / "nothing.journal")
    done = library.duplicates(["exact"]).plan().apply()
    other = Library.create(sounds.parent / "other")
    with pytest.raises(LibraryError, match="belongs to the library"):
        other.undo_duplicates(done.journal)


def test_across_file_systems(mine) -> None:
    if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat(mine[0]).st_dev:
        pytest.skip("/dev/shm is no other file system here")
    sounds, library = mine
    before = state(sounds)
    trash = Path(f"/dev/shm/samplemind-test-{os.getpid()}")
    try:
        done = library.duplicates(["exact"]).plan().apply(trash)
        assert len(done.moved) == 6
        assert len(state(trash)) == 6
        library.undo_duplicates(done.journal)
        assert state(sounds) == before
    finally:
        shutil.rmtree(trash, ignore_errors=True)


def test_a_move_never_writes_over_a_file(tmp_path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("new")
    target.write_text("old")
    with pytest.raises(FileExistsError):
        move_file(str(source), str(target))
    assert (source.read_text(), target.read_text()) == ("new", "old")


_APPLY = """
import os, signal, sys
from samplemind.library import Library
from samplemind.library.duplicates import journal

stop_at, copies = int(sys.argv[2]), sys.argv[3] == "copies"
count = 0

def step():
    global count
    count += 1
    if count == stop_at:
        os.kill(os.getpid(), signal.SIGKILL)

def watched(function):
    def call(*arguments, **named):
        step()
        result = function(*arguments, **named)
        step()
        return result
    return call

if copies:  # as on another file system
    def refuse(source, target, rename=os.rename):
        if not source.endswith(".part"):
            raise OSError(18, "other file system")
        rename(source, target)
    os.rename = refuse
for name in ("rename", "unlink", "fsync", "makedirs"):
    setattr(os, name, watched(getattr(os, name)))
Library.open(sys.argv[1]).duplicates(["exact"]).plan().apply()
print(count)
"""


@pytest.mark.parametrize("way", ["renames", "copies"])
@pytest.mark.slow
def test_a_kill_at_any_step_loses_nothing_and_is_undone(copies, tmp_path, way) -> None:
    """Before and after each call that changes the disk, a process is killed, and its journal undone."""
    script = tmp_path / "apply.py"
    script.write_text(_APPLY)
    stop_at, killed = 3, 0
    while True:
        base = tmp_path / f"{stop_at}"
        sounds = base / "sounds"
        shutil.copytree(copies / "sounds", sounds, copy_function=shutil.copy2)
        library = Library.create(base / "lib")
        library.ingest(sounds, workers=1, level="basic")
        before = state(sounds)
        done = subprocess.run([sys.executable, str(script), library.uri, str(stop_at), way], capture_output=True)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed += 1
        trash = Path(f"{library.uri}.trash")
        there = {content for content, _ in state(sounds, trash).values()}
        assert there >= {content for content, _ in before.values()}
        for journal in trash.glob("*.journal"):
            if journal.stat().st_size:
                library.undo_duplicates(journal)
        assert state(sounds) == before
        assert not [path for path in trash.rglob("*") if path.is_file() and path.suffix != ".journal"]
        assert len(library) == 9
        assert_sound(library)
        assert library.ingest(sounds, workers=1, level="basic").unchanged == 9
        stop_at += 11  # every step would take minutes; 11 has no factor in common with the steps of a file
    assert killed >= 3
    assert int(done.stdout) < stop_at
