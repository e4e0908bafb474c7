"""The kinds of field a form is made of. Each cleans what people type and says what to write where it cannot.

No field lets through what a database refuses: NUL, halves of surrogate pairs, numbers out of range.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, FileField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError
from wtforms.widgets import TextInput

from app.rooms.words import word_of


class _Clean:
    """Text as it may be stored: trimmed, composed, without what no database takes."""

    most = 200

    def __init__(self, label: Any, *, most: int = 200, required: bool = False, hint: Any = "", **rest: Any) -> None:
        super().__init__(label, description=hint, **rest)  # type: ignore[call-arg]
        self.most, self.needed = most, required

    def process_formdata(self, values: list[str]) -> None:
        text = (values[0] if values else "").replace("\r\n", "\n").strip()
        self.data = text
        if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text):
            raise ValueError(gettext("Some of these characters cannot be stored. Type the text anew."))

    def pre_validate(self, form: Any) -> None:
        # A field that was not sent at all is an empty one: no service is handed a None.
        self.data = text = self.data or ""
        if self.needed and not text:
            raise ValidationError(gettext("This is needed."))
        if len(text) > self.most:
            raise ValidationError(
                gettext("At most %(most)s characters; these are %(are)s.", most=self.most, are=len(text))
            )


class Text(_Clean, StringField):
    """One line."""


class LongText(_Clean, TextAreaField):
    """Several lines."""

    def __init__(self, label: Any, *, most: int = 500, **rest: Any) -> None:
        super().__init__(label, most=most, **rest)


class Secret(PasswordField):
    """Never shown again, never trimmed."""

    def __init__(self, label: Any, *, required: bool = False, hint: Any = "", **rest: Any) -> None:
        super().__init__(label, description=hint, **rest)
        self.needed = required


class Whole(Field):
    """A whole number, however it is written: 50,000 or ５００００."""

    widget = TextInput()
    inputmode = "numeric"

    def __init__(
        self, label: Any, *, least: int = 0, most: int = 2_000_000_000, required: bool = True, hint: Any = "",
        **rest: Any,
    ) -> None:
        super().__init__(label, description=hint, **rest)
        self.least, self.most, self.needed, self.typed = least, most, required, ""

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else str(self.data))

    def process_formdata(self, values: list[str]) -> None:
        self.typed = (values[0] if values else "").strip()
        plain = unicodedata.normalize("NFKC", self.typed).replace(",", "").replace(" ", "").replace("−", "-")
        self.data: Any = None
        if not plain:
            if self.needed:
                raise ValueError(gettext("This is needed."))
            return
        digits = plain[1:] if plain[0] in "+-" else plain
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            raise ValueError(gettext("Give a whole number, for example 50000."))
        self.data = int(plain)
        if not self.least <= self.data <= self.most:
            raise ValueError(gettext("Give a number from %(least)s to %(most)s.",
                                     least=f"{self.least:,}", most=f"{self.most:,}"))


class Yuan(Field):
    """An amount of money in yuan with at most two decimals, as Decimal."""

    widget = TextInput()
    inputmode = "decimal"

    def __init__(self, label: Any, *, required: bool = True, hint: Any = "", **rest: Any) -> None:
        super().__init__(label, description=hint, **rest)
        self.needed, self.typed = required, ""

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else str(self.data))

    def process_formdata(self, values: list[str]) -> None:
        self.typed = (values[0] if values else "").strip()
        plain = unicodedata.normalize("NFKC", self.typed).strip("¥ ").replace(",", "")
        self.data: Any = None
        if not plain and not self.needed:
            return
        try:
            amount = Decimal(plain)
            if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")) or not 0 <= amount < 10**10:
                raise InvalidOperation
        except InvalidOperation:
            raise ValueError(gettext("Give an amount in yuan, for example 3420.00.")) from None
        self.data = amount


class Day(Field):
    """A day as 2026-11-20."""

    widget = TextInput()
    input_type = "date"

    def __init__(self, label: Any, *, required: bool = True, hint: Any = "", **rest: Any) -> None:
        super().__init__(label, description=hint, **rest)
        self.needed, self.typed = required, ""

    def _value(self) -> str:
        return self.typed or (self.data.isoformat() if self.data else "")

    def process_formdata(self, values: list[str]) -> None:
        self.typed = unicodedata.normalize("NFKC", (values[0] if values else "").strip())
        self.data: Any = None
        if not self.typed and not self.needed:
            return
        try:
            self.data = date.fromisoformat(self.typed.replace("/", "-"))
            if not 2000 <= self.data.year <= 2200:
                raise ValueError
        except ValueError:
            self.data = None
            raise ValueError(gettext("Give a day as 2026-11-20.")) from None


class Yes(BooleanField):
    """A box to tick."""

    def __init__(self, label: Any, *, hint: Any = "", **rest: Any) -> None:
        super().__init__(label, description=hint, **rest)


class OneOf(SelectField):
    """One member of an enum, under the words that people read."""

    def __init__(
        self, label: Any, members: type[enum.StrEnum], *, only: Collection[enum.StrEnum] = (), hint: Any = "",
        **rest: Any,
    ) -> None:
        self.members, self.offered = members, [member for member in members if not only or member in only]
        super().__init__(
            label, description=hint, choices=[(member.value, word_of(member)) for member in self.offered],
            coerce=str, validate_choice=False, **rest,
        )
        self.needed = True

    def process_data(self, value: Any) -> None:
        self.data = value.value if isinstance(value, enum.Enum) else value

    def pre_validate(self, form: Any) -> None:
        try:
            self.data = self.members(self.data)
            if self.data not in self.offered:
                raise ValueError
        except ValueError:
            raise ValidationError(gettext("Choose one of these.")) from None


class Row(Field):
    """One row of another table, chosen while typing.

    `choices(asker, text, **under)` gives at most some twenty (id, words) pairs of what the asker may see, and
    `choices(asker, "", pk=…)` the one pair of that id or nothing: what is sent is looked up the same way, so nobody
    can name a row that the box would not have offered him. `under` names the field it hangs on (a cascade).
    """

    widget = TextInput()

    def __init__(
        self, label: Any, choices: Callable[..., list[tuple[int, str]]], *, under: str = "", required: bool = True,
        hint: Any = "", **rest: Any,
    ) -> None:
        super().__init__(label, description=hint, **rest)
        self.find, self.under, self.needed = choices, under, required
        self.chosen: tuple[int, str] | None = None

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)

    def process_formdata(self, values: list[str]) -> None:
        text = (values[0] if values else "").strip()
        self.data: Any = None
        if not text and not self.needed:
            return
        if not text:
            raise ValueError(gettext("Choose one."))
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise ValueError(gettext("Choose one of these."))
        self.data = int(text)

    def look_up(self, asker: Any, **under: Any) -> bool:
        """Find the words of what was chosen; False where the asker may not choose it."""
        found = self.find(asker, "", pk=self.data, **under) if self.data is not None else []
        self.chosen = found[0] if found else None
        return self.chosen is not None or self.data is None


class Upload(FileField):
    """A file. Its bytes are read by the form, at most `most` of them; what they are is judged by the service."""

    def __init__(self, label: Any, *, most: int, accept: str = "", required: bool = False, hint: Any = "",
                 **rest: Any) -> None:
        super().__init__(label, description=hint, **rest)
        self.most, self.accept, self.needed = most, accept, required

    def process_formdata(self, values: list[Any]) -> None:
        upload = values[0] if values else None
        self.data: Any = None
        if upload is None or not getattr(upload, "filename", ""):
            if self.needed:
                raise ValueError(gettext("Choose a file."))
            return
        content = upload.stream.read(self.most + 1)
        if len(content) > self.most:
            raise ValueError(gettext("The file is too large: at most %(most)s MB.", most=self.most // 1024**2))
        self.data = content


NOT_FOUND = _l("This does not exist, or not for you.")
