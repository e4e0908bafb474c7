"""The main paths as people walk them, at a desk and on a phone; each window ends without a complaint."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from app.models.batches import Batch
from tests.browser.chromium import Window
from tests.walk.house import PASSWORD, House

pytestmark = pytest.mark.browser
Windows = Callable[..., Window]


def test_in_with_a_wrong_password_first_and_out_again(window: Windows) -> None:
    made = window("")
    made.open("/log/list/")
    page = made.page
    assert "/login/" in page.url
    page.fill("#username", "administrator")
    page.fill("#password", "wrong1")
    made.press("main button[type=submit]")
    assert page.input_value("#username") == "administrator"
    assert page.locator("[role=alert]").is_visible()
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.press("#password", "Enter")
    assert page.url.endswith("/log/list/")  # where one wanted to go
    made.press(".ph-tools form button")
    page.wait_for_selector("a[href='/login/']")
    page.go_back()
    page.goto(made.base + "/log/list/")
    assert "/login/" in page.url
    made.check()


def test_a_list_by_each_kind_of_search(window: Windows) -> None:
    made = window()
    page = made.page
    made.open("/customers/list/")
    assert page.locator("tbody tr").count() == 25
    page.fill("#search-phone", "１３８ 0013 8000")
    made.press(".ph-filter button")
    assert page.locator("tbody tr").count() == 1 and page.input_value("#search-phone") == "１３８ 0013 8000"
    made.press(".ph-filter a.btn-quiet")
    made.press(".ph-tabs a:nth-child(3)")  # frozen
    frozen = page.locator("tbody tr").count()
    assert frozen == 7 and page.locator(".ph-badge[data-state=frozen]").count() == frozen
    page.fill("#search-created_at", "2030-01-01")
    made.press(".ph-filter button")
    assert page.locator(".ph-empty a").is_visible()
    made.press(".ph-empty a")
    page.fill("#search-phone", "12")
    made.press(".ph-filter button")
    assert page.locator(".invalid-feedback").is_visible()
    page.goto(made.base + "/customers/list/")
    made.press("th a >> nth=0")
    first = page.locator("tbody tr td.full").first.inner_text()
    made.press("th a >> nth=0")
    assert page.locator("tbody tr td.full").first.inner_text() != first
    made.press(".pagination a >> text=2")
    assert "page_CustomerRoom=1" in page.url and "_oc_CustomerRoom" in page.url
    made.check()


def test_a_box_that_loads_as_one_types_and_one_that_hangs_on_it(window: Windows, living: tuple[House, str]) -> None:
    made = window()
    page = made.page
    made.open("/records/list/")
    page.click("#search-customer-ts-control")
    page.keyboard.type("乙家")
    page.click(".ts-dropdown .option >> text=乙家机密")
    page.click("#search-template-ts-control")
    page.wait_for_selector("#search-template-ts-dropdown .option")
    assert page.locator("#search-template-ts-dropdown .option").count() == 1  # theirs alone
    page.keyboard.press("Escape")
    made.press(".ph-filter button")
    assert f"_flt_0_customer={living[0].customers['theirs']}" in page.url
    assert page.locator("tbody tr").count() == 1
    assert "乙家机密" in page.locator("#search-customer + .ts-wrapper .item").inner_text()
    made.check()


def test_a_customer_is_opened_refused_edited_frozen_and_thawed(window: Windows) -> None:
    made = window()
    page = made.page
    made.open("/customers/list/")
    made.press(".ph-pagehead .btn-primary")
    page.fill("#email", "no address")
    page.fill("#phone", "123")
    page.check("#charge_expired")
    page.select_option("#charge_on", "handover")
    made.press(".ph-form button[type=submit]")
    assert page.locator("#name-wrong").is_visible() and page.input_value("#email") == "no address"
    page.fill("#name", "海棠书店 <b>一号</b>")
    made.press(".ph-form button[type=submit]")  # now the service looks at it
    assert page.locator("#email-wrong").is_visible() and page.locator("#phone-wrong").is_visible()
    assert page.is_checked("#charge_expired") and page.input_value("#charge_on") == "handover"
    page.fill("#email", "a@example.com")
    page.fill("#phone", "+86 138-0013-8999")
    with page.expect_navigation():
        page.dblclick(".ph-form button[type=submit]")
    page.wait_for_selector("h1 .ph-badge")
    assert "海棠书店 <b>一号</b>" in page.locator("h1").inner_text()
    assert page.locator(".ph-dl >> text=13800138999").is_visible()
    made.press(".ph-pagehead .acts a:has(.ti-pencil)")
    page.fill("#contact_name", "孟晓")
    made.press(".ph-form button[type=submit]")
    assert page.locator(".ph-dl >> text=孟晓").is_visible()
    made.press(".ph-pagehead .btn-bad")
    made.press(".ph-form .btn-danger")
    assert page.locator("#reason-wrong").is_visible()
    page.fill("#reason", "对账未清")
    made.press(".ph-form .btn-danger")
    assert page.locator("h1 .ph-badge[data-state=frozen]").is_visible()
    assert page.locator(".ph-pagehead p").inner_text() == "对账未清"
    made.press(".ph-pagehead .acts a >> nth=0")
    made.press(".ph-form button[type=submit]")
    assert page.locator("h1 .ph-badge[data-state=normal]").is_visible()
    made.check()


def test_one_opened_by_mistake_is_deleted_and_one_with_a_history_is_not(
    window: Windows, living: tuple[House, str]
) -> None:
    made = window()
    page = made.page
    made.open("/customers/add")
    page.fill("#name", "开错了的客户")
    made.press(".ph-form button[type=submit]")
    made.press(".ph-pagehead .acts a[href*='/delete/']")
    assert "开错了的客户" in page.locator(".ph-note.bad").inner_text()
    made.press(".ph-form a.btn")  # not after all
    made.press(".ph-pagehead .acts a[href*='/delete/']")
    made.press(".ph-form .btn-danger")
    page.wait_for_url("**/customers/list/")
    assert page.locator("text=开错了的客户").count() == 0 and page.locator(".ph-note").is_visible()
    made.open(f"/customers/delete/{living[0].customers['ours']}")
    made.press(".ph-form .btn-danger")
    assert page.locator("[role=alert]").is_visible()
    made.check()


def test_the_lists_that_belong_to_a_customer(window: Windows, living: tuple[House, str]) -> None:
    made = window()
    page = made.page
    made.open(f"/customers/show/{living[0].customers['ours']}")
    assert page.locator(".ph-tank").count() == 4
    seen = set()
    for place in range(page.locator(".ph-two .ph-tabs a").count()):
        made.press(f".ph-two .ph-tabs a >> nth={place}")
        assert page.locator(".ph-two tbody tr").count() > 0
        seen.add(page.locator(".ph-two thead").inner_text())
    assert len(seen) == 3  # grants, tasks, log
    made.check()


def test_rows_at_the_left_and_what_belongs_to_them_beside(window: Windows) -> None:
    made = window("finance")
    page = made.page
    made.open("/ledger/list/?_flt_0_kind=general")
    assert page.locator(".ph-picks a.on").count() == 1
    made.press(".ph-picks a >> nth=3")
    chosen = page.locator(".ph-picks a.on span").first.inner_text()
    assert page.locator(".ph-master .card-title").inner_text() == chosen
    assert page.locator(".ph-master tbody tr").count() >= 1 and "_flt_0_kind=general" in page.url
    made.check()


def test_two_tabs_on_one_form(window: Windows, living: tuple[House, str]) -> None:
    address = f"/customers/edit/{living[0].customers['ours']}"
    one, other = window(), window("operator")
    one.open(address)
    other.open(address)
    other.page.fill("#contact_name", "先来的")
    other.press(".ph-form button[type=submit]")
    one.page.fill("#contact_name", "后来的")
    one.press(".ph-form button[type=submit]")
    assert one.page.locator("[role=alert]").is_visible() and one.page.input_value("#contact_name") == "后来的"
    one.press(".ph-form button[type=submit]")
    assert one.page.locator(".ph-dl >> text=后来的").is_visible()


def test_a_grant_is_assigned_adjusted_and_voided(window: Windows) -> None:
    made = window("finance")
    page = made.page
    made.open("/grants/add")
    page.click("#customer_id-ts-control")
    page.keyboard.type("乙家")
    page.click(".ts-dropdown .option >> text=乙家机密")
    page.select_option("#kind", "notice")
    page.fill("#size", "５０,０００")
    page.fill("#valid_until", (date.today() + timedelta(days=90)).isoformat())
    page.fill("#reason", "线下销售 ¥ 1,900.00")
    made.press(".ph-form button[type=submit]")
    assert page.locator(".ph-dl >> text=50,000").first.is_visible()
    assert page.locator("tbody tr").count() == 1  # its ledger
    made.press(".ph-pagehead .acts a >> nth=0")
    page.fill("#change", "-60000")
    page.fill("#reason", "多给了")
    made.press(".ph-form button[type=submit]")
    assert page.locator("[role=alert]").is_visible() and page.input_value("#change") == "-60000"
    page.fill("#change", "-10000")
    made.press(".ph-form button[type=submit]")
    assert page.locator(".ph-dl >> text=40,000").first.is_visible() and page.locator("tbody tr").count() == 2
    made.press(".ph-pagehead .btn-bad")
    page.fill("#reason", "客户退货")
    made.press(".ph-form .btn-danger")
    assert page.locator("h1 .ph-badge[data-state=void]").is_visible()
    made.check()


def test_many_at_once(window: Windows) -> None:
    made = window()
    page = made.page
    made.open("/customers/list/?_flt_0_phone=1380013801")
    assert page.locator("[data-bulk-bar]").is_hidden()
    page.check("[data-bulk-all]")
    chosen = page.locator("input[name=rowid]:checked").count()
    made.press("[data-bulk-bar] button >> nth=0")
    assert page.locator(".ph-chosen li").count() == chosen == 10
    page.fill("#reason", "统一冻结")
    made.press(".ph-form .btn-danger")
    assert page.locator(".ph-badge[data-state=frozen]").count() == chosen
    page.check("[data-bulk-all]")
    made.press("[data-bulk-bar] button >> nth=1")
    made.press(".ph-form button[type=submit]")
    assert page.locator(".ph-badge[data-state=frozen]").count() == 0
    made.check()


def test_a_batch_is_paused_gone_on_with_and_cancelled(window: Windows, living: tuple[House, str]) -> None:
    made = window("operator")
    page = made.page
    made.open("/batches/list/?_flt_0_state=paused")
    made.press("tbody td.full a")
    assert page.locator(".ph-note.wait").is_visible()
    made.press(".ph-pagehead .btn-primary")
    made.press(".ph-form button[type=submit]")
    assert page.locator("h1 .ph-badge[data-state=queued]").is_visible()
    made.press(".ph-pagehead .acts a:not(.btn-bad) >> nth=0")
    made.press(".ph-form button[type=submit]")
    page.wait_for_selector("h1 .ph-badge[data-state=paused]")
    made.press(".ph-pagehead .btn-bad")
    page.fill("#reason", "写错了")
    made.press(".ph-form .btn-danger")
    page.wait_for_selector("h1 .ph-badge[data-state=cancelled]")
    made.press(".ph-states a >> nth=0")
    assert "_flt_0_state=delivered" in page.url and page.locator(".ph-empty").is_visible()
    made.check()


def test_the_failures_of_a_batch_and_one_recipient(window: Windows) -> None:
    made = window("operator")
    page = made.page
    made.open("/messages/list/?_flt_0_phone=13900000000")
    made.press("tbody td.id a")
    assert page.locator("text=MK:0001").first.is_visible() and page.locator("#story rect").count() >= 2
    page.fill("#search-phone", "139000000")
    made.press("#recipients .ph-filter button")
    assert page.locator("#recipients tbody tr").count() == 25
    made.press("#recipients .ph-tabs a >> nth=4")  # failed
    assert page.locator("#recipients .ph-badge[data-state=failed]").count() > 5
    made.check()


def test_an_auditor_sees_masked_numbers_and_no_buttons(window: Windows, living: tuple[House, str]) -> None:
    made = window("auditor")
    made.open(f"/batches/show/{living[0].rows['ours'][Batch]}")
    page = made.page
    assert re.fullmatch(r"138\*{4}\d{4}", page.locator("#recipients tbody td.id").first.inner_text())
    assert page.locator(".ph-pagehead .acts a").count() == 0
    made.expected.add(403)
    page.goto(made.base + "/customers/add")
    assert page.locator(".ph-wrong").is_visible()


def test_language_and_brand(window: Windows) -> None:
    made = window()
    page = made.page
    made.open("/settings/show/1")
    made.press(".ph-pagehead .acts a")
    page.fill("#brand", "#ffee00")
    made.press(".ph-form button[type=submit]")
    assert page.locator("#brand-wrong").is_visible()
    page.fill("#brand", "#2b4c8c")
    page.set_input_files("#logo", {"name": "logo.png", "mimeType": "image/png", "buffer": b"not a picture"})
    made.press(".ph-form button[type=submit]")
    assert page.locator("#logo-wrong").is_visible() and page.input_value("#brand") == "#2b4c8c"
    page.set_input_files("#logo", {"name": "x.txt", "mimeType": "text/plain", "buffer": picture()})
    made.press(".ph-form button[type=submit]")
    colour = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ph-brand').trim()")
    assert colour == "#2b4c8c" and page.locator(".ph-dl img").is_visible()
    made.press("a.ph-lang")
    assert page.locator("html").get_attribute("lang") == "en" and "/settings/show/1" in page.url
    assert not re.search(r"[\u4e00-\u9fff]", page.locator("main").inner_text().replace("海河云信", ""))
    page.goto(made.base + "/settings/edit/1")
    page.fill("#brand", "#0b6b50")
    page.check("#without_logo")
    made.press(".ph-form button[type=submit]")
    made.check()


def picture() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (300, 120), "#2b4c8c").save(out, "JPEG")
    return out.getvalue()


def test_the_side_bar_on_a_phone(window: Windows) -> None:
    made = window(phone=True)
    page = made.page
    made.open("/customers/list/")
    assert not page.locator("#side").is_visible()
    page.click(".ph-burger")
    page.wait_for_selector("#side.show")
    page.keyboard.press("Escape")
    page.wait_for_selector("#side", state="hidden")
    page.click(".ph-burger")
    page.wait_for_selector("#side.show")
    made.press("#side a[href='/grants/list/']")
    page.wait_for_url("**/grants/list/")
    made.check()


def test_without_script(window: Windows) -> None:
    """Searching, choosing lines and a form with a box work where no script runs."""
    made = window(script=False)
    page = made.page
    page.goto(made.base + "/grants/add")
    assert page.locator("#customer_id option").count() > 5
    page.goto(made.base + "/customers/list/?_flt_0_phone=13800138001")
    page.check("input[name=rowid]")
    made.press("[data-bulk-bar] button >> nth=0")
    assert page.locator(".ph-chosen li").count() == 1


PAGES = (
    "/", "/customers/list/", "/customers/show/1", "/customers/add", "/customers/deed/freeze/1", "/grants/list/",
    "/grants/show/1", "/grants/add", "/batches/list/", "/batches/show/1", "/records/list/", "/messages/list/",
    "/ledger/list/", "/log/list/", "/log/show/1", "/staff/list/", "/settings/edit/1",
)


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("who", ["", "administrator", "ours-owner"])
def test_axe_finds_nothing_serious(window: Windows, who: str, phone: bool) -> None:
    made = window(who, phone=phone)
    mine = ("/console/batches/list/", "/console/batches/show/1", "/console/grants/list/")
    found = {}
    for address in {"": ("/", "/login/"), "administrator": PAGES}.get(who, mine):
        made.open(address)
        if serious := made.serious():
            found[address] = serious
    assert found == {}
