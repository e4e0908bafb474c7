"""`python -m benchmarks [--quick] [--only WORD]`: every row beside its limit; QUICK=1 is the short table."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

from benchmarks import grounds, table
from benchmarks.rows import GROUPS


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", default=os.environ.get("QUICK", "") not in ("", "0"))
    parser.add_argument("--only", default="", help=f"one of: {', '.join(GROUPS)}")
    given = parser.parse_args()
    if given.only and given.only not in GROUPS:
        parser.error(f"--only takes one of: {', '.join(GROUPS)}")
    began = time.monotonic()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} before the start.")
    if load > 0.5 * (os.cpu_count() or 1):
        print("Others are at work on this machine: trust the ratios, not the absolute figures.")
    print(table.heading(), flush=True)
    try:
        for name, rows in GROUPS.items():
            if given.only in ("", name):
                for figure in rows(given.quick):
                    print(table.line_of(figure), flush=True)
    finally:
        grounds.forget_templates()
    print(f"{time.monotonic() - began:.0f} s in all.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
