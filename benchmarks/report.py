"""Results as Markdown tables, and tables into a page of the docs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

__all__ = ["ESTIMATES", "MEASURES", "PARTS", "TITLES", "render", "times", "value_of", "write_into"]

#: How tools are called in tables and figures, in the order of the columns.
TITLES: Final = {"samplemind": "SampleMind", "essentia": "Essentia", "music-extractor": "MusicExtractor",
                 "librosa": "librosa"}  # fmt: skip
#: Estimates as a person calls them.
ESTIMATES: Final = {"bpm": "tempo", "key": "key", "midi_note": "note", "kind": "kind", "sample_class": "class"}
#: Rows of `score.py`: what it is, how it is called, and in which row it counts the files.
MEASURES: Final = {
    "tempo.within_1pct": ("tempo within 1 %", "tempo.files"),
    "tempo.accuracy2": ("tempo, Accuracy 2", "tempo.files"),
    "beats.f_measure": ("beats, F-measure within 70 ms", "tempo.files"),
    "metre.accuracy": ("beats per bar", "tempo.files"),
    "key.mirex": ("key, MIREX", "key.files"),
    "key.exact": ("key, exact", "key.files"),
    "pitch.note": ("MIDI note", "pitch.files"),
    "kind.accuracy": ("kind (one-shot, loop, other)", "kind.files"),
    "class.accuracy": ("class of sound", "class.files"),
    "class.macro_f1": ("class of sound, macro F1", "class.files"),
    "retrieval.macro_precision_at_10": ("nearest ten of the same class, macro", "retrieval.files"),
}


def render(results: dict[str, Any]) -> dict[str, str]:
    """A text of Markdown for each part that is done, by name."""
    texts = {"machine": _machine(results["machine"])}
    for part, make in PARTS.items():
        if part in results:
            texts[part] = make(results[part]["result"])
    return texts


def write_into(page: Path, texts: dict[str, str]) -> None:
    """Replace what stands between `<!-- NAME -->` and `<!-- end -->` in a page, for each text.

    Raises
    ------
    ValueError
        Where the page has no such place.
    """
    whole = page.read_text(encoding="utf-8")
    for name, text in texts.items():
        before, mark, rest = whole.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not mark or not end:
            raise ValueError(f"{page}: has no `<!-- {name} -->` … `<!-- end -->`; add these two lines where it belongs")
        whole = f"{before}{mark}\n{text}\n\n{end}{after}"
    page.write_text(whole, encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def value_of(scores: dict[str, float], measure: str) -> float | None:
    """What a tool reached; None where it never answers: it has no such estimate."""
    return scores.get(measure) if scores.get(f"{measure.partition('.')[0]}.coverage", 1) else None


def times(ratio: float) -> str:
    """A ratio with two or three digits."""
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def _three(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _machine(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (f"Measured on {machine['cores']} cores of {machine['processor'] or 'an unknown processor'} "
            f"({machine['system']}, {machine['memory_gib']} GiB), Python {machine['python']}, {versions}.")  # fmt: skip


def _speed(result: dict[str, Any]) -> str:
    rows = []
    for name, row in result["tools"].items():
        is_rival = row["rival"] == name
        spread = (
            "1" if is_rival else f"**{times(row['ratio'])}** ({times(row['ratio_low'])} to {times(row['ratio_high'])})"
        )
        answered = f"{row['answered']} of {row['files']}" + (f", {row['died']} killed it" if row["died"] else "")
        rows.append([row["title"], f"{row['files_per_s']:.1f}", f"{row['ms_per_file']:.2f}",
                     f"{row['times_real_time']:.0f}", answered, spread])  # fmt: skip
    head = ["tool", "files/s", "ms a file", "times real time", "answered", "takes so many times as long"]
    missing = "".join(f"\n\nNot measured: {tool} ({why})." for tool, why in result["missing"].items())
    rounds = f"{result['rounds']} round{'s' * (result['rounds'] > 1)}"
    text = f"{result['files']} files ({result['audio_s']:.0f} s of sound), {rounds}, one core."
    return f"{text}\n\n{table(head, rows)}{missing}"


def _accuracy(result: dict[str, Any]) -> str:
    titles = {"real": "Real sounds", "sure": "Real sounds, tempo labels that the corpus itself calls suspect left out",
              "composed": "Composed loops"}  # fmt: skip
    texts = []
    for part, title in titles.items():
        if part not in result:
            continue
        scores = result[part]
        names = [tool for tool in TITLES if tool in scores]
        rows = []
        for key, (called, files) in MEASURES.items():
            if key not in scores["samplemind"] or (part == "sure" and not key.startswith("tempo")):
                continue
            found = [value_of(scores[name], key) for name in names]
            best = max((value for value in found if value is not None), default=None)
            cells = [
                f"**{_three(value)}**" if value is not None and value == best else _three(value) for value in found
            ]
            rows.append([called, scores["samplemind"][files], *cells])
        texts.append(f"{title}:\n\n" + table(["", "files", *(TITLES[name] for name in names)], rows))
        ours = scores["samplemind"]
        if "tempo.sure_coverage" in ours:
            texts.append(f"Tempo with a confidence of at least 0.8: {ours['tempo.sure_within_1pct']:.3f} right, "
                         f"covering {ours['tempo.sure_coverage']:.0%} of the files.")  # fmt: skip
    if "slices" in result:
        texts.append("Composed loops, by what they are:\n\n" + _slices(result["slices"]))
    manners = "; ".join(f"{name}: {share:.1%}" for name, share in result["manners"].items())
    texts.append(f"Silence where there is nothing to say: {manners}.")
    return "\n\n".join(texts)


def _slices(slices: dict[str, dict[str, dict[str, float]]]) -> str:
    names = [tool for tool in TITLES if tool in slices]
    head = ["", "files", *(f"tempo within 1 %: {TITLES[name]}" for name in names), "key, MIREX", "beats"]
    rows = []
    for part, ours in slices["samplemind"].items():
        tempo = [_three(slices[tool][part].get("tempo.within_1pct")) for tool in names]
        rows.append([part, ours["files"], *tempo, _three(ours.get("key.mirex")), _three(ours.get("beats.f_measure"))])
    return table(head, rows) + "\n\nKey and beats are SampleMind's."


def _reliability(result: dict[str, Any]) -> str:
    rows = []
    for estimate, found in result.items():
        for name, diagram in found.items():
            rows.append([ESTIMATES[estimate], name, diagram["pairs"], _three(diagram["right"]), _three(diagram["ece"])])
    return table(["estimate", "sounds", "answers", "right", "expected calibration error"], rows)


def _ingest(result: dict[str, Any]) -> str:
    rows = []
    for name, row in result["runs"].items():
        busy = " ".join(f"{share:.2f}" for share in row["busy_workers"])
        rows.append([name, f"{row['seconds']:.1f}", f"{row['files_per_s']:.0f}", f"{row['us_per_file']:.0f}",
                     f"{row['start_s']:.1f}", busy, f"{row['busy_main']:.2f}", "{} → {}".format(*row["main_mib"]),
                     "{} → {}".format(*row["worker_mib"])])  # fmt: skip
    head = ["files", "seconds", "files/s", "µs a file", "until the first is heard, s", "workers busy", "writer busy",
            "writer, MiB", "largest worker, MiB"]  # fmt: skip
    text = (f"One core analyzes {result['core_files_per_s']:.0f} of these sounds a second. With {result['workers']} "
            f"workers the ingest does **{result['share_of_cores']:.0%}** of what so many cores could, start included, "
            f"and {result['share_after_start']:.0%} from when the first sounds are heard.")  # fmt: skip
    return f"{table(head, rows)}\n\n{text}"


def _memory(result: dict[str, Any]) -> str:
    lengths = {"short": "10 seconds", "long": f"{result['minutes']:g} minutes ({result['file_mib']} MiB)"}
    rows = [[title, f"{result[name]['seconds']:.1f}", f"{result[name]['largest_mib']:.0f}",
             f"{result[name]['together_mib']:.0f}", _outcome(result[name]["error"])]
            for name, title in lengths.items()]  # fmt: skip
    return table(["stereo WAV of", "seconds", "largest process, MiB", "all processes, MiB", "analyzed"], rows)


def _outcome(error: str | None) -> str:
    return "yes" if error is None else f"no: {error.strip().splitlines()[-1][:80]}"


def _startup(result: dict[str, float]) -> str:
    return table(["", "seconds"], [[f"`{name}`", f"{seconds:.2f}"] for name, seconds in result.items()])


PARTS: Final = {"speed": _speed, "accuracy": _accuracy, "reliability": _reliability, "ingest": _ingest,
                 "memory": _memory, "startup": _startup}  # fmt: skip
