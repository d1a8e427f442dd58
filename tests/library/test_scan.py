from __future__ import annotations

import os
from pathlib import Path

import pytest

from samplemind.errors import ParameterError
from samplemind.library.paths import from_text, to_text
from samplemind.library.scan import scan


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(found) -> list[str]:
    return sorted(os.path.basename(path) for path in found.paths)


def test_audio_files_are_found_in_any_case_and_depth_and_others_are_not(tmp_path):
    touch(tmp_path / "a.wav", tmp_path / "B.WAV", tmp_path / "x/y/c.FlaC", tmp_path / "n.txt", tmp_path / "wav")
    assert names(scan([tmp_path])) == ["B.WAV", "a.wav", "c.FlaC"]


def test_hidden_files_and_those_of_macos_are_left_out(tmp_path):
    touch(tmp_path / "a.wav", tmp_path / "._a.wav", tmp_path / ".git/b.wav", tmp_path / "__MACOSX/c.wav",
          tmp_path / ".wav")  # fmt: skip
    assert names(scan([tmp_path])) == ["a.wav"]


def test_a_file_that_is_named_is_always_taken(tmp_path):
    touch(tmp_path / "noext", tmp_path / ".hidden.wav", tmp_path / "a.wav")
    assert names(scan([tmp_path, tmp_path / "noext", tmp_path / ".hidden.wav"])) == [".hidden.wav", "a.wav", "noext"]


def test_folders_within_folders_are_not_scanned_twice(tmp_path):
    touch(tmp_path / "x/a.wav", tmp_path / "x2/b.wav")
    found = scan([tmp_path / "x", tmp_path, tmp_path / "x/a.wav"])
    assert names(found) == ["a.wav", "b.wav"]
    assert found.tops == [str(tmp_path)]


def test_loops_of_links_end_and_a_real_folder_goes_before_a_link_to_it(tmp_path):
    touch(tmp_path / "real/a.wav")
    (tmp_path / "real/up").symlink_to(tmp_path)
    (tmp_path / "0-link").symlink_to(tmp_path / "real")
    assert scan([tmp_path]).paths == [str(tmp_path / "real/a.wav")]


def test_links_to_files_are_followed_and_broken_ones_passed_over(tmp_path):
    touch(tmp_path / "elsewhere/a.wav")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link.wav").symlink_to(tmp_path / "elsewhere/a.wav")
    (tmp_path / "in/broken.wav").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "in/pipe.wav")
    assert names(scan([tmp_path / "in"])) == ["link.wav"]


def test_names_that_are_no_utf8_are_kept_and_can_be_opened(tmp_path):
    path = os.fsencode(tmp_path) + b"/kl\xe4ng \xff.wav"
    with open(path, "wb") as file:
        file.write(b"sound")
    (found,) = scan([tmp_path]).paths
    found.encode()
    with open(from_text(found), "rb") as file:
        assert file.read() == b"sound"


@pytest.mark.parametrize("name", ["plain", "ünïcode 音", "back\\slash", "b\udce4d\udcff"])
def test_paths_survive_storage(name):
    assert from_text(to_text(name)) == name
    to_text(name).encode()


def test_folders_that_cannot_be_read_are_reported(tmp_path, monkeypatch):
    touch(tmp_path / "a.wav", tmp_path / "secret/b.wav")
    list_folder = os.scandir

    def refuse(folder):
        # root may read everything: the refusal itself has to be staged
        if str(folder).endswith("secret"):
            raise PermissionError(13, "Permission denied")
        return list_folder(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    found = scan([tmp_path])
    assert names(found) == ["a.wav"]
    assert found.unreadable == [(str(tmp_path / "secret"), "Permission denied")]


def test_a_path_that_does_not_exist_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ParameterError, match="nowhere"):
        scan([tmp_path, tmp_path / "nowhere"])
    with pytest.raises(ParameterError, match="none given"):
        scan([])


def test_sizes_and_times_are_those_of_the_files(tmp_path):
    touch(tmp_path / "a.wav")
    os.utime(tmp_path / "a.wav", ns=(0, 1_700_000_000_123_456_789))
    found = scan([tmp_path])
    assert (found.sizes, found.mtimes) == ([1], [1_700_000_000_123_456_789])
