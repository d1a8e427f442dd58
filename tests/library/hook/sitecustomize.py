"""Python loads this module at its start when its folder is on PYTHONPATH: workers under test obey names of files.

`abort`, `kill` and `hang` in a name do that to the process that decodes it; `slow` takes a second. What is decoded is
written to the file HOOK_LOG.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from types import ModuleType
from typing import Any


def _obey(name: str) -> None:
    if "HOOK_LOG" in os.environ:
        with open(os.environ["HOOK_LOG"], "a") as log:
            log.write(name + "\n")
    if "abort" in name:
        os.abort()
    if "kill" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hang" in name:
        time.sleep(3600)
    if "slow" in name:
        time.sleep(1)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != "samplemind.audio.stream":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            start = module.Stream.__init__

            def obedient(stream: Any, path: str, *options: Any) -> None:
                _obey(os.path.basename(path))
                start(stream, path, *options)

            module.Stream.__init__ = obedient

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Finder())
