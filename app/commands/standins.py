"""The stand-ins are a program of their own; this is only its place on the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9090, show_default=True, help="Port to listen on; 0 takes a free one and prints it.")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, resolve_path=True),
              help="A JSON file with behaviour, accounts, signatures and templates.")
def standins(host: str, port: int, config: str | None) -> None:
    """Aliyun's short message service on this machine, for trying and testing."""
    os.chdir(ROOT)
    arguments = [sys.executable, "-m", "standins", "--host", host, "--port", str(port)]
    os.execv(sys.executable, arguments + (["--config", config] if config else []))
