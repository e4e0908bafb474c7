"""What the line looks like while the provider is in trouble."""

from __future__ import annotations

from flask import Flask

from app.gateways.sms import Outcome, SmsError
from app.services.access_keys import resume_access_key
from app.services.overview import line_overview
from tests.samples import NOON, FakeProvider, Samples, phones, send_all


def test_running_batches_wait_for_the_provider_together(
    any_app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    key = samples.access_key()
    customer = samples.customer(segments=100)
    for _ in range(2):
        samples.batch(customer.id, phones(20), now=NOON)

    def broke(call: object) -> str:
        raise SmsError(Outcome.ACCOUNT, "isv.AMOUNT_NOT_ENOUGH")

    provider.answer = broke  # type: ignore[assignment]
    send_all(NOON)
    line = line_overview(now=NOON)
    assert ([batch.state for batch in line.batches], line.waiting) == (["waiting"] * 2, 40)
    assert [notice.kind for notice in line.notices] == ["provider-account"]
    resume_access_key(key.id, by="test", now=NOON)
    line = line_overview(now=NOON)
    assert "waiting" not in [batch.state for batch in line.batches]
    assert line.notices == ()
