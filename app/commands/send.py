"""A file, sent from the command line."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select

from app.commands.house import House, end_refused, end_saying, log_to_terminal
from app.commands.migrate import check_migrated
from app.commands.watching import by_state, watch_batch
from app.domain.audience import REJECTIONS
from app.domain.clock import SHANGHAI
from app.domain.errors import Refused
from app.models.approvals import Signature, Template
from app.models.batches import Batch
from app.models.customers import Customer
from app.models.states import BatchOrigin, BatchState
from app.services.sending.compose import Order, compose_file
from app.services.sending.progress import failures_of, progress_of, rejected_rows
from app.services.sending.submit import submit_batch
from app.services.work import current_session

ALL_DELIVERED, REFUSED, SOME_NOT_DELIVERED, NOT_ENDED = 0, 1, 3, 4
_SHOWN = 5  # rejected rows
_PATIENCE = 96 * 3600.0  # the provider has 72 hours for a receipt


@click.command(epilog="Exit status: 0 all delivered (with --no-wait: taken), 1 refused and nothing sent, "
                      "3 ended and not all delivered, 4 paused or cancelled before its end.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--customer", required=True, help="Name or number of the customer in whose name it goes out.")
@click.option("--signature", required=True, help="Its signature, without 【】.")
@click.option("--template", required=True, help="Code of its template, such as SMS_100002.")
@click.option("--subject", default="", help="What the batch is called in lists.")
@click.option("--at", help="Shanghai time to send at, such as 2026-12-01T09:30; now where it is left out.")
@click.option("--wait/--no-wait", default=None, help="Wait for the last receipt; the default unless --at is given.")
@click.pass_obj
def send(house: House, file: Path, customer: str, signature: str, template: str, subject: str, at: str | None,
         wait: bool | None) -> None:
    """Send a txt, csv, xls or xlsx FILE of recipients.

    The running processes (`serve`, or `worker` and `clock`) do the sending; this command hands it to them and looks on.
    """
    log_to_terminal()
    moment = _moment(at)
    app = house.application()
    check_migrated(app)
    with app.app_context():
        try:
            order = _order(customer, signature, template, subject)
            batch_id = compose_file(order, file)
            show_rows(batch_id)
            submit_batch(batch_id, by=order.by, at=moment)
        except Refused as refusal:
            end_refused(refusal, REFUSED)
        click.echo(f"Batch {batch_id} is {'scheduled for ' + at if at else 'on the line'}.")
        if wait is None:
            wait = moment is None
        sys.exit(_look_on(batch_id) if wait else ALL_DELIVERED)


def _moment(at: str | None) -> datetime | None:
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        end_saying(f"{at} is no time. Write it like 2026-12-01T09:30.", 2)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _order(customer: str, signature: str, template: str, subject: str) -> Order:
    session = current_session()
    named = Customer.id == int(customer) if customer.isascii() and customer.isdigit() else Customer.name == customer
    customer_id = session.scalar(select(Customer.id).where(named))
    if customer_id is None:
        end_saying(f"There is no customer {customer}.")
    sign = signature.strip("【】")
    signature_id = session.scalar(
        select(Signature.id).where(Signature.customer_id == customer_id, Signature.name == sign))
    if signature_id is None:
        end_saying(f"The customer has no signature 【{sign}】.")
    template_id = session.scalar(
        select(Template.id).where(Template.customer_id == customer_id, Template.code == template))
    if template_id is None:
        end_saying(f"The customer has no template {template}.")
    return Order(customer_id=customer_id, signature_id=signature_id, template_id=template_id, by="command",
                 origin=BatchOrigin.COMMAND, subject=subject)


def show_rows(batch_id: int) -> None:
    """What became of the rows, with the first that were turned away."""
    session = current_session()
    batch = session.scalars(select(Batch).where(Batch.id == batch_id)).one()
    click.echo(f"Rows: {batch.good:,} good ({batch.segments:,} segments), {batch.repeated:,} repeated, "
               f"{batch.invalid:,} invalid, {batch.blocked:,} on the blacklist.")
    for row in rejected_rows(batch_id, most=_SHOWN):
        click.echo(f"  line {row.line}: {row.raw or '(empty)'}: {REJECTIONS.get(row.reason, row.reason)}")


def show_failures(batch_id: int) -> None:
    for failure in failures_of(batch_id):
        click.echo(f"  {failure.messages:>9,}  {failure.code or '(no code)'}: {failure.meaning}")


def _look_on(batch_id: int) -> int:
    progress = watch_batch(batch_id, patience=_PATIENCE, until=lambda now: now.state is BatchState.PAUSED)
    click.echo(f"Batch {batch_id}: {progress.state.value}; {by_state(progress)}.")
    if progress.pause_reason:
        click.echo(progress.pause_reason, err=True)
    show_failures(batch_id)
    if progress.state is not BatchState.DONE:
        return NOT_ENDED
    everything = progress_of(batch_id).counts["delivered"] == progress.total
    return ALL_DELIVERED if everything else SOME_NOT_DELIVERED
