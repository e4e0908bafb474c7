"""A database restored from a back-up does not know what was sent since: it must not send by itself (V10).

The clock's pulse is counted in two places, every few seconds: in the database, then in a file beside it. Where the
file is ahead, the database is an older one, and sending stops until a person has confirmed; the queues are read
meanwhile. Other machines have no such file: they send only while the database has felt a pulse not long ago, and one
that was lying in a back-up has not.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from app.models.types import utc_now
from app.services import audit
from app.services.notices import raise_notice
from app.services.site import RESTORED, site_settings
from app.services.work import unit_of_work

STILL_ALIVE = timedelta(minutes=15)  # after the newest pulse; a database that never had one may send


def beat(home: Path, *, now: datetime | None = None) -> bool:
    """Count one beat; True where the database turns out to be an older one, and sending was stopped.

    The clock beats before it does anything else, and all the time. `home` is the folder the file lies in.
    """
    now = now or utc_now()
    file = home / "pulse"
    known = _read(file)
    with unit_of_work() as session:
        settings = site_settings(session)
        # A database that never felt a pulse is a new one in a folder that was used before, not an old one.
        restored = known is not None and 0 < settings.pulse < known
        if restored and not settings.sending_stopped:
            settings.sending_stopped = True
            raise_notice(session, RESTORED, RESTORED, f"{settings.pulse} < {known}", now=now)
            audit.record("stop sending", settings, by="clock", reason="restored from a back-up")
        # Never below what the file has seen: a second beat must not take the old database for a new one.
        pulse = settings.pulse = (max(settings.pulse, known or 0) if settings.pulse else 0) + 1
        settings.pulse_at = now
    _write(file, pulse)
    return restored


def _read(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def _write(file: Path, pulse: int) -> None:
    """All of it or nothing."""
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(str(pulse), encoding="ascii")
    draft.replace(file)
