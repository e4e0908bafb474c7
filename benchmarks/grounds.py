"""What every measurement stands on: a migrated database, a customer with segments, files of recipients."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy.engine import make_url

from app import create_app
from app.domain.message_types import MessageType
from app.jobs.shift import collect_less
from app.services import access_keys, approvals, customers, grants
from app.services.sending.compose import Order, compose_file
from app.services.sending.submit import submit_batch
from tests import databases
from tests.services_at_hand import POSTGRES

KINDS = ("sqlite", "postgresql")
ALIKE = ("SMS_100003", "系统将于今晚零点维护，预计两小时，敬请谅解。")
PERSONAL = ("SMS_100002", "尊敬的${name}，您的订单${order}已发货。")
CODE = ("SMS_100001", "您的验证码为${code}，5分钟内有效。")
RECEIPT_QUEUE = "Alicom-Queue-1000000000000001-SmsReport"  # of the account that the stand-ins begin with
SIGNATURE = "云顶云"
_NOWHERE = "http://127.0.0.1:9"
_KEY = f"{'A' * 43}="  # the same in every process, so that each can read what another stored
PLENTY = 1_000_000_000  # segments, and calls a second: neither is what is measured here


def trouble_with(kind: str) -> str:
    """Why there can be no figures on this database, "" where there can."""
    if kind == "sqlite":
        return ""
    url = make_url(os.environ.get("TEST_DATABASE_URL", POSTGRES))
    try:
        connect_plainly(url.render_as_string(hide_password=False)).close()
    except psycopg.OperationalError as error:
        return f"PostgreSQL does not answer: {str(error).splitlines()[0]}"
    return ""


def connect_plainly(url: str) -> psycopg.Connection[Any]:
    """The driver and nothing else."""
    parts = make_url(url)
    return psycopg.connect(host=parts.host, port=parts.port, user=parts.username, password=parts.password,
                           dbname=parts.database, connect_timeout=3)


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The address of a new, migrated database, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as home, databases.database(kind, Path(home)) as url:
        yield url


def forget_templates() -> None:
    databases.drop_postgres_template()


@contextmanager
def application(url: str, *, web: bool = False, **more: Any) -> Iterator[Flask]:
    """An application on that database, its context pushed; `more` are settings."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as home:
        app = create_app(databases.settings(url, Path(home), POSTHOUSE_KEY=_KEY, **more), web=web)
        collect_less()  # as a process that works does
        with app.app_context():
            yield app


@dataclass(frozen=True)
class Ground:
    """A customer who may send anything, and the ids to send it with."""

    customer_id: int
    signature_id: int
    alike_id: int
    personal_id: int
    code_id: int

    def order(self, personal: bool) -> Order:
        template_id = self.personal_id if personal else self.alike_id
        return Order(self.customer_id, self.signature_id, template_id, by="bench")


def furnish(endpoint: str = "") -> Ground:
    """Make the customer and the access key; with `endpoint` for everything, or with nothing that could be called."""
    queue, endpoint = (RECEIPT_QUEUE, endpoint) if endpoint else ("", _NOWHERE)
    access_keys.save_access_key(key="standin-key", secret="standin-secret", by="bench", endpoint=endpoint,
                                token_endpoint=endpoint, queue_endpoint=endpoint, receipt_queue=queue, rate=5_000)
    customer = customers.open_customer(name="测量", by="bench")
    grants.assign_grant(customer.id, kind=MessageType.GENERAL, size=PLENTY, valid_until=date(2099, 12, 31),
                        reason="bench", by="bench")
    signature = approvals.assign_signature(customer.id, name=SIGNATURE, by="bench")
    made = [
        approvals.assign_template(customer.id, code=code, name=code, content=content, kind=kind, by="bench").id
        for (code, content), kind in (
            (ALIKE, MessageType.NOTICE), (PERSONAL, MessageType.NOTICE), (CODE, MessageType.VERIFICATION))
    ]
    return Ground(customer.id, signature.id, *made)


def queue_batch(ground: Ground, path: str | Path, *, personal: bool) -> int:
    """File → queued: what the product does between the upload and the line."""
    batch_id = compose_file(ground.order(personal), path)
    submit_batch(batch_id, by="bench")
    return batch_id
