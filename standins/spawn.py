"""Starting the stand-ins from a test, the demo or a benchmark, as the process of its own that they are."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from standins.control import Control

ROOT = Path(__file__).parents[1]


@contextmanager
def running(port: int = 0, settings: dict[str, Any] | None = None) -> Iterator[Control]:
    """The control desk of a new process, which ends with the block; ``settings`` as in a configuration file.

    Raises RuntimeError when the process does not come up.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "standins.json")
        config.write_text(json.dumps(settings or {}), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        process = subprocess.Popen([sys.executable, "-m", "standins", "--port", str(port), "--config", str(config)],
                                   cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith("stand-ins listening on "):
                raise RuntimeError(f"the stand-ins did not start: exit status {process.wait(5)}")
            yield Control(line.split()[-1])
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
