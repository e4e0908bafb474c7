"""A chunk and the parts it has been split into, locked together."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.batches import Chunk
from app.services.sending import chunks


def lock_families(session: Session, roots: set[int]) -> dict[int, list[chunks.ChunkFacts]]:
    """Each of these chunks with all parts it has been split into since, the chunk itself first.

    Looked up without locks and then locked together in one ascending order: parents first and their parts afterwards
    would take a part after a later parent, and two units that do so wait for each other.
    """
    parts = _parts_of(session, roots)
    while True:
        every = roots.union(*parts.values())
        facts = chunks.lock_chunks(session, sorted(every))
        parts = _parts_of(session, roots)
        if every >= roots.union(*parts.values()):
            break  # otherwise one was split just before it was locked; its parts are newer than all that we hold
    return {root: [facts[each] for each in _family(root, parts)] for root in roots}


def _parts_of(session: Session, roots: set[int]) -> dict[int, list[int]]:
    """By chunk: the parts it was split into, and theirs, as far down as there are any."""
    parts: defaultdict[int, list[int]] = defaultdict(list)
    level = sorted(roots)
    while level:
        rows = session.execute(select(Chunk.id, Chunk.parent_id).where(Chunk.parent_id.in_(level)).order_by(Chunk.id))
        level = []
        for row in rows:
            parts[row.parent_id].append(row.id)
            level.append(row.id)
    return parts


def _family(root: int, parts: dict[int, list[int]]) -> list[int]:
    family = [root]
    for each in family:  # grows while it is read
        family += parts.get(each, ())
    return family
