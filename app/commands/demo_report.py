"""What came of the demo's batch, and whether everybody's records agree."""

from __future__ import annotations

import click

from app.commands.demo_house import Sender, grants_of
from app.commands.send import show_failures
from app.commands.watching import by_state
from app.services.books import check_books
from app.services.sending.progress import handed_over, progress_of
from standins.control import Control


def verdict(batch_id: int, sender: Sender, control: Control) -> bool:
    """Print the summary and the verdict; True where nothing was sent twice or lost and the books balance."""
    progress = progress_of(batch_id)
    click.echo(f"Batch {batch_id} is {progress.state.value}: {by_state(progress)}.")
    if progress.counts["failed"]:
        click.echo("Failed, by code:")
        show_failures(batch_id)
    for line in grants_of(sender.customer_id):
        click.echo(f"  {line}")
    agreed = _compare(batch_id, control)
    breaches = check_books()
    for breach in breaches:
        click.echo(str(breach))
    if not breaches:
        click.echo("books balance")
    return agreed and not breaches


def _compare(batch_id: int, control: Control) -> bool:
    """The provider's journal beside our records: each message once, none too many, none too few."""
    ours = handed_over(batch_id)
    calls = [call for call in control.journal() if call["out_id"] in ours.out_ids]
    phones = [phone for call in calls for phone in call["phones"]]
    twice = control.journal_summary()["repeated_texts"]
    click.echo(f"The provider's journal: {len(calls):,} calls, {len(phones):,} messages to {len(set(phones)):,} "
               f"numbers; our records: {ours.messages:,} messages handed over.")
    for text in twice[:5]:
        click.echo(f"  {text['phone']} was sent the same text {text['times']} times")
    if len(phones) != ours.messages:
        click.echo("  the journal and our records differ")
    return len(phones) == ours.messages and not twice
