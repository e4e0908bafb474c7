"""Rows of a sheet → who gets what and who does not, slice by slice; no row disappears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from app.domain.columns import ColumnPlan
from app.domain.errors import N_, Refused
from app.domain.phones import REASONS, is_mobile, normalise
from app.domain.placeholders import VARIABLE_REASONS, Wording, check_variable
from app.domain.repeats import Seen
from app.domain.segments import MAX_CHARACTERS, segments_of, text_length
from app.domain.sheets import Row

SLICE = 5_000

REJECTIONS: dict[str, str] = {
    **REASONS,
    **VARIABLE_REASONS,
    "text_long": N_("The text with its variables filled in is longer than 500 characters."),
    "repeated": N_("The number stands in the list already."),
    "repeated_text": N_("The number stands in the list already with the same text."),
    "blocked": N_("The number is on the blacklist."),
}
"""Why a row gets no message: stable code to sentence."""

Good = tuple[int, str, tuple[str, ...] | None, int, int]
"""(line, phone, values in the order of `wording.names` or None for one text, segments, occurrence).

`occurrence` is how often the number came by before in good rows: 0 for the first. A number may stand only once in a
chunk, so rows of one occurrence can share chunks and rows of different ones cannot.
"""

Rejected = tuple[int, str, str, str]
"""(line, kind, what stood in the phone's cell, code in REJECTIONS); kind is "invalid", "repeated" or "blocked"."""

Blocked = Callable[[list[str]], set[str]]
"""Given the numbers of a slice, those of them that must not be written to."""


@dataclass(slots=True)
class Slice:
    """What became of up to SLICE rows, each list in the order of the file."""

    good: list[Good] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def sift(
    rows: Iterable[Row],
    *,
    wording: Wording,
    signature: str,
    plan: ColumnPlan,
    personal: bool,
    blocked: Blocked | None = None,
    shared: Mapping[str, str] | None = None,
    slice_size: int = SLICE,
) -> Iterator[Slice]:
    """Sort `rows` (header already taken off) into slices of good and rejected ones, lazily.

    personal=True: `plan.variables` are the columns of `wording.names`; the same number with the same text is sent
    once, with another text each time (K3). personal=False: one text for all, with `shared` for its variables; each
    number once. `blocked` is asked once a slice. Memory stays under 100 MB for a million rows.

    Raises Refused("missing_variable", "text_long" or a code of VARIABLE_REASONS) when one text for all is at fault,
    and ValueError when `plan` does not have a column for each variable.
    """
    if personal and len(plan.variables) != len(wording.names):
        raise ValueError("a plan for other variables than the wording's")
    place = _personal(wording, signature, plan) if personal else _alike(wording, signature, plan, shared or {})
    return _slices(iter(rows), place, blocked, slice_size)


_Place = Callable[[Iterator[Row], Slice], None]


def _slices(rows: Iterator[Row], place: _Place, blocked: Blocked | None, size: int) -> Iterator[Slice]:
    while True:
        result = Slice()
        # Taken one by one: a list of thousands of rows would keep the garbage collector at work for nothing.
        place(islice(rows, size), result)
        if not result.good and not result.rejected:
            return
        if blocked is not None and result.good:
            _take_out(result, blocked([good[1] for good in result.good]))
        yield result


def _take_out(result: Slice, numbers: set[str]) -> None:
    if not numbers:
        return
    result.rejected += [(line, "blocked", phone, "blocked") for line, phone, *_ in result.good if phone in numbers]
    result.rejected.sort()
    result.good = [good for good in result.good if good[1] not in numbers]


def _alike(wording: Wording, signature: str, plan: ColumnPlan, shared: Mapping[str, str]) -> _Place:
    text = wording.render(shared)
    code = next(filter(None, (check_variable(shared[name]) for name in wording.names)), None)
    if code is None and text_length(text) > MAX_CHARACTERS:
        code = "text_long"
    if code is not None:
        raise Refused(code, REJECTIONS[code])
    segments = segments_of(text_length(signature) + 2 + text_length(text))
    # One text needs no more than the numbers themselves: 66 MB for a million of them.
    seen: set[int] = set()
    column = plan.phone

    def place(batch: Iterator[Row], result: Slice) -> None:
        good, rejected, note = result.good.append, result.rejected.append, seen.add
        for line, cells in batch:
            raw = cells[column] if column < len(cells) else ""
            phone, reason = (raw, None) if is_mobile(raw) else normalise(raw)
            if phone is None:
                rejected((line, "invalid", raw, reason or "not_digits"))
            elif (number := int(phone)) in seen:
                rejected((line, "repeated", raw, "repeated"))
            else:
                note(number)
                good((line, phone, None, segments, 0))

    return place


def _personal(wording: Wording, signature: str, plan: ColumnPlan) -> _Place:
    fill, columns, column = wording.fill, plan.variables, plan.phone
    width = max((column, *columns)) + 1
    around = text_length(signature) + 2
    seen = Seen()

    def place(batch: Iterator[Row], result: Slice) -> None:
        good, rejected, note = result.good.append, result.rejected.append, seen.note
        for line, cells in batch:
            if len(cells) < width:
                cells = cells + [""] * (width - len(cells))
            raw = cells[column]
            phone, reason = (raw, None) if is_mobile(raw) else normalise(raw)
            if phone is None:
                rejected((line, "invalid", raw, reason or "not_digits"))
                continue
            values = tuple([cells[index] for index in columns])
            for value in values:
                if reason := check_variable(value):
                    break
            text = fill(values)
            length = text_length(text)
            if reason or length > MAX_CHARACTERS:
                rejected((line, "invalid", raw, reason or "text_long"))
            elif (occurrence := note(phone, hash(text))) < 0:
                rejected((line, "repeated", raw, "repeated_text"))
            else:
                good((line, phone, values, segments_of(around + length), occurrence))

    return place
