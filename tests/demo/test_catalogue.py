"""The list says what it should: classes, keys, metres, names that agree with the truth."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from samplemind.demo import ENDINGS, Sound, catalogue
from samplemind.demo.grooves import GROOVES, KITS
from samplemind.demo.harmony import NOTES, chord, hz_of, note_name
from samplemind.demo.instruments import INSTRUMENTS
from samplemind.demo.song_table import SONGS, STYLES
from samplemind.demo.voice_table import VOICES
from samplemind.errors import ParameterError

AT_LEAST = {
    "kick": 15, "snare": 15, "hat-closed": 10, "hat-open": 8, "clap": 8, "tom": 10, "cymbal": 10, "rim": 5,
    "cowbell": 5, "shaker": 6, "perc": 8, "bass": 12, "lead": 10, "pad": 8, "keys": 12, "mallet": 8, "guitar": 8,
    "strings": 6, "brass": 5, "woodwind": 5, "vocal": 4, "fx": 15, "ambience": 6, "drum-loop": 20, "music-loop": 20,
}  # fmt: skip


def test_every_class_has_its_share() -> None:
    counts = Counter(sound.sample_class for sound in catalogue())
    assert set(counts) == set(AT_LEAST)
    assert all(counts[name] >= least for name, least in AT_LEAST.items())
    assert 280 <= sum(counts.values()) <= 340


def test_the_small_library_has_every_class_and_both_kinds_of_loop() -> None:
    small = catalogue("small")
    assert {sound.sample_class for sound in small} == set(AT_LEAST)
    assert {sound.kind for sound in small} == {"one-shot", "loop", "other"}
    assert 40 <= len(small) <= 60


def test_paths_differ_even_without_extension_and_on_a_file_system_that_ignores_case() -> None:
    stems = [sound.stem.lower() for sound in catalogue()]
    assert len(set(stems)) == len(stems)


def test_loops_cover_keys_tempi_metres_and_endings() -> None:
    loops = [sound for sound in catalogue() if sound.kind == "loop"]
    assert {sound.key for sound in loops if sound.key} == {
        f"{note} {scale}" for note in NOTES for scale in ("major", "minor")
    }
    tempi = [sound.bpm for sound in loops if sound.bpm]
    assert min(tempi) <= 70
    assert max(tempi) >= 170
    assert {sound.ending for sound in loops} == set(ENDINGS) - {"natural"}
    assert {groove.beats_per_bar for groove in GROOVES.values()} >= {3, 3.5, 4, 5}


@pytest.mark.parametrize("sound", [s for s in catalogue() if s.kind == "loop"], ids=lambda s: s.name)
def test_a_loop_is_named_after_its_truth(sound: Sound) -> None:
    assert f"{sound.bpm:g} BPM" in sound.name
    if sound.key:
        tonic, scale = sound.key.split()
        assert sound.name.endswith(f" {tonic}{'m' if scale == 'minor' else ''}")


def test_only_loops_have_a_tempo_and_only_tuned_single_sounds_a_note() -> None:
    for sound in catalogue():
        assert (sound.bpm is not None) == (sound.beats is not None) == (sound.kind == "loop")
        assert sound.midi_note is None or (sound.kind == "one-shot" and sound.key is None)


def test_tables_name_only_what_exists() -> None:
    assert all(voice.maker in INSTRUMENTS for voice in VOICES.values())
    assert all(part.voice in VOICES for style in STYLES.values() for part in style.parts)
    assert all(style.groove in GROOVES or not style.groove for style in STYLES.values())
    assert all(set(groove.lanes) <= set(KITS["acoustic"]) for groove in GROOVES.values())


def test_patterns_fill_whole_bars() -> None:
    for name, groove in GROOVES.items():
        for lane, pattern in groove.lanes.items():
            assert len(pattern) % (groove.beats_per_bar * groove.steps) == 0, (name, lane)
    for name, style in STYLES.items():
        for part in style.parts:
            assert len(part.pattern) % (style.beats_per_bar * 4) == 0, (name, part.voice)


def test_a_key_is_heard_because_its_tonic_chord_is_played() -> None:
    assert [song.title for song in SONGS if 0 not in song.chords] == []


def test_harmony_by_hand() -> None:
    assert chord("A minor", 0) == (9, 12, 16)  # A C E
    assert chord("C major", 4, 4) == (7, 11, 14, 17)  # G B D F
    assert note_name(60) == "C4"
    assert hz_of(57) == pytest.approx(220.0)


def test_another_subset_is_refused_with_its_name() -> None:
    with pytest.raises(ParameterError, match="'medium'"):
        catalogue("medium")


def test_the_list_is_read_without_the_parts_that_make_sound() -> None:
    code = "import sys, samplemind.demo as d; d.catalogue(); sys.exit(bool({'scipy', 'soundfile'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
