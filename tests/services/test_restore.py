from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask

from app.extensions import db
from app.models.settings import SiteSettings
from app.models.states import Lane
from app.models.types import utc_now
from app.services import site
from app.services.notices import open_notices
from app.services.restore import beat
from app.services.sending.dispatch import Turn, dispatch_next
from app.services.work import current_session
from tests.samples import FakeProvider, Samples, phones


def _an_older_database() -> None:
    """What a restore does: the database says what it said some beats ago."""
    with db.engine.begin() as connection:
        connection.execute(SiteSettings.__table__.update().values(pulse=1))


def test_a_database_that_goes_on_sends(any_app: Flask, tmp_path: Path, samples: Samples) -> None:
    assert [beat(tmp_path) for _ in range(3)] == [False, False, False]
    assert not site.site_settings(current_session()).sending_stopped


def test_a_restored_one_waits_for_a_person(
    any_app: Flask, tmp_path: Path, samples: Samples, provider: FakeProvider
) -> None:
    samples.access_key()
    samples.batch(samples.customer(segments=100).id, phones(20))
    for _ in range(3):
        beat(tmp_path)
    _an_older_database()
    assert beat(tmp_path)
    assert dispatch_next(list(Lane), worker="w") is Turn.IDLE
    assert [notice.kind for notice in open_notices(current_session())] == ["restored"]
    # A second start does not take the old database for a new one, and does not let it send either.
    assert not beat(tmp_path)
    assert dispatch_next(list(Lane), worker="w") is Turn.IDLE and provider.calls == []

    site.allow_sending(by="a person")
    site.allow_sending(by="a person")
    assert open_notices(current_session()) == []
    assert dispatch_next(list(Lane), worker="w") is Turn.CALLED


def test_a_lost_file_is_no_restore(any_app: Flask, tmp_path: Path, samples: Samples) -> None:
    beat(tmp_path)
    (tmp_path / "pulse").unlink()
    assert not beat(tmp_path)
    assert not beat(tmp_path)


def test_a_new_database_in_a_used_folder_is_no_restore(any_app: Flask, tmp_path: Path, samples: Samples) -> None:
    (tmp_path / "pulse").write_text("7")
    assert not beat(tmp_path)
    assert not beat(tmp_path)
    assert (tmp_path / "pulse").read_text() == "2"


def test_a_worker_elsewhere_does_not_send_on_a_database_without_a_pulse(
    any_app: Flask, tmp_path: Path, samples: Samples, provider: FakeProvider
) -> None:
    """It has no file to compare with; a database that lay in a back-up has felt no pulse for long."""
    samples.access_key()
    samples.batch(samples.customer(segments=100).id, phones(20))
    beat(tmp_path, now=utc_now() - timedelta(hours=8))
    assert dispatch_next(list(Lane), worker="w") is Turn.IDLE and provider.calls == []
    beat(tmp_path)
    assert dispatch_next(list(Lane), worker="w") is Turn.CALLED
