"""A form of the house: its fields, what a service is given of them, and where a refusal is written."""

from __future__ import annotations

import hashlib
import inspect
import uuid
from collections.abc import Callable
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField

from app.domain.errors import Refused
from app.rooms.fields import NOT_FOUND, LongText, Row

# Names that no form hands on: whose a row is and who asks is set by us (fab.md, holes).
OURS = frozenset({"csrf_token", "request_key", "seen", "by"})


class Form(FlaskForm):
    """Fields in the order in which they stand. `request_key` makes a second press of a button the same request."""

    form_errors: Any  # what belongs to no one field
    request_key = HiddenField(default=lambda: uuid.uuid4().hex)

    # What the row held when the form was shown: of two tabs, or two people, the second is told.
    seen = HiddenField()

    # Titles over groups of fields: (title, names of fields). Without it all stand together.
    groups: tuple[tuple[Any, tuple[str, ...]], ...] = ()

    def shown(self) -> list[Any]:
        return [field for name, field in self._fields.items() if name not in OURS]

    def sections(self) -> list[tuple[Any, list[Any]]]:
        if not self.groups:
            return [("", self.shown())]
        return [(title, [self._fields[name] for name in names]) for title, names in self.groups]

    def is_good(self, asker: Any) -> bool:
        """Whether it was sent and every field holds what it may hold, for this asker."""
        good = bool(self.validate_on_submit())
        for field in self.shown():
            # A form sent without a single field is none to WTForms, and nothing in it was looked at.
            if getattr(field, "needed", False) and field.data in (None, "") and not field.errors:
                field.errors = [gettext("This is needed.")]
                good = False
            if isinstance(field, Row) and not field.errors:
                under = {field.under: self._fields[field.under].data} if field.under else {}
                if not field.look_up(asker, **under):
                    field.errors = [NOT_FOUND]
                    good = False
        return good

    def fingerprint(self) -> str:
        """A short mark of everything the form shows."""
        shown = repr([(field.name, str(field.data)) for field in self.shown() if field.type != "Upload"])
        return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:16]

    def still_stands(self, now: str) -> bool:
        """Whether the row is as it was when the form was shown; where not, the form says so and asks to look again."""
        if self.seen.data == now:
            return True
        self.seen.data = now
        self.form_errors = [*self.form_errors, gettext(
            "Somebody has changed this since you opened it. What you typed is still here: "
            "look at the page in another tab, then save again to put yours in its place.")]
        return False

    def find_chosen(self, asker: Any) -> None:
        """The words of rows that stand chosen already, for a form that is shown."""
        for field in self.shown():
            if isinstance(field, Row) and field.chosen is None:
                under = {field.under: self._fields[field.under].data} if field.under else {}
                field.look_up(asker, **under)

    def content(self, service: Callable[..., Any]) -> dict[str, Any]:
        """What `service` is given: the fields, and the request key where it takes one."""
        content = {field.short_name: field.data for field in self.shown()}
        if "request_key" in inspect.signature(service).parameters:
            key = self.request_key.data or ""
            content["request_key"] = key if 8 <= len(key) <= 64 and key.isalnum() else uuid.uuid4().hex
        return content

    def refuse(self, refusal: Refused) -> None:
        """Write each reason beside the field of its code, the others above the form."""
        loose = []
        for reason in refusal.reasons:
            sentence = gettext(reason.sentence, **reason.values) if reason.values else gettext(reason.sentence)
            field = self._fields.get(reason.code)
            if field is None or reason.code in OURS:
                loose.append(sentence)
            else:
                field.errors = [*field.errors, sentence]
        self.form_errors = [*self.form_errors, *loose]


class Question(Form):
    """Nothing to fill in: only asked whether it is meant."""


def asking_why(label: Any, *, required: bool = True, hint: Any = "") -> type[Form]:
    """A form of one field, the reason."""
    return type("Why", (Form,), {"reason": LongText(label, most=500, required=required, hint=hint)})
