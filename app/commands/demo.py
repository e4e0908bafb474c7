"""A whole house on this machine, with a real file going through it to the last receipt."""

from __future__ import annotations

import fcntl
import logging
import os
import sys
import threading
import time
from pathlib import Path

import click

from app.commands.children import Children
from app.commands.demo_house import Sender, admin_password, furnish, grants_of, start_standins
from app.commands.demo_report import verdict
from app.commands.demo_sheet import write_sheet
from app.commands.house import House, end_on_sigterm, end_refused, end_saying, log_to_terminal
from app.commands.migrate import migrate_database
from app.commands.send import show_rows
from app.commands.serve import open_web
from app.commands.watching import watch_batch
from app.domain.errors import Refused
from app.jobs.shift import Shift
from app.models.states import BatchOrigin
from app.services.sending.compose import Order, compose_file
from app.services.sending.submit import submit_batch
from standins.control import Control

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 120.0  # seconds without any movement


@click.command()
@click.option("--recipients", default=10_000, show_default=True, type=click.IntRange(1, 1_000_000),
              help="How many people the file is for.")
@click.option("--port", default=8080, show_default=True, help="Where the web listens afterwards.")
@click.option("--exit", "leave", is_flag=True, help="End after the verdict instead of staying up.")
@click.pass_obj
def demo(house: House, recipients: int, port: int, leave: bool) -> None:
    """A whole house with stand-ins for the provider and a batch from a real Excel file. No message leaves this machine.

    It uses instance/demo unless POSTHOUSE_HOME says otherwise. With DATABASE_URL and BROKER_URL set it runs the
    clock, two workers and the web as processes of their own. Exit status 1 where the books do not balance.
    """
    home = _home()
    lock = _lock(home)
    log_to_terminal(logging.WARNING)
    end_on_sigterm(143)  # ended from outside before its verdict, it has none
    children = Children()
    try:
        status = _show(house, home, children, recipients, port, leave)
    except Refused as refusal:
        end_refused(refusal)
    except RuntimeError as error:
        end_saying(f"The demo could not go on: {error}.")
    except KeyboardInterrupt:
        status = 130
    finally:
        children.stop()
        os.close(lock)
    sys.exit(status)


def _home() -> Path:
    """The demo's own folder, for this process and those it starts."""
    os.environ.setdefault("POSTHOUSE_HOME", str(ROOT / "instance" / "demo"))
    home = Path(os.environ["POSTHOUSE_HOME"]).resolve()
    home.mkdir(parents=True, exist_ok=True)
    return home


def _lock(home: Path) -> int:
    lock = os.open(home / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        end_saying(f"A demo is running in {home} already. End it, or set POSTHOUSE_HOME to another folder.")
    return lock


def _show(house: House, home: Path, children: Children, recipients: int, port: int, leave: bool) -> int:
    app = house.application(web=True)
    control = start_standins(children, home)
    click.echo(f"Stand-ins for the provider are at {control.base_url}.")
    migrate_database(app)
    apart = bool(app.config["BROKER_URL"]) and not app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    shift = None if apart else Shift(app, works=True, leads=True)
    server = None if apart or leave else open_web(app, "127.0.0.1", port)
    try:
        with app.app_context():
            sender = furnish(control, recipients * 3)
            password = admin_password(home)
            if shift is None:
                _start_processes(children, home, port)
            else:
                shift.start()
            if server is not None:
                threading.Thread(target=server.run, name="web", daemon=True).start()
            if not leave:
                click.echo(f"Watch it there: sign in as admin, or as customer, with the password {password}.")
            balanced = _send_batch(home, control, sender, recipients)
        if not leave:
            click.echo(f"It stays up at http://127.0.0.1:{port}/ (admin or customer, {password}).")
            click.echo("Ctrl-C ends the demo.")
            _stay_up(children)
        return 0 if balanced else 1
    finally:
        if server is not None:
            server.close()
        if shift is not None:
            shift.stop()


def _start_processes(children: Children, home: Path, port: int) -> None:
    for command in (["clock"], ["worker"], ["worker"], ["web", "--port", str(port)]):
        children.start(["run.py", *command], log=home / "demo.log")
    click.echo(f"Clock, two workers and the web run as processes of their own; they write to {home / 'demo.log'}.")
    click.echo(f"Posthouse is up at http://127.0.0.1:{port}/")


def _send_batch(home: Path, control: Control, sender: Sender, recipients: int) -> bool:
    """From the file to the verdict; True where everything agrees."""
    sheet = home / "recipients.xlsx"
    click.echo(f"Writing {sheet} for {recipients:,} people.")
    write_sheet(sheet, recipients)
    click.echo(f"{sender.name} sends it.")
    for line in grants_of(sender.customer_id):
        click.echo(f"  {line}")
    started = time.monotonic()
    order = Order(customer_id=sender.customer_id, signature_id=sender.signature_id, template_id=sender.template_id,
                  by="demo", origin=BatchOrigin.COMMAND, subject="发货通知")
    batch_id = compose_file(order, sheet)
    composed = time.monotonic()
    show_rows(batch_id)
    submit_batch(batch_id, by="demo")
    click.echo(f"Batch {batch_id} is on the line.")
    progress = watch_batch(batch_id, patience=_PATIENCE)
    ended = time.monotonic()
    click.echo(f"Reading and storing took {composed - started:.1f} s, sending and receipts {ended - composed:.1f} s.")
    if not progress.ended:
        raise RuntimeError(f"nothing has moved for {_PATIENCE:.0f} seconds; {home / 'demo.log'} may say why")
    return verdict(batch_id, sender, control)


def _stay_up(children: Children) -> None:
    while not children.fallen():
        time.sleep(0.5)
    raise RuntimeError("one of its processes has ended")
