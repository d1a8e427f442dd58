"""LanceDB is imported in half the time: what it never uses of a local library waits until somebody asks for it.

With it comes a client of a web service, two megabytes of generated code that check their own types when they load: half
a second of each process that opens a library.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import types
from pathlib import Path
from typing import Any, Final

__all__ = ["lancedb"]

_CLIENT: Final = "lance_namespace_urllib3_client"


class _Later(types.ModuleType):
    """Stands for a module of the client; what it gives is a call that loads the module itself first."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        module = self.__name__

        def call(*values: Any, **named: Any) -> Any:
            return getattr(importlib.import_module(module), name)(*values, **named)

        return call


def lancedb() -> Any:
    """The package LanceDB."""
    # Read once, when its native part loads: its warnings are about its machinery.
    os.environ.setdefault("LANCEDB_LOG", "error")
    if "lancedb" in sys.modules or _CLIENT in sys.modules:
        return importlib.import_module("lancedb")
    stand_ins = _stand_ins()
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module("lancedb")
    except (ImportError, AttributeError):  # another release, which needs more of it
        for name in [name for name in sys.modules if name.partition(".")[0] in (_CLIENT, "lancedb", "lance_namespace")]:
            del sys.modules[name]
        return importlib.import_module("lancedb")
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _stand_ins() -> dict[str, types.ModuleType]:
    spec = importlib.util.find_spec(_CLIENT)
    if spec is None or not spec.submodule_search_locations:
        return {}
    package = f"{_CLIENT}.api"
    folder = Path(next(iter(spec.submodule_search_locations))) / "api"
    names = [package, *(f"{package}.{path.stem}" for path in folder.glob("*_api.py"))]
    found: dict[str, types.ModuleType] = {name: _Later(name) for name in names}
    found[package].__path__ = []
    return found
