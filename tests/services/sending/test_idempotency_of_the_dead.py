"""A request whose process was killed while it read the file can be made again, with the same key."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from app.extensions import db
from app.models.batches import Batch
from app.models.states import BatchState
from app.services.books import check_books
from app.services.sending.compose import _open, compose_file
from app.services.sending.discard import sweep_orphans
from tests.samples import NOON, Samples, phones
from tests.services.sending.test_compose import order


def test_a_reader_that_died_gives_its_key_back(any_app: Flask, samples: Samples) -> None:
    made = order(samples, samples.customer(segments=100).id, idempotency_key="key", body_hash="one")
    file = samples.file("\n".join(phones(20)))
    dead, _ = _open(made, NOON)  # and here its process was killed
    assert compose_file(made, file, now=NOON + timedelta(minutes=9)) == dead  # perhaps it is still at work
    later = NOON + timedelta(minutes=11)
    again = compose_file(made, file, now=later)
    assert again != dead
    assert compose_file(made, file, now=later) == again
    states = {batch.id: batch.state for batch in db.session.scalars(db.select(Batch))}
    assert states == {dead: BatchState.CANCELLED, again: BatchState.CHECKED}
    assert check_books() == []


def test_the_sweep_gives_it_back_too(any_app: Flask, samples: Samples) -> None:
    made = order(samples, samples.customer(segments=100).id, idempotency_key="key", body_hash="one")
    dead, _ = _open(made, NOON)
    assert sweep_orphans(now=NOON + timedelta(hours=25)) == 1
    assert compose_file(made, samples.file("\n".join(phones(20))), now=NOON + timedelta(hours=25)) != dead
