"""`python -m samplemind.demo FOLDER [--subset small]` writes the demo library; `data/demo` is made this way."""

from __future__ import annotations

import argparse

from samplemind.demo import SUBSETS, make_demo


def main() -> None:
    """Read the arguments, make the sounds, say what was done."""
    parser = argparse.ArgumentParser(
        prog="python -m samplemind.demo", description="Synthesise the demo sample library."
    )
    parser.add_argument("folder")
    parser.add_argument("--subset", choices=SUBSETS, default="all")
    arguments = parser.parse_args()
    report = make_demo(arguments.folder, subset=arguments.subset)
    print(
        f"{len(report.sounds)} sounds ({report.size_bytes / 1e6:.1f} MB) in {report.folder}: "
        f"{report.written} written, {report.skipped} already there"
    )


if __name__ == "__main__":
    main()
