"""SampleMind listens to every sound of a collection once, and remembers what it heard.

Everything here loads on first use: ``import samplemind`` itself imports none of the heavy packages.

Examples
--------
>>> import samplemind as sm
>>> sorted(sm.__all__)[:3]
['AudioError', 'Clip', 'Filter']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samplemind.audio.clip import Clip
    from samplemind.audio.decode import decode, decode_blocks
    from samplemind.audio.probe import probe
    from samplemind.descriptors.catalogue import describe
    from samplemind.descriptors.engine import analyze, analyze_file
    from samplemind.errors import AudioError, LibraryError, ParameterError, SampleMindError
    from samplemind.library import Library
    from samplemind.library.paths import from_text
    from samplemind.library.search import Filter, near_bpm, near_key, near_note
    from samplemind.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "AudioError",
    "Clip",
    "Filter",
    "Library",
    "LibraryError",
    "ParameterError",
    "SampleMindError",
    "Settings",
    "__version__",
    "analyze",
    "analyze_file",
    "decode",
    "decode_blocks",
    "describe",
    "from_text",
    "near_bpm",
    "near_key",
    "near_note",
    "probe",
]

#: Where each public name lives ("module:name there"); looked up when it is first asked for.
_HOMES = {
    "AudioError": "samplemind.errors:AudioError",
    "Clip": "samplemind.audio.clip:Clip",
    "Filter": "samplemind.library.search:Filter",
    "Library": "samplemind.library:Library",
    "LibraryError": "samplemind.errors:LibraryError",
    "ParameterError": "samplemind.errors:ParameterError",
    "SampleMindError": "samplemind.errors:SampleMindError",
    "Settings": "samplemind.settings:Settings",
    "analyze": "samplemind.descriptors.engine:analyze",
    "analyze_file": "samplemind.descriptors.engine:analyze_file",
    "decode": "samplemind.audio.decode:decode",
    "decode_blocks": "samplemind.audio.decode:decode_blocks",
    "describe": "samplemind.descriptors.catalogue:describe",
    "from_text": "samplemind.library.paths:from_text",
    "near_bpm": "samplemind.library.search:near_bpm",
    "near_key": "samplemind.library.search:near_key",
    "near_note": "samplemind.library.search:near_note",
    "probe": "samplemind.audio.probe:probe",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'samplemind' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
