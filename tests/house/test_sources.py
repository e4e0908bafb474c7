"""Files stay small, nothing is left for later, and the locks hold no address."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
# Spelled in two halves, so that this file does not find itself.
LEFT_OPEN = re.compile(r"\b(" + "TO" + "DO|FIX" + r"ME)\b")
PROGRAM = ("app", "standins")
TEXT = {".py", ".html", ".js", ".css", ".md", ".toml", ".cfg", ".ini"}


def tracked() -> list[Path]:
    """The project's own files: what git knows or would take, else what lies here outside the folders of set-up."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode == 0:
        return [path for line in listing.stdout.splitlines() if (path := ROOT / line).is_file()]
    aside = {".venv", ".git", "node_modules", "vendor", "instance"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not aside & set(path.relative_to(ROOT).parts)]


def test_no_file_is_too_long() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in PROGRAM
        for path in (ROOT / folder).rglob("*.py")
    }
    assert lengths
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_nothing_is_left_for_later() -> None:
    marks = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked()
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if LEFT_OPEN.search(line)
    ]
    assert marks == []


def test_the_front_end_lock_holds_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert "node_modules/@tabler/core" in packages
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+")


def test_the_python_lock_holds_exact_versions_and_nothing_else() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    requirements = [line for line in lines if not line.startswith("#")]
    assert len(requirements) > 50
    assert [line for line in requirements if not REQUIREMENT.fullmatch(line)] == []


@pytest.mark.parametrize(
    "line", ["flask @ https://example.org/flask.whl", "--index-url=https://example.org", "flask>=3", "-e ."]
)
def test_the_pattern_of_the_lock_refuses_addresses_and_ranges(line: str) -> None:
    assert not REQUIREMENT.fullmatch(line)
