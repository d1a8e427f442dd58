"""Files made on the spot for the tests of this folder."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soundfile as sf

RATE = 44_100


def tone(frames: int = 22_050, channels: int = 2, rate: int = RATE, hz: float = 440.0) -> npt.NDArray[np.float32]:
    """A decaying sine, a little different in every channel [shape=(channels, frames)]."""
    t = np.arange(frames) / rate
    gains = 0.5 / (1 + np.arange(channels))[:, np.newaxis]
    return (gains * np.sin(2 * np.pi * hz * t) * np.exp(-3 * t)).astype(np.float32)


def rms(y: npt.NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))


def write_sf(path: Path, samples: npt.NDArray[np.float32], rate: int, form: str, subtype: str) -> Path:
    sf.write(path, samples.T, rate, format=form, subtype=subtype)
    return path


def write_av(
    path: Path,
    samples: npt.NDArray[np.float32],
    rate: int,
    codec: str,
    form: str | None = None,
    tags: dict[str, str] | None = None,
) -> Path:
    """Encode with FFmpeg; the container comes from the file name unless `form` says it."""
    layout = "mono" if samples.shape[0] == 1 else "stereo"
    with av.open(str(path), "w", format=form) as out:
        out.metadata.update(tags or {})
        stream = out.add_stream(codec, rate=rate)
        stream.layout = layout
        stream.bit_rate = 160_000
        if codec in ("wavpack", "tta"):  # their first choice is 8 bits
            stream.format = "s16p" if codec == "wavpack" else "s16"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
        frame.sample_rate = rate
        frame.pts = 0
        resampler = av.AudioResampler(stream.format.name, layout, rate, stream.frame_size or None)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return path


def chunk(name: bytes, body: bytes, order: str = "<") -> bytes:
    return name + struct.pack(order + "I", len(body)) + body + b"\0" * (len(body) % 2)


def wav(*chunks: bytes, frames: int = 4, rate: int = RATE) -> bytes:
    """A 16-bit mono WAV with extra chunks before its data."""
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16))
    body = b"WAVE" + form + b"".join(chunks) + chunk(b"data", np.arange(frames, dtype="<i2").tobytes())
    return chunk(b"RIFF", body)


def id3(*frames: tuple[bytes, bytes], version: int = 3, size: int | None = None) -> bytes:
    """An ID3v2 tag of (name, content) frames."""
    body = b""
    for name, content in frames:
        if version == 2:
            body += name + len(content).to_bytes(3, "big") + content
        else:
            length = syncsafe(len(content)) if version == 4 else struct.pack(">I", len(content))
            body += name + length + b"\0\0" + content
    return b"ID3" + bytes([version, 0, 0]) + syncsafe(len(body) if size is None else size) + body


def syncsafe(n: int) -> bytes:
    return bytes(n >> shift & 0x7F for shift in (21, 14, 7, 0))


def vorbis_comment(*pairs: str, count: int | None = None) -> bytes:
    body = struct.pack("<I", 4) + b"test" + struct.pack("<I", len(pairs) if count is None else count)
    for pair in pairs:
        raw = pair.encode()
        body += struct.pack("<I", len(raw)) + raw
    return body
