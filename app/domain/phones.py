"""Mainland mobile numbers: make them plain, say why one cannot be, guess the carrier, mask."""

from __future__ import annotations

import re
from decimal import Decimal

from app.domain.errors import N_, Refused

is_mobile = re.compile(r"1[3-9][0-9]{9}").fullmatch
"""True-ish for 11 plain digits of a mainland mobile number; nothing is cleaned. For loops that count microseconds."""

REASONS: dict[str, str] = {
    "no_number": N_("There is no phone number."),
    "too_short": N_("The number has fewer than 11 digits."),
    "too_long": N_("The number has more than 11 digits."),
    "not_mobile": N_("It has 11 digits but is not a mainland mobile number, which begins with 13 to 19."),
    "not_mainland": N_("It is a number of another country or region."),
    "not_digits": N_("It contains something that is not part of a phone number."),
    "several_numbers": N_("The cell holds more than one number; give each number a line of its own."),
    "lost_digits": N_("The sheet has lost digits of the number; format the column as text and enter it again."),
}
"""Why a number was turned away: stable code to sentence."""

# Every way people and office programs decorate a number: removed outright.
_DROPPED = (
    " \t\r\n\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
    "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc()[]{}【】〔〕「」'`\"\u2018\u2019\u201c\u201d"
)
_FULL_WIDTH = {0xFEE0 + code: chr(code) for code in range(0x21, 0x7F) if chr(code) not in _DROPPED}
_PLAIN = str.maketrans(
    {**_FULL_WIDTH, **{0xFEE0 + ord(c): "" for c in _DROPPED if "!" <= c <= "~"}, **{ord(c): "" for c in _DROPPED}}
)

_FRACTION_OF_ZEROS = re.compile(r"\.0*$")
_SCIENTIFIC = re.compile(r"\+?([0-9](?:\.[0-9]+)?)[eE]\+?([0-9]{1,2})")
_COUNTRY_CODE = re.compile(r"(?:\+?86|\+?0086)(?=1[3-9][0-9]{9}$)")
_ABROAD = re.compile(r"(?:\+|00)(?!86|0)[0-9]{7,15}")
_SEVERAL = re.compile(r"1[3-9][0-9]{9}[^0-9]+(?:\+?86)?1[3-9][0-9]{9}(?![0-9])")
_DOTTED = re.compile(r"[0-9+]+(?:\.[0-9]+){2,}")

# A spreadsheet's own short form shows at most six significant digits (1.38001E+10), so what stands there with six or
# fewer has been rounded. More than six is what programs write that print a number exactly.
_ROUNDED_BY_SHEET = 6


def normalise(raw: object) -> tuple[str | None, str | None]:
    """`raw` as 11 plain digits and no reason, or no number and the code of the reason (see REASONS). Never raises.

    A plain number costs one match. Only on a miss is it cleaned: numbers stored as floats, scientific notation,
    +86 / 0086 / 86, spaces of any kind, dashes, brackets, dots between groups, full-width digits, a leading
    apostrophe, zero-width characters.
    """
    if isinstance(raw, str):
        return (raw, None) if is_mobile(raw) else _clean(raw)
    return _clean_value(raw)


def clean_phone(raw: object) -> str:
    """`raw` as 11 plain digits; raises Refused with the code and sentence of REASONS."""
    phone, reason = normalise(raw)
    if phone is None:
        code = reason or "not_digits"
        raise Refused(code, REASONS[code])
    return phone


def _clean_value(raw: object) -> tuple[str | None, str | None]:
    if raw is None:
        return None, "no_number"
    if isinstance(raw, bool):
        return None, "not_digits"
    if isinstance(raw, int):
        # Beyond any phone number, and long enough for Python to refuse printing it.
        return _judge(str(raw)) if 0 <= raw < 10**18 else (None, "too_long" if raw > 0 else "not_digits")
    if isinstance(raw, float):
        if raw != raw:
            return None, "no_number"
        if raw.is_integer() and 0 <= raw < 1e15:
            return _judge(str(int(raw)))
        return None, "too_long" if raw >= 1e15 else "not_digits"
    return _clean(str(raw))


def _clean(raw: str) -> tuple[str | None, str | None]:
    text = raw.translate(_PLAIN).strip(",;、。")
    if not text:
        return None, "no_number"
    if is_mobile(text):
        return text, None
    scientific = _SCIENTIFIC.fullmatch(text)
    if scientific:
        return _from_scientific(scientific[1], int(scientific[2]))
    if _SEVERAL.search(raw.translate(_FULL_WIDTH)):
        return None, "several_numbers"
    text = _FRACTION_OF_ZEROS.sub("", text)
    # A single dot is a decimal point, and dropping it would make another number out of 1380013800.5.
    if _DOTTED.fullmatch(text):
        text = text.replace(".", "")
    return _judge(text)


def _from_scientific(mantissa: str, exponent: int) -> tuple[str | None, str | None]:
    value = Decimal(mantissa).scaleb(exponent)
    significant = len(mantissa.replace(".", "").rstrip("0"))
    if significant <= _ROUNDED_BY_SHEET or value != value.to_integral_value():
        return None, "lost_digits"
    return _judge(str(int(value)))


def _judge(text: str) -> tuple[str | None, str | None]:
    text = _COUNTRY_CODE.sub("", text, count=1)
    if is_mobile(text):
        return text, None
    if _ABROAD.fullmatch(text):
        return None, "not_mainland"
    digits = text.removeprefix("+")
    if not digits:
        return None, "no_number"
    if not (digits.isascii() and digits.isdigit()):
        return None, "not_digits"
    if len(digits) == 11:
        return None, "not_mobile"
    return None, "too_short" if len(digits) < 11 else "too_long"


# The ministry's allocation of number ranges, March 2023. A longer prefix wins over a shorter one; ranges of resellers
# ("virtual" operators) and satellites are named as such. Numbers can be ported, so this is where a number was issued.
_RANGES = {
    "satellite": "1349 174 1619",
    "virtual": "162 165 167 170 171",
    "telecom": "133 149 153 173 177 180 181 189 190 191 193 199",
    "mobile": "134 135 136 137 138 139 147 148 150 151 152 157 158 159 172 178 182 183 184 187 188 195 197 198",
    "unicom": "130 131 132 145 146 155 156 166 175 176 185 186 196",
    "broadcast": "192",
}
_CARRIER_OF = {prefix: carrier for carrier, prefixes in _RANGES.items() for prefix in prefixes.split()}


def guess_carrier(phone: str) -> str:
    """Whom the number's range (号段归属) was issued to: a word of _RANGES, or "unknown"."""
    return _CARRIER_OF.get(phone[:4]) or _CARRIER_OF.get(phone[:3]) or "unknown"


def mask(phone: str) -> str:
    """`138****1234`, for people who need not know the number; anything shorter keeps its last two characters."""
    if len(phone) >= 11:
        return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"
    return "*" * (len(phone) - 2) + phone[-2:] if len(phone) > 2 else "*" * len(phone)


def digits_of(raw: str) -> str:
    """The digits of a number that may be only begun, as people search for it: "+86 138-0013" → "1380013".

    Raises `ValueError` where something else than digits, spaces and dashes is left.
    """
    text = raw.translate(_PLAIN).removeprefix("+")
    if len(text) > 5:
        text = text.removeprefix("0086") if text.startswith("0086") else text.removeprefix("86")
    if not text.isascii() or not text.isdigit():
        raise ValueError("not the beginning of a number")
    return text
