"""The one table of every descriptor.

The library's schema, the JSON form, the help texts, filters and tests are all read from here. To add a descriptor,
add its line, raise the version of its group, and return it from the group's `compute`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from samplemind.descriptors.over_blocks import RULES, Rule, rule_of
from samplemind.errors import ParameterError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CATALOGUE", "GROUPS", "LEVELS", "Descriptor", "Level", "as_row", "by_name", "describe", "descriptors",
           "groups_of", "parse_level"]  # fmt: skip

Level = Literal["basic", "standard", "detailed"]
LEVELS: Final[tuple[Level, ...]] = ("basic", "standard", "detailed")
DType = Literal["float", "int", "text", "vector", "floats", "texts"]
#: Groups in the order in which they are computed, each with its version: raise it when any of its numbers change, and
#: the next ingest computes that group again, and only that one.
GROUPS: Final[dict[str, int]] = {
    "container": 2, "level": 1, "loudness": 1, "envelope": 1, "spectrum": 2, "timbre": 1, "pitch": 2, "harmonic": 2,
    "tonality": 3, "rhythm": 2, "kind": 2, "class": 2, "events": 2, "hpss": 1, "perceptual": 2, "vectors": 3,
    "fingerprint": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One thing that an analysis says.

    Attributes
    ----------
    name : str
        Column name and JSON key.
    group : str
        One of `GROUPS`.
    level : {'basic', 'standard', 'detailed'}
        The lowest level that gives it.
    dtype : {'float', 'int', 'text', 'vector', 'floats', 'texts'}
        `vector` has `size` numbers; `floats` and `texts` are lists of any length.
    unit : str
        Physical unit, empty for a pure number or a name.
    low, high : float or None
        What values are possible (None: no bound on that side).
    meaning, source : str
        In words, and after whom.
    size : int or None
        Length of a vector.
    over_blocks : str
        How the value of a long sound comes of those of its blocks: see `over_blocks.RULES`.
    """

    name: str
    group: str
    level: Level
    dtype: DType
    unit: str
    low: float | None
    high: float | None
    meaning: str
    source: str = ""
    size: int | None = None
    over_blocks: Rule = "mean"


def _vector(name: str, group: str, level: Level, size: int, unit: str, meaning: str, source: str,
            low: float | None = None, high: float | None = None) -> Descriptor:  # fmt: skip
    return Descriptor(name, group, level, "vector", unit, low, high, meaning, source, size)


def _floats(group: str, level: Level, *rows: tuple[str, str, float | None, float | None, str, str]) -> list[Descriptor]:
    return [Descriptor(name, group, level, "float", unit, low, high, meaning, source)
            for name, unit, low, high, meaning, source in rows]  # fmt: skip


PEETERS = "Peeters 2004, A large set of audio features (CUIDADO)"
EBU = "ITU-R BS.1770-5 (2023); EBU R128 (2023)"
TIMBRAL = "after Pearce, Brookes & Mason 2019 (AudioCommons timbral models), reduced form"

#: What every frame of the shared spectrogram says; `spectrum.py` makes statistics of each over the sounding frames.
#: name: (unit, low, high, meaning, source)
FRAME_FEATURES: Final[dict[str, tuple[str, float | None, float | None, str, str]]] = {
    "centroid": ("Hz", 0, 22050, "centre of gravity of the power spectrum", PEETERS),
    "spread": ("Hz", 0, 22050, "standard deviation of the power spectrum about its centroid", PEETERS),
    "skewness": ("", None, None, "asymmetry of the power spectrum about its centroid", PEETERS),
    "kurtosis": ("", 0, None, "peakedness of the power spectrum about its centroid (3: a Gaussian)", PEETERS),
    "rolloff": ("Hz", 0, 22050, "frequency below which 85 % of the power lies", "Scheirer & Slaney 1997"),
    "rolloff95": ("Hz", 0, 22050, "frequency below which 95 % of the power lies", "Scheirer & Slaney 1997"),
    "flatness": ("", 0, 1, "geometric over arithmetic mean of the power: 0 a tone, 1 white noise", "Johnston 1988"),
    "entropy": ("", 0, 1, "Shannon entropy of the power spectrum over its maximum", "Misra et al. 2004"),
    "crest": ("dB", 0, 31, "highest bin over the mean bin, in power", PEETERS),
    "slope": ("dB/oct", None, None, "slope of a line through the octave bands in dB", PEETERS),
    "decrease": ("", None, None, "how steeply amplitude falls from the lowest band on", "Krimphoff et al. 1994"),
    "hfc": ("dB", None, None, "high-frequency content: power weighted by the bin it lies in", "Masri 1996"),
    "flux": ("dB", 0, None, "mean rise of the mel bands from the frame before", "Bello et al. 2005, SuperFlux-like"),
    "zcr": ("Hz", 0, 44100, "zero crossings a second", "Kedem 1986"),
}
STATS: Final[dict[str, tuple[Level, str]]] = {
    "mean": ("standard", "mean"), "std": ("standard", "standard deviation"),
    "min": ("detailed", "5th percentile"), "median": ("detailed", "median"), "max": ("detailed", "95th percentile"),
    "delta": ("detailed", "mean absolute difference of frames 23 ms apart"),
}  # fmt: skip
_NON_NEGATIVE_STATS = ("std", "delta")


def _frame_statistics() -> list[Descriptor]:
    rows = []
    for feature, (unit, low, high, meaning, source) in FRAME_FEATURES.items():
        for stat, (level, words) in STATS.items():
            bounds = (0.0, None) if stat in _NON_NEGATIVE_STATS else (low, high)
            rows.append(Descriptor(f"{feature}_{stat}", "spectrum", level, "float", unit, *bounds,
                                   f"{words} over the sounding frames of: {meaning}", source))  # fmt: skip
    return rows


_ENTRIES: Final[tuple[Descriptor, ...]] = (
    Descriptor("container", "container", "basic", "text", "", None, None, "container format, by content"),
    Descriptor("codec", "container", "basic", "text", "", None, None, "coding of the samples"),
    Descriptor("sample_rate", "container", "basic", "int", "Hz", 1, None, "frames a second"),
    Descriptor("channels", "container", "basic", "int", "", 1, None, "channels"),
    Descriptor("bit_depth", "container", "basic", "int", "bit", 1, 64, "bits a stored sample; null for lossy codecs"),
    Descriptor("frames", "container", "basic", "int", "", 1, None, "decoded samples a channel"),
    *_floats("container", "basic", ("duration_s", "s", 0, None, "length of what was decoded", "")),
    Descriptor("audio_hash", "container", "basic", "text", "", None, None,
               "BLAKE3 of the decoded samples: equal for equal sound in other containers or with other tags",
               "O'Connor et al. 2020"),
    *_floats("level", "basic",
        ("peak_dbfs", "dBFS", -200, None, "highest sample", "AES17-2020"),
        ("true_peak_dbtp", "dBTP", -200, None, "highest value between samples, 4 times oversampled", EBU),
        ("rms_dbfs", "dBFS", -200, None, "root mean square of the whole file (0 dBFS: a full-scale square wave)", ""),
        ("crest_factor_db", "dB", 0, None, "peak over root mean square", ""),
        ("dc_offset", "", None, None, "mean of the samples; beyond 1 only where a float file is", ""),
        ("leading_silence_s", "s", 0, None, "time before the sound first passes -60 dB of its peak", ""),
        ("trailing_silence_s", "s", 0, None, "time after the sound last passes -60 dB of its peak", ""),
        ("effective_duration_s", "s", 0, None, "length without leading and trailing silence", PEETERS),
        ("stereo_correlation", "", -1, 1, "correlation of left and right; null for one channel", ""),
        ("stereo_width", "", 0, 1, "side over mid + side energy; null for one channel", "")),
    Descriptor("clipped_samples", "level", "basic", "int", "", 0, None,
               "samples in runs of at least 3 equal values at full scale"),
    Descriptor("nonfinite_samples", "level", "basic", "int", "", 0, None, "NaN or infinite samples, taken as 0"),
    *_floats("loudness", "basic",
        ("loudness_lufs", "LUFS", -70, None,
         "integrated, gated loudness; under 0.4 s the loudness of the whole sound; null below -70", EBU),
        ("loudness_range_lu", "LU", 0, None, "loudness range; null under 3 s", "EBU Tech 3342 (2023)"),
        ("loudness_momentary_max_lufs", "LUFS", -70, None, "loudest 0.4 s", EBU),
        ("loudness_short_term_max_lufs", "LUFS", -70, None, "loudest 3 s; null for shorter sounds", EBU)),
    *_floats("envelope", "basic",
        ("attack_s", "s", 0, None, "from 20 % to 90 % of the first maximum of the envelope", PEETERS),
        ("attack_log10", "log10(s)", -4, None, "logarithm of the attack time", "Krimphoff et al. 1994"),
        ("peak_time_s", "s", 0, None, "when the envelope is highest", ""),
        ("decay_s", "s", 0, None, "from the highest point until 20 dB below it, the end of the file at most", ""),
        ("decay_db_per_s", "dB/s", 0, None, "slope of the decay, by least squares on the envelope in dB", ""),
        ("sustain_level", "", 0, 1, "median of the sounding part over the highest point of the envelope", ""),
        ("temporal_centroid", "", 0, 1, "centre of gravity of the energy over the effective duration", PEETERS),
        ("envelope_flatness", "", 0, 1, "geometric over arithmetic mean of the envelope", ""),
        ("envelope_crest", "", 1, None, "maximum over mean of the envelope", ""),
        ("onset_rate", "1/s", 0, None, "onsets a second of effective duration", "")),
    Descriptor("onset_count", "envelope", "basic", "int", "", 0, None,
               "attacks heard", "Böck & Widmer 2013, spectral flux with maximum filter"),
    *_frame_statistics(),
    _vector("contrast_mean", "spectrum", "standard", 7, "dB", "peak over valley in 7 octave bands, mean over frames",
            "Jiang et al. 2002", 0),
    _vector("contrast_std", "spectrum", "standard", 7, "dB", "the same, deviation over frames", "Jiang et al. 2002", 0),
    _vector("mfcc_mean", "timbre", "standard", 20, "dB", "mel-frequency cepstral coefficients, mean over frames",
            "Davis & Mermelstein 1980; 40 Slaney mel bands, orthonormal DCT-II of dB"),
    _vector("mfcc_std", "timbre", "standard", 20, "dB", "the same, deviation over frames",
            "Davis & Mermelstein 1980", 0),
    _vector("mfcc_delta_std", "timbre", "standard", 20, "dB", "deviation of their slope over 9 frames",
            "Furui 1986", 0),
    _vector("mel_mean", "timbre", "standard", 40, "dB",
            "level in 40 mel bands, relative to the loudest, mean over frames",
            "Stevens, Volkmann & Newman 1937; Slaney 1998"),
    _vector("mel_std", "timbre", "standard", 40, "dB", "the same, deviation over frames", "Slaney 1998", 0),
    *_floats("timbre", "standard",
        ("harmonic_percussive_ratio", "", 0, 1, "1: steady over time (harmonic), 0: even over frequency (percussive)",
         "Ono et al. 2008, on mel bands"),
        ("low_energy_ratio", "", 0, 1, "share of energy below 200 Hz", ""),
        ("mid_energy_ratio", "", 0, 1, "share of energy from 200 Hz to 4 kHz", ""),
        ("high_energy_ratio", "", 0, 1, "share of energy above 4 kHz", "")),
    *_floats("pitch", "standard",
        ("f0_hz", "Hz", 20, 5000, "pitch of the sound, null where it has none", "see docs/algorithms.md"),
        ("cents_off", "cent", -50, 50, "distance of the pitch from the nearest note at A4 = 440 Hz", ""),
        ("voicing", "", 0, 1, "share of sounding frames with a clear period", "de Cheveigné & Kawahara 2002"),
        ("pitch_confidence", "", 0, 1, "chance that the note is right", ""),
        ("pitch_salience", "", 0, 1, "height of the normalised autocorrelation at the period", "Boersma 1993"),
        ("pitch_range_cents", "cent", 0, None, "10th to 90th percentile of the pitch over time", ""),
        ("pitch_glide_cents", "cent", None, None, "pitch at the end less pitch at the start (kicks fall)", "")),
    Descriptor("midi_note", "pitch", "standard", "int", "MIDI", 0, 127, "nearest note, C4 = 60"),
    *_floats("harmonic", "standard",
        ("inharmonicity", "", 0, 1, "mean distance of the partials from whole multiples of f0", PEETERS),
        ("odd_even_ratio", "dB", None, None, "energy of odd over even partials", "Martin & Kim 1998"),
        ("harmonic_energy_ratio", "", 0, 1, "share of energy at multiples of f0", PEETERS)),
    _vector("tristimulus", "harmonic", "standard", 3, "", "energy of partial 1, of 2 to 4, of 5 and up",
            "Pollard & Jansson 1982", 0, 1),
    Descriptor("key", "tonality", "standard", "text", "", None, None, "tonic, with sharps; null where there is none"),
    Descriptor("scale", "tonality", "standard", "text", "", None, None, "major or minor"),
    *_floats("tonality", "standard",
        ("key_confidence", "", 0, 1, "chance that key and scale are right", ""),
        ("key_strength", "", -1, 1, "correlation of the pitch-class profile with that of the key",
         "Krumhansl 1990; Gómez 2006"),
        ("tuning_cents", "cent", -50, 50, "how far the sound's notes lie from A4 = 440 Hz", "Gómez 2006"),
        ("hpcp_entropy", "", 0, 1, "evenness of the pitch classes: 0 one, 1 all alike", ""),
        ("tonal_share", "", 0, 1, "share of energy in clear spectral peaks", "")),
    _vector("hpcp", "tonality", "standard", 12, "", "strength of each pitch class from C on, the strongest 1",
            "Gómez 2006, harmonic pitch class profile", 0, 1),
    *_floats("rhythm", "standard",
        ("bpm", "BPM", 30, 300, "tempo; null for single hits and sounds without a beat", "see docs/algorithms.md"),
        ("bpm_confidence", "", 0, 1, "chance that the tempo is within 1 %", ""),
        ("bpm_alternative", "BPM", 30, 300, "the runner-up", ""),
        ("musical_length_s", "s", 0, None, "length in whole beats, which may differ from the file's", ""),
        ("downbeat_s", "s", 0, None, "when the first beat falls", ""),
        ("pulse_clarity", "", 0, 1, "share of the onset strength that lies on the grid of beats, halves or quarters",
         "after Lartillot et al. 2008")),
    Descriptor("beat_count", "rhythm", "standard", "int", "beat", 1, None, "beats of the musical length"),
    Descriptor("beats_per_bar", "rhythm", "standard", "int", "beat", 2, 12, "metre, where it shows"),
    Descriptor("kind", "kind", "basic", "text", "", None, None, "one-shot, loop or other"),
    *_floats("kind", "basic",
        ("kind_confidence", "", 0, 1, "chance that the kind is right", ""),
        ("onset_periodicity", "", 0, 1, "how regularly the attacks lie", ""),
        ("seam_continuity", "", 0, 1, "how well the end runs into the start", ""),
        ("tail_ratio", "", 0, 1, "level of the last 10 % over the loudest part", "")),
    Descriptor("sample_class", "class", "standard", "text", "", None, None, "what sort of sound it is; null if unsure"),
    *_floats("class", "standard", ("sample_class_confidence", "", 0, 1, "chance that the class is right", "")),
    Descriptor("onset_times", "events", "detailed", "floats", "s", 0, None, "when each attack begins"),
    Descriptor("beat_times", "events", "detailed", "floats", "s", 0, None, "when each beat falls"),
    Descriptor("chord_times", "events", "detailed", "floats", "s", 0, None, "when each chord begins"),
    Descriptor("chord_labels", "events", "detailed", "texts", "", None, None,
               "chords (C, Am, ..., N for none), one for each of chord_times", "Fujishima 1999, templates"),
    *_floats("events", "detailed",
        ("chord_change_rate", "1/s", 0, None, "changes of chord a second", ""),
        ("onset_interval_mean_s", "s", 0, None, "mean time between attacks", ""),
        ("onset_interval_std_s", "s", 0, None, "deviation of the time between attacks", "")),
    *_floats("hpss", "detailed",
        ("harmonic_share", "", 0, 1, "share of energy that median filters find harmonic", "Fitzgerald 2010"),
        ("percussive_share", "", 0, 1, "share of energy that median filters find percussive", "Fitzgerald 2010"),
        ("residual_share", "", 0, 1, "share of energy that is neither", "Driedger et al. 2014"),
        ("harmonic_centroid", "Hz", 0, 22050, "spectral centroid of the harmonic part", ""),
        ("percussive_centroid", "Hz", 0, 22050, "spectral centroid of the percussive part", ""),
        ("percussive_onset_rate", "1/s", 0, None, "attacks a second in the percussive part", "")),
    *_floats("perceptual", "detailed",
        ("sharpness_acum", "acum", 0, None, "sharpness of the specific loudness", "Zwicker & Fastl 1990; DIN 45692"),
        ("brightness", "", 0, 100, "how bright it sounds", TIMBRAL),
        ("hardness", "", 0, 100, "how hard the attacks sound", TIMBRAL),
        ("depth", "", 0, 100, "how deep it sounds", TIMBRAL),
        ("warmth", "", 0, 100, "how warm it sounds", TIMBRAL),
        ("boominess", "", 0, 100, "how boomy it sounds", TIMBRAL + "; Hatano & Hashimoto 2000"),
        ("roughness", "", 0, 100, "how rough it sounds", "Vassilakis 2001, on spectral peaks"),
        ("dissonance", "", 0, 1, "sensory dissonance of the spectral peaks", "Plomp & Levelt 1965; Sethares 1998")),
    _vector("embedding", "vectors", "standard", 128, "", "the whole sound as one L2-normalised vector",
            "see docs/algorithms.md", -1, 1),
    _vector("spectrum_vector", "vectors", "standard", 40, "", "aspect: distribution over frequency", "", -1, 1),
    _vector("timbre_vector", "vectors", "standard", 40, "", "aspect: cepstral shape and its movement", "", -1, 1),
    _vector("pitch_vector", "vectors", "standard", 16, "", "aspect: height and course of the pitch", "", -1, 1),
    _vector("envelope_vector", "vectors", "standard", 32, "", "aspect: course of the level", "", -1, 1),
    _vector("rhythm_vector", "vectors", "standard", 32, "", "aspect: periodicities of the onsets", "", -1, 1),
    _vector("harmony_vector", "vectors", "standard", 24, "", "aspect: pitch classes, and the same from the tonic on",
            "", -1, 1),
    _vector("fingerprint", "fingerprint", "standard", 128, "",
            "levels of 16 bands from the attack on, four of 6 bits in each number: knows the same sound again",
            "see docs/duplicates.md; after Haitsma & Kalker 2002", 0, 2**24 - 1),
)  # fmt: skip
CATALOGUE: Final = tuple(replace(entry, over_blocks=rule_of(entry.name, entry.group)) for entry in _ENTRIES)

_BY_NAME: Final = {entry.name: entry for entry in CATALOGUE}


def parse_level(level: str) -> Level:
    """Check the name of a level.

    Raises
    ------
    ParameterError
        For any other name.
    """
    for known in LEVELS:
        if level == known:
            return known
    raise ParameterError(f"level: {level!r} is not one of {', '.join(LEVELS)}")


@lru_cache
def descriptors(level: str = "detailed") -> tuple[Descriptor, ...]:
    """All entries that an analysis at `level` gives, in the order of the catalogue."""
    rank = LEVELS.index(parse_level(level))
    return tuple(entry for entry in CATALOGUE if LEVELS.index(entry.level) <= rank)


@lru_cache
def groups_of(level: str) -> tuple[str, ...]:
    """Names of the groups that an analysis at `level` computes, in the order of computation."""
    present = {entry.group for entry in descriptors(level)}
    return tuple(group for group in GROUPS if group in present)


def by_name(name: str) -> Descriptor:
    """Look up one entry.

    Raises
    ------
    ParameterError
        For a name that is not in the catalogue; the text offers the nearest ones.
    """
    if name not in _BY_NAME:
        import difflib

        near = ", ".join(difflib.get_close_matches(name, _BY_NAME, 4, 0.5)) or "see `samplemind describe`"
        raise ParameterError(f"descriptor: {name!r} is unknown; did you mean: {near}?")
    return _BY_NAME[name]


def as_row(entry: Descriptor) -> dict[str, Any]:
    """One entry as a row of a table."""
    return {
        "name": entry.name,
        "group": entry.group,
        "version": GROUPS[entry.group],
        "level": entry.level,
        "type": f"vector of {entry.size}" if entry.size else entry.dtype,
        "unit": entry.unit or None,
        "low": entry.low,
        "high": entry.high,
        "meaning": entry.meaning,
        "source": entry.source or None,
        "over_blocks": f"{entry.over_blocks}: {RULES[entry.over_blocks]}",
    }


def describe(name: str | None = None) -> pl.DataFrame:
    """Say what descriptors mean.

    Parameters
    ----------
    name : str, optional
        Of one descriptor; all if not given.

    Returns
    -------
    polars.DataFrame
        A row each: name, group, version, level, type, unit, low, high, meaning, source, over_blocks (of long sounds).

    Raises
    ------
    ParameterError
        For a name that is not in the catalogue.
    """
    import polars as pl

    entries = CATALOGUE if name is None else (by_name(name),)
    return pl.DataFrame([as_row(entry) for entry in entries], infer_schema_length=None)
