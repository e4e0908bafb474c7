"""The first page: for nobody in particular, for a sign-in without a place here, for staff."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from werkzeug.security import generate_password_hash

from app.models.states import Lane
from app.services import books_watch
from app.services.notices import raise_notice
from app.services.sending.dispatch import dispatch_next
from app.services.sending.receipts import apply_receipts
from app.services.site import stop_sending
from app.services.work import unit_of_work
from tests.samples import NOON, FakeProvider, Samples, phones
from tests.views.conftest import PASSWORD, on_both, sign_in


def test_nobody_sees_a_sentence_and_the_way_in(nobody: FlaskClient) -> None:
    answer = nobody.get("/")
    assert answer.status_code == 200
    assert 'href="/login/"' in answer.text and "信驿" in answer.text and 'id="line"' not in answer.text


def test_the_line_does_not_exist_for_nobody(nobody: FlaskClient) -> None:
    answer = nobody.get("/line")
    assert answer.status_code == 404 and "ph-strip" not in answer.text


def test_a_sign_in_without_the_role_sees_no_more(web: Flask) -> None:
    with web.app_context(), unit_of_work() as session:
        session.add(User(first_name="li", last_name="", username="li", email="li@example.com", active=True,
                         password=generate_password_hash(PASSWORD)))
    client = web.test_client()
    assert sign_in(client, "li", PASSWORD).status_code == 302
    assert client.get("/line").status_code == 404
    page = client.get("/").text
    assert 'id="line"' not in page and 'action="/logout/"' in page


@on_both
def test_staff_watch_a_batch_from_its_queue_to_its_receipts(
    web: Flask, admin: FlaskClient, provider: FakeProvider
) -> None:
    samples = Samples()
    with web.app_context():
        samples.access_key()
        customer = samples.customer(segments=2000)
        samples.batch(customer.id, phones(1200), content="<b>八折</b>，请留意查收。")
        name = customer.name
    page = admin.get("/")
    assert page.headers["Cache-Control"] == "no-store"
    assert name in page.text and 'data-state="queued"' in page.text and "1,200" in page.text
    assert "<b>八折" not in page.text
    with web.app_context():
        dispatch_next(list(Lane), worker="test")
        call = provider.calls[0]
        samples.arrive([samples.receipt(call, phone, delivered=index % 10 > 0)
                        for index, phone in enumerate(call.phones)])
        apply_receipts()
    line = admin.get("/line").text
    assert "<html" not in line and 'data-state="sending"' in line
    assert '<rect class="is-delivered" x="0.0" y="0" width="75.0" height="1"/>' in line
    assert '<rect class="is-failed" x="75.0" y="0" width="8.333" height="1"/>' in line
    for figure in ("900", "100", "200"):  # settled, given back, still held
        assert f">{figure}</td>" in line


@on_both
def test_what_is_wrong_is_said(web: Flask, admin: FlaskClient) -> None:
    assert 'data-state="ok"' in admin.get("/line").text
    with web.app_context():
        stop_sending(by="test", reason="test")
        with unit_of_work() as session:
            raise_notice(session, "k", "provider-account", "isv.<AMOUNT>", now=NOON)
            raise_notice(session, books_watch.KEY, "books", "3: grant 1", now=NOON)
    admin.get("/language/en")
    line = admin.get("/line").text
    assert "3 breaches" in line and "isv.&lt;AMOUNT&gt;" in line and "stopped for the whole house" in line
    assert "2026-11-20 12:00" in line  # Shanghai's clock


def test_an_empty_house_says_what_to_do(admin: FlaskClient) -> None:
    assert "make demo" in admin.get("/").text


def test_both_languages(nobody: FlaskClient) -> None:
    assert "登录" in nobody.get("/").text
    assert nobody.get("/language/en").status_code == 302
    page = nobody.get("/").text
    assert "Sign in" in page and 'lang="en"' in page and "登录" not in page
    assert nobody.get("/language/xx").status_code == 404
    assert nobody.get("/favicon.ico").mimetype == "image/svg+xml"
