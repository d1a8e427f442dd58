"""What is put off when LanceDB is imported, and that it comes when it is asked for."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from samplemind.library.loading import lancedb
assert lancedb() is lancedb()
print(any(name.startswith("lance_namespace_urllib3_client.api.") for name in sys.modules))
import lance_namespace_urllib3_client as client
print(type(client.TableApi()).__module__)
from lance_namespace_urllib3_client.api.data_api import DataApi
print(DataApi.__module__)
"""


def test_the_client_of_a_web_service_is_loaded_when_it_is_used():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == [
        "False", "lance_namespace_urllib3_client.api.table_api", "lance_namespace_urllib3_client.api.data_api",
    ]  # fmt: skip
