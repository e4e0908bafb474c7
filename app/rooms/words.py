"""The words that people read for our states, and how figures, moments and numbers are written."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from markupsafe import Markup

from app.domain.clock import in_shanghai
from app.domain.message_types import MessageType
from app.domain.phones import mask
from app.domain.roles import Role
from app.models.customers import ChargeOn, CustomerState
from app.models.packages import EntryKind, GrantSource, GrantState
from app.models.states import BatchOrigin, BatchState, MessageState, RowKind
from app.security import current_asker

BATCH_STATES = {
    "preparing": _("Preparing"),
    "checked": _("Checked"),
    "draft": _("Draft"),
    "scheduled": _("Scheduled"),
    "queued": _("Queued"),
    "sending": _("Sending"),
    "sent": _("Sent, receipts to come"),
    "done": _("Done"),
    "paused": _("Paused"),
    "cancelling": _("Cancelling"),
    "cancelled": _("Cancelled"),
    "refused": _("Refused"),
    "waiting": _("Waiting for the provider"),
}

MESSAGE_STATES = {
    "delivered": _("Delivered"),
    "accepted": _("Awaiting receipt"),
    "unknown": _("Being verified"),
    "failed": _("Failed"),
    "expired": _("No receipt"),
    "cancelled": _("Cancelled"),
    "queued": _("In the queue"),
}

KINDS = {
    "general": _("General"),
    "notice": _("Notice"),
    "verification": _("Verification code"),
    "promotion": _("Promotion"),
}

WORDS: dict[type[enum.StrEnum], dict[str, Any]] = {
    BatchState: BATCH_STATES,
    MessageState: MESSAGE_STATES,
    MessageType: KINDS,
    CustomerState: {"active": _("Normal"), "frozen": _("Frozen")},
    ChargeOn: {"success": _("On delivery"), "handover": _("At hand-over")},
    GrantState: {"normal": _("Normal"), "frozen": _("Frozen"), "void": _("Void")},
    GrantSource: {"purchase": _("Bought"), "assignment": _("Assigned")},
    EntryKind: {
        "purchase": _("Bought"), "assignment": _("Assigned"), "hold": _("Held"), "settle": _("Settled"),
        "release": _("Given back"), "expiry": _("Expired"), "void": _("Void"), "refund": _("Refunded"),
        "adjustment": _("Adjusted"),
    },
    Role: {
        "Administrator": _("Administrator"), "Operator": _("Operator"), "Finance": _("Finance"),
        "Auditor": _("Auditor"), "Owner": _("Owner"), "Member": _("Member"),
    },
    BatchOrigin: {"console": _("Console"), "interface": _("Interface"), "command": _("Command line")},
    RowKind: {"repeated": _("Repeated"), "invalid": _("Invalid"), "blocked": _("Blacklisted")},
}
# What a list says of a row that is no state of the books.
OTHERS = {"normal": _("Normal"), "suspended": _("Suspended"), "over": _("Over"), "used-up": _("Used up")}
# The colours of the stylesheet are named after states; these share one.
LOOKS = {"active": "normal", "over": "void", "suspended": "frozen"}

NOTICES = {
    "provider-account": _("The provider refuses our account. Nothing is sent until this is put right."),
    "provider-away": _("The provider does not answer. Sending goes on by itself when it does."),
    "unreadable-report": _("The provider sent a report that cannot be read. It was kept."),
    "difference": _("The provider says something else than our books. It was kept and moves nothing."),
    "biz-id-repeated": _("The provider gave two calls the same number. Receipts are found by our own."),
    "queue-away": _("A queue of receipts cannot be read. Its name, the key and its rights may be wrong."),
    "restored": _("The database was restored from a back-up. Sending waits until a person allows it."),
}

# What the log calls what was done.
ACTIONS = {
    "adjust": _("Adjusted"), "allow sending": _("Sending allowed"), "assign": _("Assigned"), "cancel": _("Cancelled"),
    "change looks": _("Looks changed"), "change role": _("Role changed"), "create admin": _("Administrator made"),
    "delete": _("Deleted"),
    "edit": _("Edited"), "freeze": _("Frozen"), "name company": _("Named"), "open": _("Customer opened"),
    "open sign-in": _("Sign-in opened"), "open staff": _("Staff added"), "pause": _("Paused"),
    "re-date": _("Last day changed"), "refund": _("Refunded"), "replace password": _("Password replaced"),
    "restore": _("Restored"), "resume": _("Resumed"), "resume access key": _("Access key resumed"),
    "review": _("Reviewed"), "save access key": _("Access key saved"), "set cap": _("Limit set"),
    "stop sending": _("Sending stopped"), "suspend": _("Suspended"), "thaw": _("Thawed"), "void": _("Void"),
}
FIELDS = {
    "size": _("Size"), "used": _("Used"), "held": _("Held"), "lapsed": _("Lapsed"), "state": _("State"),
    "valid_until": _("Valid until"), "name": _("Name"), "charge_on": _("Charged"), "phone": _("Phone"),
    "email": _("E-mail"), "contact_name": _("Contact person"), "company": _("Name"), "brand": _("Colour"),
    "logo": _("Logo"), "role": _("Role"), "username": _("Name for signing in"), "code": _("Code"),
    "content": _("Text"), "kind": _("Type"),
}
SUBJECTS = {
    "customers": _("Customer"), "grants": _("Grant"), "batches": _("Task"), "members": _("Member"),
    "ab_user": _("Sign-in"), "site_settings": _("Settings"), "access_keys": _("Access key"),
    "signatures": _("Signature"), "templates": _("Template"), "caps": _("Limit"),
}


def word_of(state: enum.StrEnum | str) -> Any:
    """What people read for a state; the state itself where nobody has said."""
    if isinstance(state, enum.StrEnum):
        return WORDS.get(type(state), {}).get(state.value, state.value)
    return OTHERS.get(state, state)


def badge(state: enum.StrEnum | str) -> Markup:
    """A state as a colour and a word. Plain kinds, which are no states, are written plainly."""
    value = state.value if isinstance(state, enum.StrEnum) else state
    if isinstance(state, (ChargeOn, GrantSource, BatchOrigin, EntryKind)):
        return Markup("{}").format(word_of(state))
    look = LOOKS.get(value, value)
    return Markup('<span class="ph-badge" data-state="{}">{}</span>').format(look, word_of(state))


def tag(kind: enum.StrEnum) -> Markup:
    return Markup('<span class="ph-tag">{}</span>').format(word_of(kind))


def count(number: int) -> str:
    """9812 as 9,812."""
    return f"{number:,}"


def money(amount: Decimal) -> str:
    """Yuan as ¥ 3,420.00."""
    return f"¥ {amount:,.2f}"


def moment(value: datetime | None) -> str:
    """Shanghai time as 2026-11-20 16:03."""
    return "" if value is None else f"{in_shanghai(value):%Y-%m-%d %H:%M}"


def clock(value: datetime | None) -> str:
    """Shanghai time of the day as 16:03:12."""
    return "" if value is None else f"{in_shanghai(value):%H:%M:%S}"


def phone(number: str) -> str:
    """A number as this asker may see it: whole, or 138****1234."""
    return number if current_asker().sees_phones else mask(number)
