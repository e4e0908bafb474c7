"""A batch as its page tells it: the bar, the books and the reasons agree with the counters."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from app.models.states import BatchState
from app.services.balances import balances_of
from app.services.sending.running import pause_batch
from app.services.sending.story import batch_story
from tests.samples import NOON, FakeProvider, Samples, phones, send_one
from tests.services.sending.test_dispatch import batch


def test_a_batch_half_way(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=3000)
    batch_id = samples.batch(customer.id, phones(2500), now=NOON)
    send_one(NOON)
    call = provider.calls[0]
    samples.arrive([samples.receipt(call, phone, delivered=place % 10 > 0) for place, phone in enumerate(call.phones)])
    from app.services.sending.receipts import apply_receipts

    apply_receipts(now=NOON)
    story = batch_story(batch(batch_id), now=NOON + timedelta(seconds=10))
    assert (story.handed, story.total, story.percent) == (1000, 2500, 40.0)
    assert (story.counts["delivered"], story.counts["failed"], story.counts["queued"]) == (900, 100, 1500)
    assert story.held == story.settled + story.released + story.still_held == 2500
    assert [(line.code, line.messages, line.share) for line in story.failures] == [("MK:0001", 100, 100.0)]
    assert story.moves and story.rate == 100.0 and story.ends_at == NOON + timedelta(seconds=25)
    assert sum(span.width for span in story.spans) == 40.0
    general = balances_of(customer.id, now=NOON)[0]
    assert (general.size, general.held, general.remaining) == (3000, 1500, 600) and not general.low


def test_a_paused_batch_stands(app: Flask, samples: Samples) -> None:
    samples.access_key()
    batch_id = samples.batch(samples.customer(segments=10).id, phones(10), now=NOON)
    pause_batch(batch_id, by="test", now=NOON)
    story = batch_story(batch(batch_id), now=NOON)
    assert (story.state, story.moves, story.percent, story.ends_at) == (BatchState.PAUSED, False, 0.0, None)
