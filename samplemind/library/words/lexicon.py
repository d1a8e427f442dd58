"""The words that are understood: sorts of sounds, and what one can say of how they sound.

Data only; `phrase.py` reads phrases by it. Variants of one word are separated by `|`, words by commas. Plurals,
comparatives and spellings with or without a hyphen are made from these.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from samplemind.library.words.parts import Op, Scale, Words

__all__ = [
    "DEGREES", "NEGATORS", "NOISE", "SORTS", "STOP", "Meaning", "NamedEntry", "SortEntry", "TargetEntry", "genres",
    "meanings",
]  # fmt: skip


def _set(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


#: Classes of `sample_class`; the words that mean just them; narrower words.
SORTS: Final[tuple[tuple[str, str, str], ...]] = (
    ("kick", "kick|kik|kck|kick drum|kickdrum|bass drum|bassdrum|bd|kd", ""),
    ("snare", "snare|snr|sd|snare drum", "brush snare"),
    ("hat-closed", "closed hat|hat closed|closed hi hat|closed hihat|hi hat closed|hihat closed|chh|hhc|ch hat", ""),
    ("hat-open", "open hat|hat open|open hi hat|open hihat|hi hat open|hihat open|ohh|hho|oh hat", ""),
    ("hat-closed hat-open", "hat|hi hat|hihat|hh|high hat", "pedal hat"),
    ("clap", "clap|hand clap|handclap|clp", "snap|finger snap"),
    ("rim", "rim|rim shot|rimshot|side stick|sidestick|cross stick|stick", ""),
    ("tom", "tom|tom tom|floor tom|toms", ""),
    ("cymbal", "cymbal|cym", "crash|crash cymbal, ride|ride cymbal, splash|splash cymbal, china|china cymbal"),
    ("cowbell", "cowbell|cow bell", ""),
    ("shaker", "shaker", "maraca, cabasa, tambourine|tamb, shekere"),
    ("perc", "perc|percussion", "conga, bongo, timbale, clave, woodblock|wood block, guiro, agogo, djembe, tabla, "
                                "triangle, cajon, timpani"),
    ("bass", "bass|bassline|bass line|subbass", "reese, bass guitar"),
    ("lead", "lead|synth lead", "pluck, stab, arp|arpeggio, synth|synthesizer|synthesiser"),
    ("pad", "pad", "drone"),
    ("keys", "keys|keyboard", "piano|grand piano, rhodes|electric piano|e piano|epiano, wurlitzer|wurli, organ, "
                              "clavinet|clav, harpsichord"),
    ("guitar", "guitar|gtr", "ukulele, banjo, acoustic guitar, electric guitar"),
    ("strings", "string|strings", "violin|fiddle, viola, cello|violoncello, double bass|contrabass, harp, pizzicato"),
    ("brass", "brass", "trumpet, trombone, horn|french horn, tuba"),
    ("woodwind", "woodwind|wind instrument", "flute, clarinet, oboe, bassoon, sax|saxophone, recorder, piccolo"),
    ("mallet", "mallet", "marimba, xylophone, vibraphone|vibes, glockenspiel, kalimba|thumb piano, celesta, bell, "
                         "music box"),
    ("vocal", "vocal|vox|singing|singer|sung", "choir, acapella|acappella|a cappella, vocoder, adlib|ad lib, chant"),
    ("speech", "speech|spoken|spoken word|talking|dialogue|dialog|voice over|voiceover", ""),
    ("speech vocal", "voice|human voice", ""),
    ("fx", "fx|sfx|sound effect|effect", "riser|uplifter, downlifter, sweep, impact, whoosh, zap, laser, glitch, "
           "explosion, transition, scratch, siren, alarm, beep, click, swoosh"),
    ("ambience", "ambience|ambiance|ambient|atmo|atmos|atmosphere|room tone|roomtone|field recording|soundscape",
     "rain, wind, forest, ocean|sea, street|traffic, crowd, thunder, river|stream, birdsong"),
    ("fx ambience", "foley", ""),
    ("drum-loop", "drum loop|drumloop|break|breakbeat|drum break|beat|groove|drum fill|top loop", ""),
    ("music-loop", "music loop|melody loop|musical loop|synth loop|chord loop", ""),
)  # fmt: skip
#: Names for many classes together: name, classes, words.
GROUPS: Final = (
    (
        "drums",
        "kick snare hat-closed hat-open clap rim tom cymbal cowbell shaker perc drum-loop",
        "drum|drums|drum kit",
    ),
)

#: Name of the direction; where it is heard (`-`: low values, `|…|`: without sign, a number: its weight); its words.
#: What is only computed at level detailed has a stand-in of level standard beside it.
TARGETS: Final[tuple[tuple[str, str, str], ...]] = (
    ("bright", "brightness 2, centroid_mean, rolloff_mean", "bright|brilliant|shiny|sparkling|sparkly|treble|trebly"),
    ("dark", "brightness -2, centroid_mean -1, rolloff_mean -1", "dark|dull|muffled|mellow|dim"),
    ("warm", "warmth 2, high_energy_ratio -1, mid_energy_ratio 0.5", "warm"),
    ("cold", "warmth -2, high_energy_ratio, low_energy_ratio -1", "cold|icy"),
    ("harsh", "sharpness_acum, roughness, high_energy_ratio, flatness_mean 0.5", "harsh|shrill|piercing|strident"),
    ("sharp", "sharpness_acum 2, centroid_mean, attack_log10 -1", "sharp"),
    ("airy", "high_energy_ratio, flatness_mean 0.5, rolloff95_mean", "airy|breathy"),
    ("boomy", "boominess 2, low_energy_ratio, decay_s 0.5", "boomy|booming|muddy"),
    ("punchy", "hardness, attack_log10 -1, crest_factor_db, low_energy_ratio 0.5", "punchy|punch|impactful"),
    ("snappy", "attack_log10 -1, decay_s -1, crest_factor_db", "snappy|tight|crisp|clicky"),
    ("hard", "hardness 2, attack_log10 -1, crest_factor_db 0.5", "hard"),
    ("soft", "hardness -2, attack_log10, crest_factor_db -0.5", "soft|gentle|smooth"),
    ("hard attack", "attack_log10 -1", "hard attack|fast attack|quick attack|sharp attack|short attack"),
    ("soft attack", "attack_log10", "soft attack|slow attack|long attack|gentle attack|fade in|swelling"),
    ("aggressive", "hardness, roughness, crest_factor_db -0.5, loudness_lufs 0.5, flatness_mean 0.5",
     "aggressive|angry"),
    ("noisy", "flatness_mean 2, tonal_share -1, pitch_salience -1", "noisy|hissy|noise like"),
    ("tonal", "tonal_share, pitch_salience, voicing, flatness_mean -1", "tonal|pitched|melodic"),
    ("atonal", "tonal_share -1, pitch_salience -1, voicing -1", "atonal|unpitched"),
    ("thin", "depth -1, low_energy_ratio -1, spread_mean -0.5", "thin|tinny"),
    ("fat", "depth, low_energy_ratio, boominess 0.5", "fat|phat|thick|full|heavy|massive"),
    ("deep", "depth 2, low_energy_ratio, centroid_mean -1", "deep"),
    ("sub", "low_energy_ratio 2, centroid_mean -1, rolloff95_mean -1", "sub|subby|low end"),
    ("metallic", "inharmonicity, dissonance, centroid_mean 0.5, tonal_share 0.5", "metallic|clangy"),
    ("hollow", "odd_even_ratio", "hollow|nasal"),
    ("dry", "decay_s -1, tail_ratio -1, trailing_silence_s -0.25", "dry"),
    ("reverberant", "decay_s, tail_ratio, temporal_centroid 0.5", "wet|reverberant|reverb|echo|echoey|roomy|spacious"),
    ("wide", "stereo_width, stereo_correlation -0.5", "wide"),
    ("narrow", "stereo_width -1, stereo_correlation 0.5", "narrow"),
    ("clean", "roughness -1, flatness_mean -1, flux_mean -0.5", "clean|pure"),
    ("distorted", "roughness, flatness_mean, crest_factor_db -1, dissonance 0.5",
     "distorted|distortion|dirty|gritty|fuzzy|overdriven|saturated|crunchy"),
    ("rough", "roughness 2, dissonance, flux_mean 0.5", "rough|raspy|grainy|buzzy"),
    ("dissonant", "dissonance 2, hpcp_entropy, inharmonicity 0.5", "dissonant|discordant"),
    ("consonant", "dissonance -2, hpcp_entropy -1", "consonant|harmonious"),
    ("percussive", "harmonic_percussive_ratio -1, attack_log10 -1, sustain_level -1", "percussive"),
    ("sustained", "sustain_level, temporal_centroid, envelope_crest -1", "sustained|sustain|held|legato"),
    ("short decay", "decay_s -1", "short decay|fast decay|quick decay|short tail|short release|staccato"),
    ("long decay", "decay_s", "long decay|slow decay|long tail|long release|ringing|resonant"),
    ("rising pitch", "pitch_glide_cents", "rising pitch|pitch rise|pitch up|ascending|rising"),
    ("falling pitch", "pitch_glide_cents -1", "falling pitch|pitch drop|pitch down|descending|falling"),
    ("steady pitch", "|pitch_glide_cents| -1, pitch_range_cents -1", "steady pitch|stable pitch|constant pitch"),
    ("vibrato", "pitch_range_cents", "vibrato|wobbly|wobble|warbling"),
    ("detuned", "|cents_off|, |tuning_cents| 0.5, roughness 0.25", "detuned|out of tune"),
    ("in tune", "|cents_off| -1, |tuning_cents| -0.5", "in tune|tuned"),
    ("high-pitched", "f0_hz 2, centroid_mean 0.5", "high pitched|high pitch|high"),
    ("low-pitched", "f0_hz -2, centroid_mean -0.5", "low pitched|low pitch|low"),
    ("short", "effective_duration_s -1", "short|brief"),
    ("long", "effective_duration_s", "long|lengthy"),
    ("loud", "loudness_lufs", "loud"),
    ("quiet", "loudness_lufs -1", "quiet|silent|faint"),
    ("dynamic", "crest_factor_db, loudness_range_lu", "dynamic"),
    ("compressed", "crest_factor_db -1, loudness_range_lu -1", "compressed|squashed"),
    ("fast", "bpm, onset_rate 0.5", "fast|uptempo|up tempo"),
    ("slow", "bpm -1, onset_rate -0.5", "slow|downtempo|down tempo"),
    ("busy", "onset_rate 2, flux_mean 0.5", "busy|dense|complex|hectic"),
    ("sparse", "onset_rate -2, envelope_flatness -0.5", "sparse|minimal"),
    ("steady pulse", "pulse_clarity, onset_periodicity",
     "steady pulse|clear pulse|clear beat|steady beat|rhythmic|groovy"),
    ("evolving", "centroid_std, flux_mean 0.5", "evolving|moving|changing"),
    ("static", "centroid_std -1, flux_mean -1", "static|steady|unchanging"),
)  # fmt: skip

#: Genres whose names hold words that mean something else alone: how it is looked up, in one word and in several that
#: have to be there together; how it is written (a space stands for whatever separates words).
GENRES: Final = (
    ("dnb drumnbass drumandbass", "drum bass",
     r"drum(?:\s?&\s?|\s?\+\s?|['’\s]{1,2}n['’\s]{1,2}| and )bass|drumnbass|drumandbass|d\s?&\s?b|d['’\s]n['’\s]b|dnb"),
    *((name.replace(" ", ""), name, name) for name in (
        "hip hop", "trip hop", "future bass", "bass house", "bass music", "deep house", "hard house", "vocal house",
        "soft rock", "hard rock", "heavy metal", "deep techno", "hard techno", "minimal techno", "melodic techno",
        "ambient techno", "dark techno", "big beat", "drum funk", "slow jam",
    )),
)  # fmt: skip
#: A word, and a direction as well.
NOISE: Final = "noise"

#: Words for a hard limit on names: column, value, words.
NAMED: Final = (
    ("kind", "loop", "loop|looped"),
    ("kind", "one-shot", "one shot|oneshot|1 shot|single hit|hit"),
    ("kind", "other", "phrase"),
    ("channels", 1, "mono|one channel"),
    ("channels", 2, "stereo|two channel|2 channel"),
    ("container", "wav", "wav|wave file"),
    ("container", "flac", "flac"),
    ("container", "mp3", "mp3"),
    ("container", "aiff", "aiff|aif"),
    ("container", "ogg", "ogg"),
    ("container", "caf", "caf"),
    ("container", "mp4", "m4a|mp4"),
    ("codec", "aac", "aac"),
    ("codec", "vorbis", "vorbis"),
    ("codec", "opus", "opus"),
    ("codec", "alac", "alac"),
    ("scale", "minor", "in minor|minor key|minor"),
    ("scale", "major", "in major|major key|major"),
)
#: Words for a hard limit on numbers: column, comparison, value, words; the same when negated.
COUNTED: Final[tuple[tuple[str, Op, float, str], ...]] = (
    ("clipped_samples", ">", 0, "clipped|clipping|clips"),
    ("leading_silence_s", ">", 0.1, "silence at the start|leading silence|silence at the beginning"),
    ("trailing_silence_s", ">", 0.1, "silence at the end|trailing silence"),
    ("channels", ">", 2, "multichannel|multi channel|surround"),
)
#: Words that say nothing of a sound.
STOP: Final = _set(
    "a an the of with and & for to in on at by is are be it its that this these those some any all sound sounds file",
    "files sample samples recording recordings something find show me give i want need please like from very than but",
    "which have has having as just only also other into anything everything",
)
#: Words that turn around what follows, and words that say how far.
NEGATORS: Final = _set(
    "not no non without minus except excluding isn't isn’t isnt never neither nor lacking less least w o"
)
DEGREES: Final = _set(
    "very extremely really super ultra highly most insanely slightly little bit somewhat fairly rather kinda quite",
    "moderately more even too so",
)


@dataclass(frozen=True, slots=True)
class SortEntry:
    """A word for a sort of sound; `specific` is empty where it means the class as a whole."""

    classes: tuple[str, ...]
    words: frozenset[str]
    specific: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class TargetEntry:
    """A word for a direction."""

    name: str
    scales: tuple[Scale, ...]


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """A word for a hard limit."""

    column: str
    op: Op
    value: str | int | float


Meaning = SortEntry | TargetEntry | NamedEntry


def _plurals(words: str) -> list[str]:
    last = words.rsplit(" ", 1)[-1]
    if last.endswith(("s", "ing")) or len(last) < 3:
        return [words]
    return [words, words + ("es" if last.endswith(("sh", "ch", "x")) else "s")]


def _degrees(word: str) -> list[str]:
    """bright, brighter, brightest; wide, wider; noisy, noisier."""
    if " " in word or len(word) > 8 or word.endswith(("ed", "ing", "ic", "al", "ant", "ive", "o")):
        return [word]
    if word.endswith("y"):
        stem = word[:-1] + "i"
    elif word.endswith("e"):
        stem = word[:-1]
    elif len(word) <= 4 and word[-1] in "bdgmnpt" and word[-2] in "aeiou" and word[-3] not in "aeiou":
        stem = word + word[-1]
    else:
        stem = word
    return [word, stem + "er", stem + "est"]


def _single(words: list[str]) -> frozenset[str]:
    return frozenset(word for word in words if " " not in word)


def _scale(text: str) -> Scale:
    name, _, weight = text.strip().partition(" ")
    return Scale(name.strip("|"), float(weight or 1), name.startswith("|"))


@functools.cache
def genres() -> tuple[tuple[Words, re.Pattern[str]], ...]:
    """Names of genres as words to look up, that stand nowhere yet, and what finds them in a phrase."""
    found = []
    for spellings, together, written in GENRES:
        word, *forms = spellings.split()
        pattern = re.compile(rf"(?<!\w)(?:{written.replace(' ', '[ _-]{1,2}')})(?!\w)", re.IGNORECASE)
        found.append((Words(0, 0, "", False, (word,), "", tuple(forms), tuple(together.split())), pattern))
    return tuple(found)


@functools.cache
def meanings() -> dict[tuple[str, ...], Meaning]:
    """Every word or row of words that is understood, as tokens, with what it means."""
    found: dict[tuple[str, ...], Meaning] = {}
    for classes, general, narrow in SORTS:
        forms = [form for word in general.split("|") for form in _plurals(word)]
        entry = SortEntry(tuple(classes.split()), _single(forms))
        found |= {tuple(form.split()): entry for form in forms}
        for group in filter(None, (words.strip() for words in narrow.split(","))):
            forms = [form for word in group.split("|") for form in _plurals(word)]
            entry = SortEntry(tuple(classes.split()), _single(forms), group.split("|")[0])
            found |= {tuple(form.split()): entry for form in forms}
    for name, classes, words in GROUPS:
        entry = SortEntry(tuple(classes.split()), _single(words.split("|")), "", name)
        found |= {tuple(form.split()): entry for form in words.split("|")}
    for name, where, words in TARGETS:
        target = TargetEntry(name, tuple(_scale(text) for text in where.split(",")))
        found |= {tuple(form.split()): target for word in words.split("|") for form in _degrees(word)}
    for column, value, words in NAMED:
        named = NamedEntry(column, "=", value)
        found |= {tuple(form.split()): named for word in words.split("|") for form in _plurals(word)}
    for column, op, least, words in COUNTED:
        named = NamedEntry(column, op, least)
        found |= {tuple(word.split()): named for word in words.split("|")}
    return found
