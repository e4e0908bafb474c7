"""Whatever is done to the books, in whatever order, they balance, and say what a plain bookkeeper says."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain.clock import shanghai_day
from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.extensions import db
from app.gateways.sms import Outcome, SmsError
from app.models.batches import Batch
from app.models.customers import ChargeOn
from app.models.packages import Grant
from app.services import grants
from app.services.books import check_books
from app.services.sending import dispatch
from app.services.sending.running import cancel_batch
from app.services.sending.submit import submit_batch
from tests import databases
from tests.samples import NOON, FakeCall, FakeProvider, Samples, claim_one, phones
from tests.services.bookkeeper import Bookkeeper, PlainBatch, PlainGrant

COUNTS = st.integers(1, 40)
FEW = st.sampled_from((0, 1, 2, 4, 8, 40))  # so that most reports leave something open
WHICH = st.integers(0, 10)
WHO: dict[str, Any] = {"reason": "random", "by": "test"}


class Books(RuleBasedStateMachine):
    """One customer on one database. Every number is one segment."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.provider = FakeProvider()
        app = self.stack.enter_context(databases.application(self.kind, folder, SMS_PROVIDER=lambda _: self.provider))
        self.stack.enter_context(app.app_context())
        self.samples = Samples()
        self.samples.access_key()
        self.now = NOON
        self.plain = Bookkeeper()
        self.handed: list[tuple[PlainBatch, FakeCall, list[str]]] = []  # with the numbers nobody reported on yet

    def teardown(self) -> None:
        self.stack.close()

    @property
    def today(self) -> date:
        return shanghai_day(self.now)

    @initialize(charge_on=st.sampled_from(ChargeOn))
    def begin(self, charge_on: ChargeOn) -> None:
        self.by_handover = charge_on is ChargeOn.HANDOVER
        self.customer_id = self.samples.customer(charge_on=charge_on).id
        for own, days in ((True, 3), (True, 1), (False, 2)):  # so that most batches span several grants
            self.assign(own=own, size=15, days=days)

    @rule(own=st.booleans(), size=COUNTS, days=st.integers(0, 4))
    def assign(self, own: bool, size: int, days: int) -> None:
        until = self.today + timedelta(days=days)
        kind = MessageType.NOTICE if own else MessageType.GENERAL
        given = grants.assign_grant(self.customer_id, kind=kind, size=size, valid_until=until, now=self.now, **WHO)
        self.plain.grants[given.id] = PlainGrant(given.id, own, size, until)

    @rule(count=st.sampled_from((1, 7, 12, 20, 33)))
    def submit(self, count: int) -> None:
        enough = self.plain.balance(self.today) >= count
        batch_id = self.samples.batch(self.customer_id, phones(count), submit=False, now=self.now)
        if enough:
            submit_batch(batch_id, by="test", now=self.now)
            self.plain.hold(batch_id, count, self.today)
        else:
            with pytest.raises(Refused, match="are left"):
                submit_batch(batch_id, by="test", now=self.now)

    @rule(taken=st.sampled_from((True, True, True, False)))
    def hand_over(self, taken: bool) -> None:
        claim = claim_one(self.now)
        if claim is None:
            assert not any(batch.queued for batch in self.plain.batches.values())
            return
        batch = self.plain.batches[claim.batch_id]
        assert len(claim.phones) == batch.queued
        if taken:
            dispatch.record_answer(claim, dispatch._call(claim), now=self.now)
            batch.accepted = batch.queued
            self.handed.append((batch, self.provider.calls[-1], list(claim.phones)))
            if self.by_handover:
                self.plain.settle(batch, batch.queued)
        else:
            dispatch.record_answer(claim, SmsError(Outcome.PERMANENT, "isv.SMS_SIGNATURE_ILLEGAL"), now=self.now)
            batch.failed += batch.queued
            self.plain.release(batch, batch.queued, self.today)
        batch.queued = 0

    @precondition(lambda self: self.handed)
    @rule(which=WHICH, good=FEW, bad=FEW, again=st.booleans())
    def report(self, which: int, good: int, bad: int, again: bool) -> None:
        batch, call, waiting = self.handed[which % len(self.handed)]
        delivered, failed = waiting[:good], waiting[good : good + bad]
        receipts = [self.samples.receipt(call, phone) for phone in delivered]
        receipts += [self.samples.receipt(call, phone, delivered=False) for phone in failed]
        for _ in range(2 if again else 1):
            self.samples.arrive(receipts)
        self.samples.report(now=self.now)
        del waiting[: good + bad]
        batch.accepted -= len(delivered) + len(failed)
        batch.delivered += len(delivered)
        batch.failed += len(failed)
        if not self.by_handover:
            self.plain.settle(batch, len(delivered))
            self.plain.release(batch, len(failed), self.today)

    @precondition(lambda self: any(batch.queued for batch in self.plain.batches.values()))
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        waiting = [batch for batch in self.plain.batches.values() if batch.queued]
        batch = waiting[which % len(waiting)]
        cancel_batch(batch.id, by="test", now=self.now)
        self.plain.release(batch, batch.queued, self.today)
        batch.cancelled, batch.queued = batch.queued, 0

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        grants.expire_due_grants(now=self.now)
        self.plain.expire(self.today)

    @rule(which=WHICH, what=st.sampled_from(["freeze", "thaw", "void", "re-date"]), days=st.integers(0, 3))
    def govern(self, which: int, what: str, days: int) -> None:
        plain = list(self.plain.grants.values())[which % len(self.plain.grants)]
        if what == "re-date":
            plain.until = self.today + timedelta(days=days)
            grants.change_valid_until(plain.id, valid_until=plain.until, by="test", now=self.now)
        elif plain.state == "void" and what != "void":
            with pytest.raises(Refused):
                grants.freeze_grant(plain.id, by="test")
        elif what == "void":
            grants.void_grant(plain.id, now=self.now, **WHO)
            plain.state = "void"
            plain.lapse()
        else:
            (grants.freeze_grant if what == "freeze" else grants.thaw_grant)(plain.id, by="test")
            plain.state = "frozen" if what == "freeze" else "normal"

    @rule(which=WHICH, change=st.integers(-30, 30), refund=st.booleans(), key=st.uuids())
    def resize(self, which: int, change: int, refund: bool, key: Any) -> None:
        plain = list(self.plain.grants.values())[which % len(self.plain.grants)]
        change = -abs(change) if refund else change
        allowed = change != 0 and plain.free + change >= 0 and not (change > 0 and plain.state == "void")
        try:
            for _ in range(2):
                if refund:
                    grants.take_back(plain.id, segments=-change, request_key=str(key), now=self.now, **WHO)
                else:
                    grants.adjust_grant(plain.id, change=change, request_key=str(key), now=self.now, **WHO)
        except Refused:
            assert not allowed
        else:
            assert allowed
            plain.size += change

    @invariant()
    def the_books_balance(self) -> None:
        db.session.rollback()
        assert check_books() == []
        found = {
            grant.id: (grant.size, grant.used, grant.held, grant.lapsed, grant.state.value)
            for grant in db.session.scalars(db.select(Grant).execution_options(populate_existing=True))
        }
        assert found == {g.id: (g.size, g.used, g.held, g.lapsed, g.state) for g in self.plain.grants.values()}
        names = ("queued", "accepted", "delivered", "failed", "cancelled")
        query = db.select(Batch.id, *(getattr(Batch, name) for name in names)).where(Batch.submitted_at.is_not(None))
        for row in db.session.execute(query):
            batch = self.plain.batches[row.id]
            assert tuple(row[1:]) == tuple(getattr(batch, name) for name in names)
            assert all(grant.free >= 0 for grant in self.plain.grants.values())
        db.session.rollback()


class BooksOnPostgres(Books):
    kind = "postgresql"


@pytest.mark.parametrize(("machine", "examples", "steps"), [(Books, 25, 30), (BooksOnPostgres, 6, 25)])
def test_random_lives_of_the_books(machine: type[Books], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
