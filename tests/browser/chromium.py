"""A real browser on a real server: Debian's Chromium through Playwright, and every complaint it makes is a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / "docs" / "screens"
# What stands out furthest at the right.
WIDEST = """() => [...document.querySelectorAll("main *")].sort((a, b) =>
  b.getBoundingClientRect().right - a.getBoundingClientRect().right)[0].outerHTML.slice(0, 300)"""
DESK, PHONE = (1366, 768), (390, 844)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)


def find_chromium() -> str:
    """Where Chromium is; CHROMIUM names another. Skips where there is none, fails where it is required."""
    for name in (os.environ.get("CHROMIUM", ""), "/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    sentence = "there is no Chromium: install it (on Debian: apt-get install chromium), or name it with CHROMIUM"
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        try:
            yield made
        finally:
            made.close()


@dataclass
class Window:
    """One page, and what it complained of. `check()` fails on any complaint, and on sideways scroll."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)  # answers that a test provokes

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("response", self._answered)
        self.page.on("requestfailed", self._failed)

    def _heard(self, message: Any) -> None:
        told = any(f"status of {code}" in message.text for code in self.expected)
        if message.type in ("error", "warning") and not told:
            self.complaints.append(f"console: {message.text}")

    def _answered(self, answer: Any) -> None:
        if answer.status >= 400 and answer.status not in self.expected:
            self.complaints.append(f"{answer.status}: {answer.url}")
        if not answer.url.startswith((self.base, "data:", "blob:")):
            self.complaints.append(f"from a foreign host: {answer.url}")

    def _failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in str(request.failure):  # a page that was left
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def open(self, address: str) -> None:
        self.page.goto(self.base + address)
        self.check()

    def press(self, selector: str) -> None:
        """Click what leads to another page, and wait until that page is there."""
        with self.page.expect_navigation():
            self.page.click(selector)

    def check(self) -> None:
        over = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{self.page.url} is {over} px too wide: {self.page.evaluate(WIDEST)}"
        assert self.complaints == [], self.page.url

    def sign_in(self, name: str, password: str) -> None:
        self.page.goto(self.base + "/login/")
        self.page.fill("#username", name)
        self.page.fill("#password", password)
        self.press("main button[type=submit]")
        self.page.wait_for_selector(".ph-sidebar", state="attached")
        self.check()

    def serious(self) -> list[str]:
        """What axe finds that keeps people out."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in found["violations"] if one["impact"] in ("serious", "critical")
        ]
