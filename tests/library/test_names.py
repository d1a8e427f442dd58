from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.library.names import NameClaims, parse_key, parse_name, parse_tags

# As packs name their files; what each says was read by a person.
NAMES = [
    ("Loop_120_Am.wav", 120, "A minor", None, None),
    ("DrumLoop_128bpm.wav", 128, None, None, "drum-loop"),
    ("128 BPM Kick Loop.wav", 128, None, None, "drum-loop"),
    ("BPM90_Beat.wav", 90, None, None, None),
    ("Groove 124 BPM.aif", 124, None, None, "drum-loop"),
    ("break02 - 141 BPM.ogg", 141, None, None, "drum-loop"),
    ("92.5bpm_guitar_loop_Emin.flac", 92.5, "E minor", None, "music-loop"),
    ("Pad_F#min.wav", None, "F# minor", None, "pad"),
    ("Lead Bb minor.wav", None, "A# minor", None, "lead"),
    ("Chords_Cmaj7.wav", None, None, None, None),
    ("Chords_Cmaj.wav", None, "C major", None, None),
    ("Keys Db Major 100 bpm.wav", 100, "C# major", None, "keys"),
    ("SYNTH_LOOP_174_G.wav", 174, "G", None, "music-loop"),
    ("Bass_Gb_01.wav", None, "F#", None, "bass"),
    ("A kick.wav", None, None, None, "kick"),
    ("A Big Day.wav", None, None, None, None),
    ("I am here.wav", None, None, None, None),
    ("piano_C3.wav", None, None, "C3", "keys"),
    ("violin-F#4.wav", None, None, "F#4", "strings"),
    ("femalevoices_aa2_C#4.mp3", None, None, "C#4", None),
    ("A0vH.flac", None, None, None, None),
    ("eb3_f_rr1_dnm.wav", None, None, "D#3", None),
    ("oboe_c6.wav", None, None, "C6", "woodwind"),
    ("808_Conga.flac", None, None, None, "perc"),
    ("tr505-tom-l.wav", None, None, None, "tom"),
    ("BD0025.WAV", None, None, None, "kick"),
    ("SD 01.wav", None, None, None, "snare"),
    ("Hat Closed.wav", None, None, None, "hat-closed"),
    ("hihat_opened01.ogg", None, None, None, "hat-open"),
    ("Open Hat 3.wav", None, None, None, "hat-open"),
    ("OH_5.wav", None, None, None, "hat-open"),
    ("Cowbell.wav", None, None, None, "cowbell"),
    ("HandClap2.wav", None, None, None, "clap"),
    ("Rimshot.wav", None, None, None, "rim"),
    ("Crash 16.wav", None, None, None, "cymbal"),
    ("kick_120.wav", None, None, None, "kick"),
    ("take 3 - 2021.wav", None, None, None, None),
    ("01 - Intro.wav", None, None, None, None),
    ("loop 120 140.wav", None, None, None, None),
    ("999bpm.wav", None, None, None, None),
    ("badger.wav", None, None, None, None),
    ("subtle.wav", None, None, None, None),
    ("Vocal FX 2.wav", None, None, None, "vocal"),
    (".wav", None, None, None, None),
    ("", None, None, None, None),
]


@pytest.mark.parametrize(("name", "bpm", "key", "note", "sample_class"), NAMES, ids=[row[0] for row in NAMES])
def test_names_of_real_packs_say_what_a_person_reads(name, bpm, key, note, sample_class):
    assert parse_name(name) == NameClaims(bpm, key, note, sample_class)


@pytest.mark.parametrize(
    ("path", "sample_class"),
    [
        ("Drums/Kicks/001.wav", "kick"),
        ("Kicks/snare.wav", "snare"),
        ("kit/garden_cp/x03.wav", None),
        ("Bass/Long/1.wav", "bass"),
        ("Kicks/Long/Deep/1.wav", None),
        ("Open Hats\\1.wav", "hat-open"),
    ],
)
def test_the_class_comes_from_the_name_first_and_then_from_two_folders(path, sample_class):
    assert parse_name(path).sample_class == sample_class


def test_a_folder_that_names_a_tempo_speaks_for_its_files():
    assert parse_name("120 BPM/loop_a.wav").bpm == 120
    assert parse_name("120 BPM/loop 90bpm.wav").bpm == 90


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error_and_within_bounds(text):
    claims = parse_name(text)
    assert claims.bpm is None or 30 <= claims.bpm <= 300
    assert claims.note is None or claims.note[0] in "ABCDEFG"


@given(st.integers(30, 300), st.sampled_from(["kick", "loop", "tone"]), st.sampled_from([" ", "_", "-", ""]))
def test_a_number_before_bpm_is_the_tempo_however_it_is_joined(bpm, word, joint):
    assert parse_name(f"{word}_{bpm}{joint}bpm.wav").bpm == bpm
    assert parse_name(f"{bpm}{joint}BPM {word}.wav").bpm == bpm


TONICS = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


@given(st.sampled_from(TONICS), st.sampled_from(["min", "Min", "minor", "m"]), st.sampled_from(["_", " ", "-"]))
def test_every_minor_key_is_found_where_it_touches_its_mode(tonic, mode, joint):
    assert parse_name(f"pad{joint}{tonic}{mode}{joint}01.wav").key == f"{tonic} minor"


@pytest.mark.parametrize(
    ("text", "key"),
    [("Am", "A minor"), ("8A", "A minor"), ("8B", "C major"), ("C", "C major"), ("F#m", "F# minor"),
     ("Ebmin", "D# minor"), ("Bb major", "A# major"), ("1A", "G# minor"), ("12B", "E major"), ("13A", None),
     ("o", None), ("", None), ("H", None)],
)  # fmt: skip
def test_keys_of_tags(text, key):
    assert parse_key(text) == key


def test_tags_that_make_no_sense_claim_nothing():
    assert parse_tags({"acid_bpm": "0", "bpm": "120,5", "key": "?", "tkey": "Dm", "smpl_root": "60"}) == (
        120.5, "D minor", 60)  # fmt: skip
    assert parse_tags({"bpm": "fast", "tbpm": str(math.nan), "smpl_root": "0"}) == (None, None, None)
    assert parse_tags({}) == (None, None, None)
