"""What a ring over Celery does in a worker: it wakes the worker's own threads, which look at the rows.

A task carries no work, only the news of it, so nothing is lost with a task, and a broker's redelivery does no harm.
"""

from __future__ import annotations

from celery import shared_task

from app.services.sending.rings import Bell

_answering: list[Bell] = []


def answer_with(bell: Bell) -> None:
    """From now on the tasks of this process wake these threads."""
    _answering[:] = [bell]


@shared_task(name="posthouse.drain_line", ignore_result=True)
def drain_line(lane: int) -> None:
    """Something is due on this lane."""
    for bell in _answering:
        bell.line(lane)


@shared_task(name="posthouse.apply_arrivals", ignore_result=True)
def apply_arrivals() -> None:
    """Something has come back from the provider."""
    for bell in _answering:
        bell.receipts()
