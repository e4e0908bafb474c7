"""``python -m standins --port N``: run the stand-ins until they are told to stop."""

import argparse
import asyncio
import json
import signal
from pathlib import Path
from typing import Any

from standins.desk import tell
from standins.server import start
from standins.world import World


def configure(world: World, settings: dict[str, Any]) -> None:
    """Apply a configuration: ``behaviour`` is one object; accounts, signatures and templates are lists of them."""
    for name in ("accounts", "signatures", "templates"):
        for one in settings.get(name, []):
            tell(world, name, one)
    tell(world, "behaviour", settings.get("behaviour", {}))


async def run(host: str, port: int, settings: dict[str, Any]) -> None:
    """Serve until SIGTERM or SIGINT."""
    world = World()
    configure(world, settings)
    runner = await start(world, host, port)
    print(f"stand-ins listening on {world.base_url}", flush=True)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await world.reports.close()
    await world.replies.close()
    await runner.cleanup()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="standins", description="Aliyun's short message service on this machine")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--config", type=Path, help="a JSON file with behaviour, accounts, signatures, templates")
    given = parser.parse_args()
    settings = json.loads(given.config.read_text(encoding="utf-8")) if given.config else {}
    try:
        asyncio.run(run(given.host, given.port, settings))
    except OSError as taken:
        parser.exit(1, f"standins: cannot listen on {given.host}:{given.port}: {taken.strerror}\n")


if __name__ == "__main__":
    main()
