"""Screenshots of each kind of page, at a desk and on a phone, in both languages, for docs/screens.

Kept only where SCREENS=1 asks for it: every run would otherwise change files that are committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from PIL import Image

from app.models.batches import Batch
from tests.browser.chromium import SCREENS, Window
from tests.walk.house import House

pytestmark = pytest.mark.browser

PAGES = {
    "signin": ("", "/login/"),
    "line": ("administrator", "/"),
    "customers": ("administrator", "/customers/list/"),
    "customer": ("administrator", "/customers/show/{customer}"),
    "customer-add": ("administrator", "/customers/add"),
    "freeze": ("administrator", "/customers/deed/freeze/{customer}"),
    "grants": ("finance", "/grants/list/"),
    "grant-add": ("finance", "/grants/add"),
    "grant": ("finance", "/grants/show/1"),
    "ledger": ("finance", "/ledger/list/"),
    "batches": ("operator", "/batches/list/"),
    "batch": ("operator", "/batches/show/{sent}"),
    "records": ("operator", "/records/list/"),
    "numbers": ("operator", "/messages/list/?_flt_0_phone=139000"),
    "log": ("auditor", "/log/list/"),
    "staff": ("administrator", "/staff/list/"),
    "looks": ("administrator", "/settings/edit/1"),
    "empty": ("administrator", "/customers/list/?_flt_0_name=nobody"),
    "console-grants": ("ours-owner", "/console/grants/list/"),
    "console": ("ours-owner", "/console/batches/list/"),
    "console-batch": ("ours-owner", "/console/batches/show/{sent}"),
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("phone", [False, True])
def test_every_kind_of_page(
    window: Callable[..., Window], living: tuple[House, str], phone: bool, language: str
) -> None:
    customer = living[0].customers["ours"]
    values = {"customer": customer, "sent": living[0].rows["ours"][Batch] + 2}
    windows: dict[str, Window] = {}
    for name, (who, address) in PAGES.items():
        made = windows.get(who) or windows.setdefault(who, window(who, phone=phone, language=language))
        made.open(address.format(**values))
        assert made.page.locator("h1").count() == 1
        assert made.page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]
        if language == "en":
            assert "List " not in made.page.title()
        if os.environ.get("SCREENS"):
            _keep(made, f"{name}-{'390' if phone else '1366'}-{language}")


def _keep(made: Window, name: str) -> None:
    """As a small palette PNG, at most two screens high: these are for looking at, and are committed."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    path = SCREENS / f"{name}.png"
    made.page.screenshot(path=path, full_page=True)
    with Image.open(path) as picture:
        high = 2 * picture.width if picture.width < 500 else 1100
        cut = picture.crop((0, 0, picture.width, min(picture.height, high)))
        cut.convert("RGB").quantize(128).save(path, optimize=True)
