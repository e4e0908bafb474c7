"""The crowd keeps every constraint, and every page that is timed is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.extensions import db
from app.services import sign_ins
from app.services.roles import sync_roles
from app.views import rights_of
from benchmarks import crowd, grounds, lists, start
from tests.services_at_hand import postgres_url

TINY = crowd.Crowd(20, 400)


@pytest.fixture(params=grounds.KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "postgresql":
        postgres_url()  # skips, or fails in .ci/run, where none answers
    with grounds.database(request.param) as url:
        yield url


def test_every_page_answers_within_its_statements(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "RUNS", 2)
    with grounds.application(url, web=True, WTF_CSRF_ENABLED=False) as app:
        crowd.fill(TINY)
        sync_roles(rights_of(app))
        sign_ins.create_admin("root", "root@example.com", lists._PASSWORD, by="bench")
        assert db.session.scalar(db.text("SELECT count(*) FROM messages")) == TINY.messages
        db.session.remove()
    found = lists.measured(app, TINY)
    assert found.keys() == lists.PAGES.keys()
    assert {name: many for name, (_, _, _, many) in found.items() if many > lists.STATEMENTS} == {}


def test_a_forked_worker_answers() -> None:
    assert start.forked({"SQLALCHEMY_DATABASE_URI": "sqlite://"}, 1) > 0
