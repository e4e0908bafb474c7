"""Sensitive words, looked for in the fixed text and in every filled-in variable."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.words import WordList
from app.models.batches import Batch, Chunk
from app.models.blacklist import SensitiveWord
from app.models.messages import Message
from app.models.states import BatchState

Version = tuple[int, Any]
"""How many words there are and when one last changed. Not the newest id: SQLite gives that of a deleted word again."""

_lists: dict[Version, WordList] = {}
_answers: OrderedDict[tuple[Any, ...], list[str]] = OrderedDict()
_answers_lock = threading.Lock()
_MOST_ANSWERS = 2_000
_SLICE = 5_000


def _word_list(session: Session) -> tuple[Version, WordList | None]:
    count, changed = session.execute(select(func.count(), func.max(SensitiveWord.changed_at))).one()
    version = (count, changed)
    if not count:
        return version, None
    words = _lists.get(version)
    if words is None:
        # Read after the version: at worst the words are newer than it says, and are read again the next time.
        words = WordList(list(session.scalars(select(SensitiveWord.word))))
        _lists.clear()
        _lists[version] = words
    return version, words


def forbidden_words(session: Session, facts: Any) -> list[str]:
    """The words found in a batch's text, each once. `facts`: content, variables, personal, id of the batch.

    The answer is remembered in this process for as long as the words stay the same: asked once outside a unit of
    work, it costs no pass over a million variables inside it.
    """
    version, words = _word_list(session)
    if words is None:
        return []
    key = _key(session, version, facts)
    if key is None:
        return _search(session, words, facts)
    known = _recall(key)
    if known is None:
        known = _search(session, words, facts)
        _remember(key, known)
    return list(known)


def _key(session: Session, version: Version, facts: Any) -> tuple[Any, ...] | None:
    """What was searched, and for which words; None while rows may still be added. Ids are given out again on SQLite,
    so the moment of its making belongs to a batch's name."""
    row = session.execute(select(Batch.state, Batch.created_at).where(Batch.id == facts.id)).one_or_none()
    if row is None or row.state is BatchState.PREPARING:
        return None
    return (session.get_bind().engine.url, version, facts.id, row.created_at, facts.content, facts.variables)


def _recall(key: tuple[Any, ...]) -> list[str] | None:
    with _answers_lock:
        if key in _answers:
            _answers.move_to_end(key)
        return _answers.get(key)


def _remember(key: tuple[Any, ...], found: list[str]) -> None:
    with _answers_lock:
        _answers[key] = found
        while len(_answers) > _MOST_ANSWERS:
            _answers.popitem(last=False)


def _search(session: Session, words: WordList, facts: Any) -> list[str]:
    found = dict.fromkeys(words.find(facts.content))
    if facts.variables:
        found |= dict.fromkeys(word for value in json.loads(facts.variables).values() for word in words.find(value))
    if facts.personal:
        rows = session.scalars(
            select(Message.variables)
            .join(Chunk, Chunk.id == Message.chunk_id)
            .where(Chunk.batch_id == facts.id)
            .execution_options(yield_per=_SLICE)
        )
        for variables in rows:
            # One search over all values of a row; a value cannot lend half a word to the next.
            found |= dict.fromkeys(word for value in json.loads(variables or "[]") for word in words.find(value))
    return list(found)
