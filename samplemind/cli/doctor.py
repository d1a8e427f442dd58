"""`doctor`: what this installation has, what it can decode, and what to do about what is missing."""

from __future__ import annotations

import io
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata, util
from pathlib import Path
from typing import Any, Final, NamedTuple

import typer

from samplemind.cli.options import CANNOT, FormatOption, state_of
from samplemind.cli.output import Column, Writer

__all__ = ["Check", "check_codec", "checks", "doctor"]

_RATE: Final = 48_000
_SECONDS: Final = 0.5
#: Packages that nothing works without, and those that add something.
_REQUIRED: Final = (
    "numpy", "scipy", "numba", "soundfile", "soxr", "av", "librosa", "lancedb", "pyarrow", "polars", "dask",
    "distributed", "blake3", "typer", "rich", "pydantic", "pydantic-settings",
)  # fmt: skip
_OPTIONAL: Final = {
    "essentia": "more reference algorithms; it has wheels for Linux (x86-64) and macOS, up to Python 3.13",
    "jupyterlab": "notebooks: pip install 'samplemind[lab]'",
    "panel": "the dashboard: pip install 'samplemind[dashboard]'",
    "onnxruntime": "learned models: pip install 'samplemind[learn]'",
}
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
#: name: (libsndfile format, subtype, file name)
_SNDFILE: Final = {
    "WAV 16 bit": ("WAV", "PCM_16", "x.wav"),
    "WAV 24 bit": ("WAV", "PCM_24", "x.wav"),
    "WAV 32 bit float": ("WAV", "FLOAT", "x.wav"),
    "WAV µ-law": ("WAV", "ULAW", "x.wav"),
    "WAV IMA ADPCM": ("WAV", "IMA_ADPCM", "x.wav"),
    "AIFF": ("AIFF", "PCM_16", "x.aif"),
    "CAF": ("CAF", "PCM_16", "x.caf"),
    "FLAC": ("FLAC", "PCM_16", "x.flac"),
    "Ogg Vorbis": ("OGG", "VORBIS", "x.ogg"),
    "Opus": ("OGG", "OPUS", "x.opus"),
    "MP3": ("MP3", "MPEG_LAYER_III", "x.mp3"),
}
#: name: (FFmpeg container, codec, file name)
_FFMPEG: Final = {
    "M4A AAC": ("ipod", "aac", "x.m4a"),
    "M4A Apple Lossless": ("ipod", "alac", "x.m4a"),
    "WMA": ("asf", "wmav2", "x.wma"),
    "WavPack": ("wv", "wavpack", "x.wv"),
}


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes
    ----------
    area : str
    what : str
    state : {'ok', 'missing', 'failed'}
    found : str
        Version, number or place.
    remedy : str
        What to do, where there is something to do.
    """

    area: str
    what: str
    state: str
    found: str
    remedy: str = ""


def doctor(context: typer.Context, form: FormatOption = "table") -> None:
    """Check this installation: versions, codecs (each one decodes a sound), machine, caches, optional parts.

    Ends with exit code 3 if something that is needed does not work.

    [bold]Examples[/bold]

    [cyan]samplemind doctor[/cyan]

    [cyan]samplemind doctor --format jsonl > doctor.jsonl[/cyan]
      to attach to a report of a fault
    """
    settings = state_of(context).settings()
    found = list(checks(settings.cache_dir))
    view = (
        Column("area", lambda row: row["area"], 8),
        Column("what", lambda row: row["what"], 20),
        Column("state", lambda row: row["state"], 7),
        Column("found", lambda row: row["found"] + (f" → {row['remedy']}" if row["remedy"] else ""), 0),
    )
    Writer(form, view=view).write(check._asdict() for check in found)
    if any(check.state == "failed" for check in found):
        raise typer.Exit(CANNOT)


def checks(cache_dir: Path | None = None) -> Iterator[Check]:
    """Look at everything, one thing after the other.

    Parameters
    ----------
    cache_dir : pathlib.Path, optional
        Where compiled kernels are kept, if not beside the code.

    Yields
    ------
    Check
    """
    yield from _versions()
    yield from _codecs()
    yield from _machine()
    yield _kernels(cache_dir)
    yield from _optional()


def _versions() -> Iterator[Check]:
    from samplemind import __version__

    yield Check("version", "samplemind", "ok", __version__)
    yield Check("version", "python", "ok", f"{platform.python_version()} on {platform.platform()}")
    for name in _REQUIRED:
        try:
            yield Check("version", name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check("version", name, "failed", "not installed", f"pip install {name}")
    yield _library_version("libsndfile", _libsndfile)
    yield _library_version("ffmpeg", _ffmpeg)


def _library_version(name: str, ask: Callable[[], str]) -> Check:
    try:
        return Check("version", name, "ok", ask())
    except (ImportError, OSError) as error:
        package = {"libsndfile": "soundfile", "ffmpeg": "av"}[name]
        return Check("version", name, "failed", str(error), f"pip install --force-reinstall {package}")


def _libsndfile() -> str:
    import soundfile

    return str(soundfile.__libsndfile_version__)


def _ffmpeg() -> str:
    import av

    return ", ".join(f"{name} {'.'.join(map(str, version))}" for name, version in av.library_versions.items())


def _codecs() -> Iterator[Check]:
    """Encode half a second of a tone in memory, and hear whether it comes back."""
    for name, (container, subtype, file) in _SNDFILE.items():
        yield check_codec(name, file, partial(_by_sndfile, container, subtype))
    for name, (container, codec, file) in _FFMPEG.items():
        yield check_codec(name, file, partial(_by_ffmpeg, container, codec))


def _tone() -> Any:
    import numpy as np

    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(_RATE * _SECONDS)) / _RATE)).astype(np.float32)


def _by_sndfile(container: str, subtype: str) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, _tone(), _RATE, format=container, subtype=subtype)
    return file.getvalue()


def _by_ffmpeg(container: str, codec: str) -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=_RATE, layout="mono", bit_rate=128_000)
        frame = av.AudioFrame.from_ndarray(_tone()[None, :], format="fltp", layout="mono")
        frame.sample_rate = _RATE
        converter = av.AudioResampler(format=stream.codec_context.codec.audio_formats[0], layout="mono", rate=_RATE)
        fifo = av.AudioFifo()
        for part in converter.resample(frame):
            fifo.write(part)
        size = stream.codec_context.frame_size or fifo.samples
        while (block := fifo.read(size, partial=True)) is not None:
            output.mux(stream.encode(block))
        output.mux(stream.encode(None))
    return file.getvalue()


def check_codec(name: str, file: str, encode: Callable[[], bytes]) -> Check:
    """Decode half a second of a tone and hear whether it is that.

    Parameters
    ----------
    name : str
        Of the codec, for people.
    file : str
        A file name with its usual extension.
    encode : callable
        Gives the bytes.
    """
    import numpy as np

    from samplemind.audio.decode import decode

    try:
        data = encode()
    except Exception as error:  # an encoder that is left out of this build says nothing about the decoder
        return Check("codec", name, "missing", f"no encoder to test it with ({type(error).__name__})")
    try:
        clip = decode(file, data=data)
        level = float(np.sqrt(np.mean(np.square(clip.mono))))
    except Exception as error:  # whatever a decoder does when it is broken is the finding
        remedy = "pip install --force-reinstall soundfile av"
        return Check("codec", name, "failed", f"{type(error).__name__}: {error}", remedy)
    right = abs(clip.duration_s - _SECONDS) < 0.1 and abs(level - 0.5 / 2**0.5) < 0.05
    if right:
        return Check("codec", name, "ok", "decodes")
    return Check("codec", name, "failed", f"gives {clip.duration_s:.3f} s of level {level:.3f}", "please report it")


def _machine() -> Iterator[Check]:
    import psutil

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Check("machine", "cores", "ok", f"{usable} usable of {os.cpu_count()}")
    memory = psutil.virtual_memory()
    yield Check("machine", "memory", "ok", f"{memory.available / 2**30:.1f} GiB free of {memory.total / 2**30:.1f} GiB")


def _kernels(cache_dir: Path | None) -> Check:
    """Whether the compiled kernels are there, so that the first sound need not wait for the compiler."""
    import samplemind

    code = Path(next(iter(samplemind.__path__)))
    folders = [cache_dir.expanduser()] if cache_dir else [code, Path("~/.cache/numba").expanduser()]
    compiled = [file for folder in folders for file in folder.rglob("*.nbi")]
    if compiled:
        return Check("cache", "compiled kernels", "ok", f"{len(compiled)} in {compiled[0].parent}")
    if cache_dir or os.access(code, os.W_OK):
        return Check("cache", "compiled kernels", "missing", "made at the first analysis, which then takes longer")
    remedy = "set SAMPLEMIND_CACHE_DIR to a folder that can be written"
    return Check("cache", "compiled kernels", "missing", f"{code} cannot be written", remedy)


def _optional() -> Iterator[Check]:
    for name, purpose in _OPTIONAL.items():
        if util.find_spec(name) is None:
            yield Check("optional", name, "missing", "not installed", purpose)
        else:
            yield Check("optional", name, "ok", metadata.version(name))
    if browser := next(filter(None, map(shutil.which, _BROWSERS)), None):
        yield Check("optional", "chromium", "ok", browser)
    else:
        hint = "apt-get install chromium" if sys.platform == "linux" else "install Chromium or Chrome"
        yield Check("optional", "chromium", "missing", "not found", f"only the browser tests need it: {hint}")
