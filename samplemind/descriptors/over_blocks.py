"""How each value of a long sound comes of those of the blocks in which it is analysed: a rule for each descriptor."""

from __future__ import annotations

from typing import Final, Literal

__all__ = ["RULES", "Rule", "rule_of"]

Rule = Literal["exact", "mean", "energy", "spread", "circle", "profile", "direction", "loudest", "course", "attacks",
               "agreed", "joined", "first", "other", "null"]  # fmt: skip

#: Every rule in words. A block that nowhere comes within 60 dB of the loudest point of the sound counts as silence.
RULES: Final[dict[Rule, str]] = {
    "exact": "of the whole sound",
    "mean": "mean of the blocks, weighted by how long they sound; null where less than half of that has one",
    "energy": "mean of the blocks, weighted by their energy",
    "spread": "deviation over all blocks, from their deviations and means",
    "circle": "mean on a circle of 100 cents, weighted by how long the blocks sound",
    "profile": "mean of the blocks, weighted by how long they sound, with the strongest 1 again",
    "direction": "mean direction of the blocks, weighted by how long they sound",
    "loudest": "that of the block with the highest point of the envelope",
    "course": "from levels and energies of the blocks, as if over the whole envelope",
    "attacks": "from the attacks of all blocks, of which at most 20000 are listed",
    "agreed": "what the blocks agree on, weighted by confidence and by how long they sound; null where they do not",
    "joined": "from the lists of the blocks one after another, of which at most 20000 entries are listed",
    "first": "that of the first block that counts",
    "other": "'other', at a chance of 0.95: hardly a single hit or loop is so long",
    "null": "null: a long sound has none",
}
_EXACT: Final = ("container", "level", "loudness")
_NAMES: Final[dict[Rule, str]] = {
    "energy": """low_energy_ratio mid_energy_ratio high_energy_ratio harmonic_share percussive_share residual_share
        harmonic_centroid percussive_centroid""",
    "circle": "tuning_cents",
    "profile": "hpcp",
    "loudest": "attack_s attack_log10 peak_time_s decay_s decay_db_per_s",
    "course": "sustain_level temporal_centroid envelope_flatness envelope_crest",
    "attacks": "onset_rate onset_count onset_times onset_interval_mean_s onset_interval_std_s",
    "agreed": """f0_hz cents_off midi_note pitch_confidence key scale key_confidence bpm bpm_confidence bpm_alternative
        beats_per_bar sample_class sample_class_confidence""",
    "joined": "beat_times chord_times chord_labels chord_change_rate",
    "first": "fingerprint",
    "other": "kind kind_confidence",
    "null": "pitch_glide_cents musical_length_s downbeat_s beat_count seam_continuity tail_ratio",
}
_OF: Final[dict[str, Rule]] = {name: rule for rule, names in _NAMES.items() for name in names.split()}


def rule_of(name: str, group: str) -> Rule:
    """The rule for a descriptor: one that is listed, else that of its group, else what its name says."""
    if name in _OF:
        return _OF[name]
    if group in _EXACT:
        return "exact"
    if group == "vectors":
        return "direction"
    return "spread" if name.endswith("_std") else "mean"
