"""The same vectors in other programs: FAISS, hnswlib and ChromaDB, each tuned to the recall that is asked for.

They get vectors and give numbers of rows; what else a search has to do (filters, ids, paths, what is shown) is not in
their times.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

__all__ = ["RIVALS", "Rival", "is_installed"]

Answer = Callable[[np.ndarray], Sequence[int]]


class Rival:
    """A program with an index over vectors.

    Attributes
    ----------
    package : str
        What has to be installed.
    seconds : float
        Time that building took.
    size_bytes : int
        What the index takes on disk.
    """

    package = ""
    efforts: tuple[int, ...] = ()

    def __init__(self, vectors: np.ndarray, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        begin = time.perf_counter()
        self.build(vectors, folder)
        self.seconds = time.perf_counter() - begin
        self.size_bytes = self.size(folder)

    def build(self, vectors: np.ndarray, folder: Path) -> None:
        """Make the index."""
        raise NotImplementedError

    def size(self, folder: Path) -> int:
        """Write it, and give how large it is."""
        raise NotImplementedError

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Ways to ask for the nearest eleven, with more and more effort, and how each is called."""
        raise NotImplementedError


class FaissIvf(Rival):
    """Inverted lists of whole vectors."""

    package = "faiss"

    def build(self, vectors: np.ndarray, folder: Path) -> None:
        import faiss

        lists = max(1, int(len(vectors) ** 0.5))
        self._index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(vectors.shape[1]), vectors.shape[1], lists, faiss.METRIC_INNER_PRODUCT
        )
        self._index.train(vectors[:: max(1, len(vectors) // (lists * 256))])
        self._index.add(vectors)

    def size(self, folder: Path) -> int:
        import faiss

        faiss.write_index(self._index, str(folder / "index"))
        return (folder / "index").stat().st_size

    def answers(self) -> Iterator[tuple[str, Answer]]:
        for probes in (1, 2, 4, 8, 16, 32, 64):
            self._index.nprobe = probes
            yield f"nprobe {probes}", lambda vector: self._index.search(vector[None], 11)[1][0]


class FaissHnsw(FaissIvf):
    """A graph over whole vectors."""

    def build(self, vectors: np.ndarray, folder: Path) -> None:
        import faiss

        self._index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efConstruction = 100
        self._index.add(vectors)

    def answers(self) -> Iterator[tuple[str, Answer]]:
        for effort in (16, 32, 64, 128, 256):
            self._index.hnsw.efSearch = effort
            yield f"efSearch {effort}", lambda vector: self._index.search(vector[None], 11)[1][0]


class Hnswlib(Rival):
    """A graph over whole vectors."""

    package = "hnswlib"

    def build(self, vectors: np.ndarray, folder: Path) -> None:
        import hnswlib

        self._index = hnswlib.Index("ip", vectors.shape[1])
        self._index.init_index(len(vectors), M=16, ef_construction=100)
        self._index.add_items(vectors)

    def size(self, folder: Path) -> int:
        self._index.save_index(str(folder / "index"))
        return (folder / "index").stat().st_size

    def answers(self) -> Iterator[tuple[str, Answer]]:
        for effort in (16, 32, 64, 128, 256):
            self._index.set_ef(effort)
            yield f"ef {effort}", lambda vector: self._index.knn_query(vector, 11)[0][0]


class Chroma(Rival):
    """A database of vectors in a folder, as it comes."""

    package = "chromadb"
    _ROWS: Final = 5000

    def build(self, vectors: np.ndarray, folder: Path) -> None:
        import chromadb

        settings = chromadb.Settings(anonymized_telemetry=False)
        self._client = chromadb.PersistentClient(str(folder), settings)
        self._rows = self._client.create_collection("sounds", metadata={"hnsw:space": "cosine"})
        for start in range(0, len(vectors), self._ROWS):
            part = vectors[start : start + self._ROWS]
            self._rows.add([str(start + at) for at in range(len(part))], embeddings=part)

    def size(self, folder: Path) -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def answers(self) -> Iterator[tuple[str, Answer]]:
        def ask(vector: np.ndarray) -> list[int]:
            found: Any = self._rows.query(query_embeddings=vector[None], n_results=11, include=[])
            return [int(key) for key in found["ids"][0]]

        yield "as it comes", ask


RIVALS: Final[dict[str, type[Rival]]] = {
    "FAISS IVF": FaissIvf, "FAISS HNSW": FaissHnsw, "hnswlib": Hnswlib, "ChromaDB": Chroma,
}  # fmt: skip


def is_installed(name: str) -> bool:
    """Whether the package of a rival is there."""
    return importlib.util.find_spec(RIVALS[name].package) is not None
