"""Write requirements.lock: resolve the ranges of pyproject.toml in a fresh environment and note what was chosen.

The lock names versions and no address, so that pip takes the packages from whatever mirror a machine is set to use.
"""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
HEADER = "# Exact versions of everything installed. Written by `make lock` from the ranges in pyproject.toml.\n"


def ranges() -> list[str]:
    """The requirements of the product and of its development, as pyproject.toml states them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


def resolve(requirements: list[str]) -> str:
    """Install `requirements` in a throw-away environment and return its `pip freeze`.

    Raises `subprocess.CalledProcessError` where pip finds no versions that fit together.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-q", *requirements], check=True)
        return subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    LOCK.write_text(HEADER + resolve(ranges()), encoding="utf-8")
    print(f"{LOCK.name}: {len(LOCK.read_text(encoding='utf-8').splitlines()) - 1} packages")
