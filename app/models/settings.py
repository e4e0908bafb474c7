"""What the reseller has set, one row; and what they are to be told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.models.types import BigId, Moment, utc_now


class SiteSettings(Base):
    __tablename__ = "site_settings"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    company: Mapped[str] = mapped_column(String(100), default="")
    brand: Mapped[str] = mapped_column(String(7), default="#0b6b50")
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # a small PNG
    # Goes up with each change of looks: it stands in the addresses that browsers may keep.
    looks: Mapped[int] = mapped_column(default=1)
    has_logo: Mapped[bool] = mapped_column(default=False)
    # Promotions go out between these hours of Shanghai (upstream.md, quiet hours: 08:00–20:00 unless set otherwise).
    opens_at: Mapped[int] = mapped_column(default=8)
    closes_at: Mapped[int] = mapped_column(default=20)
    max_recipients: Mapped[int] = mapped_column(default=1_000_000)
    # After a restore from a back-up nothing is sent until a person confirms (V10).
    sending_stopped: Mapped[bool] = mapped_column(default=False)
    # The clock's pulse, compared with a file outside the database: where the file is ahead, this is an older database.
    pulse: Mapped[int] = mapped_column(default=0)
    pulse_at: Mapped[datetime | None] = mapped_column(Moment)


class Notice(Base):
    """Something the reseller must know. One open notice a key, however often it is raised."""

    __tablename__ = "notices"
    __table_args__ = (
        Index(
            "uq_notices_open",
            "key",
            unique=True,
            sqlite_where=text("cleared_at IS NULL"),
            postgresql_where=text("cleared_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text, default="")
    times: Mapped[int] = mapped_column(default=1)
    raised_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
