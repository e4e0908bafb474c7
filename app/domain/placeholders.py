"""`${name}` in texts: find them, fill them, check a wording, and match a finished text to an approved template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.domain.errors import N_, Reason, Refused

_PLACEHOLDER = re.compile(r"\$\{([^${}]*)\}")

MAX_VARIABLE = 35
"""The provider's limit of characters in one variable."""


def find_names(content: str) -> list[str]:
    """The names in `content` in the order they stand, each as often as it stands."""
    return _PLACEHOLDER.findall(content)


class Wording:
    """A content split once, so that filling it a hundred thousand times costs one formatting operation each.

    `.names` are its variables in order, each once.
    """

    __slots__ = ("_by_name", "_in_order", "content", "names")

    def __init__(self, content: str) -> None:
        self.content = content
        found = find_names(content)
        self.names: tuple[str, ...] = tuple(dict.fromkeys(found))
        fixed = [part.replace("%", "%%") for part in _PLACEHOLDER.split(content)[::2]]
        keys = [f"%({index})s" for index in range(len(self.names))]
        key_of = dict(zip(self.names, keys, strict=True))
        self._by_name = _weave(fixed, [key_of[name] for name in found])
        self._in_order = _weave(fixed, ["%s"] * len(found)) if len(found) == len(self.names) else None

    def fill(self, values: Sequence[str]) -> str:
        """The text with `values` in the order of `names`, one for each; they are not checked."""
        if self._in_order is not None:
            return self._in_order % tuple(values)
        return self._by_name % {str(index): value for index, value in enumerate(values)}

    def render(self, variables: Mapping[str, str]) -> str:
        """The text with every variable replaced; raises Refused("missing_variable") naming those without a value."""
        try:
            values = [variables[name] for name in self.names]
        except KeyError:
            missing = ", ".join(name for name in self.names if name not in variables)
            raise Refused(
                "missing_variable", N_("These variables of the template have no value: %(names)s."), names=missing
            ) from None
        return self.fill(values)


def _weave(fixed: Sequence[str], fields: Sequence[str]) -> str:
    pairs = zip(fixed, [*fields, ""], strict=True)
    return "".join(part + field for part, field in pairs)


# Only a dotted name with a known ending counts, so that "3.5" and "U.S." stay what they are.
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://|www\.|(?<![a-z0-9])[a-z0-9-]+\."
    r"(?:com|cn|net|org|top|vip|xyz|cc|co|io|me|info|site|shop|club|link|online|tech|ltd|app|gov|edu|tv|ly|hk)(?![a-z0-9])",
    re.IGNORECASE,
)


_DOT_OR_COLON = re.compile("[.:．。：]")


def has_link(text: str) -> bool:
    """Whether `text` holds a web address, with a scheme or bare. Full-width dots and colons count as plain ones."""
    plain = text.translate({0xFF0E: ".", 0x3002: ".", 0xFF1A: ":", 0xFF0F: "/"})
    return _LINK.search(plain) is not None


VARIABLE_REASONS: dict[str, str] = {
    "variable_empty": N_("A variable has no value."),
    "variable_long": N_("A variable is longer than 35 characters."),
    "variable_link": N_("A variable contains a web address, which carriers do not let through."),
}
"""Why a variable's value was turned away: stable code to sentence."""


def check_variable(value: str) -> str | None:
    """The code in VARIABLE_REASONS of what is wrong with a value, or None. The limits are the provider's."""
    if not value or value.isspace():
        return "variable_empty"
    if len(value) > MAX_VARIABLE:
        return "variable_long"
    if _DOT_OR_COLON.search(value) and has_link(value):
        return "variable_link"
    return None


def fit(content: str, text: str) -> dict[str, str] | None:
    """The variables that turn the approved `content` into exactly `text`, or None where there are none.

    Each value is 1 to 35 characters and no link; among several solutions the earlier variables are the shorter ones.
    The work grows with the length times 35, whatever the text: an adversary gains nothing.
    """
    fixed = _PLACEHOLDER.split(content)[::2]
    if len(fixed) == 1:
        return {} if text == content else None
    values = _shortest_values(fixed, text)
    if values is None or any(check_variable(value) for value in values):
        return None
    variables: dict[str, str] = {}
    for name, value in zip(find_names(content), values, strict=True):
        if variables.setdefault(name, value) != value:
            return None
    return variables


def _shortest_values(fixed: Sequence[str], text: str) -> list[str] | None:
    if not text.startswith(fixed[0]) or not text.endswith(fixed[-1]):
        return None
    # From the end backwards: where may fixed part i begin so that all that follows it fits?
    begins: list[set[int]] = [{len(text) - len(fixed[-1])}]
    for part in reversed(fixed[1:-1]):
        ends = {begin - width for begin in begins[0] for width in range(1, MAX_VARIABLE + 1) if begin > width}
        begins.insert(0, {end - len(part) for end in ends if end >= len(part) and text.endswith(part, 0, end)})
    values: list[str] = []
    position = len(fixed[0])
    for part, possible in zip(fixed[1:], begins, strict=True):
        begin = next((at for at in range(position + 1, position + MAX_VARIABLE + 1) if at in possible), None)
        if begin is None:
            return None
        values.append(text[position:begin])
        position = begin + len(part)
    return values


def variable_reason(code: str) -> Reason:
    """The reason of a code from `check_variable`, for a form that shows it."""
    return Reason(code, VARIABLE_REASONS[code])
