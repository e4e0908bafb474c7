from __future__ import annotations

from flask import Flask

from app.extensions import db
from app.models.batches import Attempt, Batch
from app.models.states import BatchState, Lane
from app.services.books import check_books
from app.services.notices import open_notices
from app.services.sending.dispatch import Turn, dispatch_next
from app.services.sending.receipts import apply_receipts
from app.services.work import current_session
from tests.samples import FakeProvider, Samples, phones


def test_a_biz_id_given_twice_loses_no_acceptance(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    """The provider repeats itself: the second call is accepted all the same, and its receipts find it."""
    samples.access_key()
    provider.answer = lambda call: "900619746936498440^0"
    batch_id = samples.batch(samples.customer(segments=5000).id, phones(1500))
    assert [dispatch_next(list(Lane), worker="w") for _ in range(2)] == [Turn.CALLED] * 2
    assert sorted(db.session.scalars(db.select(Attempt.biz_id)), key=str) == ["900619746936498440^0", None]
    assert [notice.kind for notice in open_notices(current_session())] == ["biz-id-repeated"]
    for call in provider.calls:
        samples.arrive([samples.receipt(call, phone, biz_id="900619746936498440^0") for phone in call.phones])
    while apply_receipts():
        pass
    batch = db.session.get(Batch, batch_id)
    db.session.refresh(batch)
    assert (batch.state, batch.delivered) == (BatchState.DONE, 1500)
    assert check_books() == []
