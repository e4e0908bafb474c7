"""The sample reseller: a house with two customers, made once and found again."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands.children import Children
from app.domain.clock import shanghai_day
from app.domain.message_types import MessageType
from app.models.customers import Customer, Member, MemberRole
from app.models.packages import Grant
from app.models.types import utc_now
from app.services import access_keys, approvals, customers, grants, sign_ins
from app.services.members import open_member_sign_in
from app.services.site import name_company
from app.services.work import current_session
from standins.control import Control

KEY, SECRET, ACCOUNT = "standin-key", "standin-secret", "1000000000000001"  # as the stand-ins have them
PERSONAL = "SMS_100002"
CUSTOMER = "customer"  # the name under which the sending customer's owner signs in
_TEMPLATES = (
    ("SMS_100001", MessageType.VERIFICATION, "登录验证码", "您的验证码为${code}，5分钟内有效。"),
    (PERSONAL, MessageType.NOTICE, "发货通知", "尊敬的${name}，您的订单${order}已发货。"),
    ("SMS_100003", MessageType.NOTICE, "维护通知", "系统将于今晚零点维护，预计两小时，敬请谅解。"),
    ("SMS_100004", MessageType.PROMOTION, "周年促销", "周年店庆全场八折，欢迎选购，拒收请回复R"),
)
_CUSTOMERS = (("云顶商贸有限公司", "云顶云"), ("山海物流有限公司", "山海物流"))


@dataclass(frozen=True)
class Sender:
    """Who sends the demo's batch, and with what."""

    customer_id: int
    name: str
    signature_id: int
    template_id: int


def start_standins(children: Children, home: Path) -> Control:
    """The stand-ins on the port of the last time, so that the access key still fits, or else on a free one."""
    kept = home / "standins.port"
    port = kept.read_text(encoding="ascii").strip() if kept.exists() else "0"
    for wanted in dict.fromkeys((port, "0")):
        child = children.start(["-m", "standins", "--port", wanted], log=home / "demo.log", read=True)
        line = child.stdout.readline() if child.stdout else ""
        if line.startswith("stand-ins listening on "):
            control = Control(line.split()[-1])
            kept.write_text(control.base_url.rpartition(":")[2], encoding="ascii")
            control.add_signature(_CUSTOMERS[1][1], kind=1)
            control.set(latency_ms=20, receipt_delay_ms=300, receipt_jitter_ms=200, seed=secrets.randbelow(10**6),
                        fail_share={"MK:0001": 0.02, "MOBILE_NOT_ON_SERVICE": 0.004, "UNDELIV": 0.001})
            return control
    raise RuntimeError(f"the stand-ins did not start; {home / 'demo.log'} says why")


def furnish(control: Control, segments: int) -> Sender:
    """Everything the demo needs, in an application's context; what is there already stays as it is."""
    name_company("信驿示范", by="demo")
    _point_at(control)
    first, _ = [_customer(name, sign, segments) for name, sign in _CUSTOMERS]
    return first


def _point_at(control: Control) -> None:
    """Save an access key, unless the active one speaks to these stand-ins already."""
    active = access_keys.active_access_key(current_session())
    if active is not None and active.endpoint == control.base_url:
        access_keys.resume_access_key(active.id, by="demo")
        return
    access_keys.save_access_key(
        key=KEY, secret=SECRET, by="demo", endpoint=control.base_url, token_endpoint=control.base_url,
        queue_endpoint=control.base_url, receipt_queue=f"Alicom-Queue-{ACCOUNT}-SmsReport",
        reply_queue=f"Alicom-Queue-{ACCOUNT}-SmsUp", note="demo",
    )


def _customer(name: str, sign: str, segments: int) -> Sender:
    session = current_session()
    customer_id = session.scalar(select(Customer.id).where(Customer.name == name))
    if customer_id is None:
        customer_id = customers.open_customer(name=name, by="demo").id
    signature = approvals.assign_signature(customer_id, name=sign, by="demo")
    templates = {
        code: approvals.assign_template(customer_id, code=code, name=title, content=content, kind=kind, by="demo")
        for code, kind, title, content in _TEMPLATES
    }
    for kind in (MessageType.GENERAL, MessageType.NOTICE):
        if _free(session, customer_id, kind) < segments:
            until = shanghai_day(utc_now()) + timedelta(days=365)
            grants.assign_grant(customer_id, kind=kind, size=segments, valid_until=until, reason="demo", by="demo")
    return Sender(customer_id, name, signature.id, templates[PERSONAL].id)


def _free(session: Session, customer_id: int, kind: MessageType) -> int:
    free = func.sum(Grant.size - Grant.used - Grant.held - Grant.lapsed)
    valid = (Grant.customer_id == customer_id, Grant.kind == kind, Grant.valid_until >= shanghai_day(utc_now()))
    return int(session.scalar(select(free).where(*valid)) or 0)


def grants_of(customer_id: int) -> list[str]:
    """One line for each grant of a customer, as it stands now."""
    rows = current_session().scalars(
        select(Grant).where(Grant.customer_id == customer_id).order_by(Grant.id)
        .execution_options(populate_existing=True)
    )
    return [f"grant {grant.id} ({grant.kind.value}): {grant.size:,} segments, {grant.used:,} used, "
            f"{grant.held:,} held, {grant.remaining:,} left" for grant in rows]


def admin_password(home: Path) -> str:
    """The password of the demo's administrator: made once, kept in a file that its owner alone can read."""
    kept = home / "admin.password"
    if not kept.exists():
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(f"{secrets.token_hex(4)}-{secrets.token_hex(3)}")
    password = kept.read_text(encoding="ascii").strip()
    sign_ins.create_admin("admin", "admin@example.com", password, by="demo", replace=True)
    _let_the_sender_in(password)
    return password


def _let_the_sender_in(password: str) -> None:
    """The first customer's owner signs in with the same password, to see the house from the other side."""
    place = current_session().execute(
        select(Member.id, Member.user_id).join(Customer)
        .where(Customer.name == _CUSTOMERS[0][0], Member.role == MemberRole.OWNER)
    ).one()
    if place.user_id is None:
        open_member_sign_in(place.id, username=CUSTOMER, email="customer@example.com", password=password, by="demo")
