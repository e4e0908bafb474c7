"""Each state may become what its table says and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from app.models.approvals import APPROVAL_MOVES, ApprovalState
from app.models.orders import ORDER_MOVES, OrderState
from app.models.states import (
    BATCH_ENDED,
    BATCH_MOVES,
    CHUNK_MOVES,
    MESSAGE_FINAL,
    MESSAGE_MOVES,
    BatchState,
    ChunkState,
    MessageState,
)
from app.models.types import Moves, WrongMove

TABLES: list[tuple[Moves[Any], Any]] = [
    (BATCH_MOVES, BatchState),
    (CHUNK_MOVES, ChunkState),
    (MESSAGE_MOVES, MessageState),
    (ORDER_MOVES, OrderState),
    (APPROVAL_MOVES, ApprovalState),
]


@pytest.mark.parametrize(("moves", "states"), TABLES, ids=lambda value: getattr(value, "__name__", ""))
def test_every_move_not_in_the_table_is_refused(moves: Moves[Any], states: Any) -> None:
    assert set(moves.table) == set(states)
    for old, new in itertools.product(states, states):
        if new in moves.table[old]:
            moves.check(old, new)
            assert old in moves.into(new)
        else:
            assert old not in moves.into(new)
            with pytest.raises(WrongMove):
                moves.check(old, new)


def test_what_has_ended_stays_as_it_is() -> None:
    assert BATCH_MOVES.final == set(BATCH_ENDED)
    assert MESSAGE_MOVES.final == set(MESSAGE_FINAL)
    assert all(not MESSAGE_MOVES.table[state] for state in MESSAGE_FINAL)
    assert all(not BATCH_MOVES.table[state] for state in BATCH_ENDED)


def test_no_state_becomes_itself() -> None:
    for moves, states in TABLES:
        assert not [state for state in states if state in moves.table[state]]
