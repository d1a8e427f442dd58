"""Every group together: any sound at all gives a valid, finite analysis, and values lie where the catalogue says."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplemind.audio.clip import Clip
from samplemind.descriptors.catalogue import GROUPS, LEVELS, by_name, descriptors, groups_of
from samplemind.descriptors.engine import Analysis, analyze, analyze_file
from samplemind.errors import ParameterError

from .sounds import SR, clicks, decaying, noise, sine

FIXED = ["path", "status", "error", "duration_s", "sample_rate", "channels", "kind", "kind_confidence", "bpm",
         "bpm_confidence", "key", "scale", "key_confidence", "f0_hz", "midi_note", "pitch_confidence", "loudness_lufs",
         "peak_dbfs", "sample_class", "sample_class_confidence"]  # fmt: skip


def check(analysis: Analysis) -> None:
    """Everything that must hold of any analysis."""
    assert analysis.status == "ok"
    assert set(analysis.values) == {entry.name for entry in descriptors(analysis.level)}
    for name, value in analysis.values.items():
        entry = by_name(name)
        if value is None or entry.dtype in ("text", "texts"):
            continue
        numbers = np.atleast_1d(np.asarray(value, dtype=np.float64))
        assert np.isfinite(numbers).all(), name
        slack = 1e-3 * max(1.0, float(np.abs(numbers).max(initial=0)))
        assert entry.low is None or numbers.min(initial=np.inf) >= entry.low - slack, (name, value)
        assert entry.high is None or numbers.max(initial=-np.inf) <= entry.high + slack, (name, value)
        if entry.group == "vectors":
            assert np.linalg.norm(numbers) == pytest.approx(1, abs=1e-4), name


ODD = {
    "one sample": (np.array([0.5]), SR),
    "one sample of nothing": (np.array([0.0]), SR),
    "two samples": (np.array([0.5, -0.5]), SR),
    "silence": (np.zeros(SR), SR),
    "offset": (np.full(SR, 0.5), SR),
    "short offset": (np.full(300, 0.5), SR),
    "nan": (np.full(5000, np.nan), SR),
    "nan among sound": (np.where(np.arange(9000) % 7, noise(1)[:9000], np.inf), SR),
    "far over full scale": (noise(0.3) * 1e4, SR),
    "almost nothing": (noise(0.3) * 1e-5, SR),
    "8 channels at 192 kHz": (np.stack([noise(0.2, seed=i, rate=192000) for i in range(8)]), 192000),
    "reversed channels": (np.stack([noise(0.3), -noise(0.3)]), SR),
    "8 kHz": (noise(0.5, rate=8000), 8000),
    "odd rate": (noise(0.5, rate=44101), 44101),
    "impulse": ((np.arange(20000) == 10000) * 1.0, SR),
    "sound in the last samples only": ((np.arange(642) == 622) * 0.5, SR),
    "full-scale square": (np.sign(sine(50)), SR),
    "tone": (sine(440, 2.0), SR),
    "hit": (decaying(60, 0.4), SR),
    "beat": (clicks([0.5 * k for k in range(8)], 4.0), SR),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ODD)
def test_odd_sounds(name: str, level: str, capfd: pytest.CaptureFixture[str]) -> None:
    samples, rate = ODD[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none may reach the user
        check(analyze(Clip.from_array(samples, rate), level))
    out, err = capfd.readouterr()
    assert out == err == ""


@given(
    st.integers(1, 30000), st.integers(1, 3), st.sampled_from([8000, 22050, 44100, 48000, 96000]),
    st.integers(0, 2**31), st.floats(-120, 20), st.sampled_from(["noise", "sparse", "walk"]),
)  # fmt: skip
def test_any_sound(length: int, channels: int, rate: int, seed: int, db: float, shape: str) -> None:
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((channels, length))
    if shape == "sparse":
        y *= rng.random((channels, length)) < 0.001
    if shape == "walk":
        y = np.cumsum(y, axis=1)
        y /= max(1e-9, np.abs(y).max())
    check(analyze(Clip.from_array(y * 10 ** (db / 20), rate), "standard"))


def test_groups_can_be_computed_alone_and_say_the_same() -> None:
    clip = Clip.from_array(noise(0.5) * 0.1 + sine(220, 0.5), SR)
    whole = analyze(clip, "detailed")
    assert whole.versions == GROUPS
    for group in groups_of("detailed"):
        alone = analyze(Clip.from_array(clip.samples, SR), "detailed", groups=[group])
        assert alone.versions == {group: GROUPS[group]}
        for name, value in alone.values.items():
            np.testing.assert_equal(value, whole.values[name], err_msg=name)


def test_unknown_group_or_level_is_refused() -> None:
    clip = Clip.from_array(noise(0.1), SR)
    with pytest.raises(ParameterError, match="'loudnes'"):
        analyze(clip, groups=["loudnes"])
    with pytest.raises(ParameterError, match="'deep'"):
        analyze(clip, "deep")
    with pytest.raises(ParameterError, match="vectors"):
        analyze(clip, "basic", groups=["vectors"])


def test_what_is_no_clip_is_told_where_to_go() -> None:
    with pytest.raises(ParameterError, match="analyze_file"):
        analyze("kick.wav")  # type: ignore[arg-type]


def test_an_analysis_says_what_it_is_in_a_few_lines() -> None:
    text = repr(analyze(Clip.from_array(sine(440), SR)))
    assert "midi_note=69" in text
    assert len(text) < 800


@pytest.mark.parametrize("level", LEVELS)
def test_json_has_the_fixed_form(tmp_path: Path, level: str) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, sine(440, 0.5), SR)
    row = json.loads(json.dumps(analyze_file(str(path), level).to_json(), allow_nan=False))
    assert set(FIXED) <= set(row)
    assert row["status"] == "ok"
    assert row["error"] is None
    assert "embedding" not in row
    with_vectors = analyze_file(str(path), level).to_json(vectors=True)
    assert ("embedding" in with_vectors) == (level != "basic")


def test_the_reference_packages_are_not_needed() -> None:
    """Essentia has no wheel for every system: without it, and without librosa, the answers are the same."""
    program = (
        "import json, sys\n"
        "sys.modules['essentia'] = sys.modules['librosa'] = None\n"
        "import numpy as np\n"
        "from samplemind.audio.clip import Clip\n"
        "from samplemind.descriptors.engine import analyze\n"
        "y = 0.3 * np.sin(np.arange(44100) * 0.03) * np.exp(-np.arange(44100) / 9000)\n"
        "print(json.dumps(analyze(Clip.from_array(y, 44100), 'detailed').to_json(vectors=True)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    y = 0.3 * np.sin(np.arange(44100) * 0.03) * np.exp(-np.arange(44100) / 9000)
    assert json.loads(done.stdout) == analyze(Clip.from_array(y, SR), "detailed").to_json(vectors=True)
    assert done.stderr == ""


def test_a_file_that_is_no_sound_says_why(tmp_path: Path) -> None:
    path = tmp_path / "letter.wav"
    path.write_text("Dear reader, this is no sound.\n" * 20)
    failed = analyze_file(str(path))
    assert failed.status == "failed"
    assert "text" in (failed.error or "")
    assert set(FIXED) <= set(failed.to_json())


def test_the_same_sound_in_another_container_has_the_same_audio_hash(tmp_path: Path) -> None:
    y = (noise(0.2, 0.1) * 32767).astype(np.int16)
    hashes = set()
    for name in ("a.wav", "b.flac", "c.aiff"):
        soundfile.write(tmp_path / name, y, SR)
        hashes.add(analyze_file(str(tmp_path / name), "basic").values["audio_hash"])
    assert len(hashes) == 1


def test_rate_of_the_file_hardly_changes_what_is_heard() -> None:
    import soxr

    y = (decaying(330, 0.8, 40) + 0.05 * decaying(990, 0.8, 60)).astype(np.float32)
    a = analyze(Clip.from_array(y, SR)).values
    b = analyze(Clip.from_array(soxr.resample(y, SR, 48000), 48000)).values
    assert np.dot(a["embedding"], b["embedding"]) > 0.97
    assert a["midi_note"] == b["midi_note"]
    assert a["loudness_lufs"] == pytest.approx(b["loudness_lufs"], abs=0.1)


def test_real_sounds(corpora: Path) -> None:
    for path in sorted((corpora / "weird").iterdir()):
        analysis = analyze_file(str(path), "detailed")
        if analysis.status == "ok":
            check(analysis)
        else:
            assert analysis.error, path.name
            assert not analysis.error.startswith("analysis failed"), (path.name, analysis.error)


_NOTHING_IS_COMPILED_LATER = """
import importlib, pkgutil
import numpy as np
from numba.core.dispatcher import Dispatcher
import samplemind.descriptors
from samplemind.audio.clip import Clip
from samplemind.descriptors import long
from samplemind.descriptors.engine import analyze, warm_up

warm_up()
modules = [importlib.import_module(found.name)
           for found in pkgutil.iter_modules(samplemind.descriptors.__path__, "samplemind.descriptors.")]

def compiled():
    return {f"{module.__name__}.{name}": len(made.signatures) for module in modules
            for name, made in vars(module).items() if isinstance(made, Dispatcher)}

before = compiled()
rng = np.random.default_rng(1)
time = np.arange(4 * 44100) / 44100
beat = np.sin(2 * np.pi * 60 * (time % 0.5)) * np.exp(-12 * (time % 0.5))
sounds = [np.array([0.5]), rng.standard_normal(600), np.clip(rng.standard_normal((6, 20000)), -1, 1), beat]
for samples in sounds:
    for rate in (8000, 44100, 88200):
        analyze(Clip.from_array(samples, rate), "detailed")
long.LONG_S = 3.0
long._STEPS = 20
analyze(Clip.from_array(beat, 44100), "detailed")
print([name for name, count in compiled().items() if count != before.get(name)])
"""


def test_after_warming_up_no_sound_needs_another_kernel() -> None:
    program = [sys.executable, "-c", _NOTHING_IS_COMPILED_LATER]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
