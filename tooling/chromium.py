"""See to it that there is a Chromium for the browser tests: find one, or install Debian's where this machine lets us.

Nothing here fails: without one the tests say so, and `.ci/run` does not pass.
"""

from __future__ import annotations

import os
import shutil
import subprocess

PACKAGES = ("chromium", "fonts-wqy-zenhei")  # and a font with Chinese in it, or every page is little boxes
NAMES = ("chromium", "chromium-browser", "google-chrome")


def have() -> bool:
    return bool(os.environ.get("CHROMIUM")) or any(shutil.which(name) for name in NAMES)


def install() -> bool:
    """Through apt, as root, without questions. False where that cannot be done here."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    add = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    for command in (["apt-get", "update", "-qq"], add):
        done = subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode and command is add:
            print(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "apt-get failed")
            return False
    return have()


if __name__ == "__main__":
    if not have() and not install():
        print("There is no Chromium here: the browser tests are left out. On Debian: apt-get install chromium")
