"""Every address × every role × GET and POST, with real ids of one's own and of another's: who gets in, who does not.

What should happen is worked out here from three plain rules, not asked of the code that decides:
nobody is shown the way in; what is not meant for one's kind, or is another customer's, does not exist; what one's
role lacks the right to is forbidden.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.roles import CUSTOMERS, STAFF, Role
from app.portal.base import TenantRoom
from tests import databases
from tests.samples import FakeProvider
from tests.walk.house import PEOPLE, SECRET, House, furnish
from tests.walk.routes import Step, steps

WALKED: Counter[str] = Counter()
OPEN = ("/healthz", "/readyz", "/metrics", "/favicon.ico", "/login/", "/", "/push", "/looks", "/language")
STAFF_ONLY = ("/line",)


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path, provider: FakeProvider) -> Iterator[House]:
    with databases.application(
        request.param, tmp_path, SMS_PROVIDER=lambda _: provider, WTF_CSRF_ENABLED=False
    ) as app:
        with app.app_context():
            house = furnish(app)
        yield house


def expected(step: Step, role: Role | None) -> set[int]:
    """The answers that are right for this step and role."""
    if step.room is None:
        if step.address in STAFF_ONLY and role not in STAFF:
            return {404, 405}
        return {200, 302, 400, 404, 405}
    wrong_way = {405}
    if role is None:
        return {302} | wrong_way
    meant = CUSTOMERS if isinstance(step.room, TenantRoom) else STAFF
    if role not in meant:
        return {404} | wrong_way
    if role not in rights(step):
        return {403} | wrong_way
    if isinstance(step.room, TenantRoom) and step.side == "theirs":
        return {404} | wrong_way
    return {200, 302, 404} | wrong_way


def rights(step: Step) -> frozenset[Role]:
    assert step.room is not None
    found = step.room.rights().get(f"can_{step.right}")
    assert found is not None, f"{step} asks for a right that no role can have"
    return found


def body(step: Step) -> dict[str, str]:
    """What a browser would send: the row for a deed on many, and no more. Nothing is filled in, so nothing is done."""
    return {"rowid": "1"} if ".bulk" in step.endpoint else {}


def test_nobody_gets_where_he_must_not(house: House) -> None:
    wrong = []
    for who, role in PEOPLE.items():
        client = house.browser(who)
        for step in steps(house.app, house):
            if step.endpoint.endswith(".logout"):
                continue
            if step.method == "POST" and step.right in ("resume", "restore"):
                continue  # they ask nothing and would be done: `test_what_is_not_ours_stays_as_it_is` presses them
            answer = client.open(step.address, method=step.method, data=body(step) if step.method == "POST" else None)
            WALKED[who or "nobody"] += 1
            if answer.status_code not in expected(step, role):
                wrong.append(f"{who or 'nobody'}: {step}: {answer.status_code}, not {sorted(expected(step, role))}")
            if answer.status_code == 302 and role is None and step.room is not None:
                assert answer.headers["Location"].startswith("/login/"), step
            if role in CUSTOMERS and SECRET in answer.get_data(as_text=True):
                wrong.append(f"{who}: {step}: shows another customer's secret")
    assert wrong == []
    assert min(WALKED.values()) > 100


def test_every_room_is_open_to_those_it_is_for(house: House) -> None:
    """The walk would also pass in a house where every door is shut."""
    for who, role in PEOPLE.items():
        client, seen = house.browser(who), 0
        for step in steps(house.app, house):
            if step.room is None or role is None or step.method == "POST":
                continue
            meant = role in (CUSTOMERS if isinstance(step.room, TenantRoom) else STAFF)
            own = step.side in ("", "ours") or role in STAFF
            if meant and own and step.side not in ("first", "none") and "none" not in step.address.split("/"):
                answer = client.get(step.address)
                if role in rights(step) and answer.status_code != 405:
                    assert answer.status_code in (200, 302), (who, str(step), answer.status_code)
                    seen += 1
        assert role is None or seen >= 5, who


def test_no_form_is_taken_without_its_token(tmp_path: Path, provider: FakeProvider) -> None:
    with databases.application("sqlite", tmp_path, SMS_PROVIDER=lambda _: provider) as app:
        with app.app_context():
            app.config["WTF_CSRF_ENABLED"] = False
            house = furnish(app)
        client = house.browser("administrator")
        app.config["WTF_CSRF_ENABLED"] = True
        for step in steps(app, house):
            if step.method == "POST" and not step.address.startswith("/push"):
                assert client.post(step.address, data=body(step)).status_code in (400, 404, 405), str(step)
