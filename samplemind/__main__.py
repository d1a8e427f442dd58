"""``python -m samplemind`` is the command line."""

from __future__ import annotations

from samplemind.cli import main

if __name__ == "__main__":
    main()
