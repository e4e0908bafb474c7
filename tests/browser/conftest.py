"""One house on a real port for all browser tests of a session, and a window that has signed in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser
from waitress.server import create_server

from app.domain.message_types import MessageType
from app.models.types import utc_now
from app.services import grants, site
from app.services.customers import freeze_customer
from app.services.sending.receipts import apply_receipts
from app.services.sending.running import pause_batch
from tests import databases
from tests.browser import chromium
from tests.browser.chromium import DESK, PHONE, Window
from tests.samples import FakeProvider, Samples, phones, send_all
from tests.walk.house import PASSWORD, House, furnish


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.browser() as made:
        yield made


@pytest.fixture(scope="session")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    """A furnished house on SQLite behind waitress, and its address."""
    home, provider = tmp_path_factory.mktemp("browser"), FakeProvider()
    with databases.application("sqlite", home, SMS_PROVIDER=lambda _: provider) as app:
        with app.app_context():
            house = furnish(app)
            _live_in(house, provider)
        server = create_server(app, host="127.0.0.1", port=0, threads=8)
        threading.Thread(target=server.run, daemon=True).start()
        yield house, f"http://127.0.0.1:{server.effective_port}"
        server.close()


@pytest.fixture
def window(browser: Browser, living: tuple[House, str]) -> Iterator[Callable[..., Window]]:
    """Makes windows: `window("administrator", phone=True, language="en")`; each must end without a complaint."""
    opened: list[Any] = []

    def make(who: str = "administrator", *, phone: bool = False, language: str = "zh", script: bool = True) -> Window:
        width, height = PHONE if phone else DESK
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN",
                                      timezone_id="Asia/Shanghai", java_script_enabled=script,
                                      reduced_motion="reduce")
        made = Window(context.new_page(), living[1])
        opened.append((context, made))
        if who:
            made.sign_in(who, PASSWORD)
        if language != "zh":
            made.page.goto(f"{living[1]}/language/{language}?back=/")
        return made

    yield make
    for context, made in opened:
        complaints = list(made.complaints)
        context.close()
        assert complaints == []


def _live_in(house: House, provider: FakeProvider) -> None:
    """Rows as a house has them after a while: more customers, grants of every kind, batches in every state."""
    samples = Samples()
    site.change_looks(1, company="海河云信", brand="#0b6b50", logo=None, without_logo=False, by="test")
    for number in range(60):
        customer = samples.customer(segments=0, contact_name="王丽", phone=f"138001380{number:02d}")
        if number % 9 == 0:
            freeze_customer(customer.id, by="test", reason="对账未清")
        for kind in list(MessageType)[: number % 4]:
            grants.assign_grant(customer.id, kind=kind, size=10_000 * (number + 1), by="finance",
                                reason="线下销售 ¥ 380.00", valid_until=date.today() + timedelta(days=30 + number))
    ours = house.customers["ours"]
    grants.assign_grant(ours, kind=MessageType.GENERAL, size=20_000, by="test", reason="开户测试",
                        valid_until=date.today() + timedelta(days=365))
    for number in range(4):
        numbers = phones(400, start=13_900_000_000 + number * 400)
        batch_id = samples.batch(ours, numbers, content="您的订单已发货，请留意查收。", code="SMS_900001")
        if number == 2:
            pause_batch(batch_id, by="operator", reason="客户要求")
    send_all(utc_now())
    for call in provider.calls[:-1]:
        samples.arrive([samples.receipt(call, phone, delivered=place % 9 > 0)
                        for place, phone in enumerate(call.phones)])
    apply_receipts()
