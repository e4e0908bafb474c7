"""The words that people read for our states and notices."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

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

NOTICES = {
    "provider-account": _("The provider refuses our account. Nothing is sent until this is put right."),
    "provider-away": _("The provider does not answer. Sending goes on by itself when it does."),
    "unreadable-report": _("The provider sent a report that cannot be read. It was kept."),
    "difference": _("The provider says something else than our books. It was kept and moves nothing."),
    "biz-id-repeated": _("The provider gave two calls the same number. Receipts are found by our own."),
    "queue-away": _("A queue of receipts cannot be read. Its name, the key and its rights may be wrong."),
    "restored": _("The database was restored from a back-up. Sending waits until a person allows it."),
}
