"""The rules of the books once more, in a dozen lines of plain Python: what a random test compares the services with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass
class PlainGrant:
    """Figures of one grant; `own` is false for a general one."""

    id: int
    own: bool
    size: int
    until: date
    used: int = 0
    held: int = 0
    lapsed: int = 0
    state: str = "normal"

    @property
    def free(self) -> int:
        return self.size - self.used - self.held - self.lapsed

    def is_over(self, today: date) -> bool:
        return self.state == "void" or self.until < today

    def lapse(self) -> None:
        self.lapsed += self.free


@dataclass
class PlainBatch:
    """What a batch keeps of each grant, by the grant's id, and where its messages are."""

    id: int
    kept: dict[int, int]
    queued: int
    accepted: int = 0
    delivered: int = 0
    failed: int = 0
    cancelled: int = 0


@dataclass
class Bookkeeper:
    """All grants and batches of one customer."""

    grants: dict[int, PlainGrant] = field(default_factory=dict)
    batches: dict[int, PlainBatch] = field(default_factory=dict)

    def usable(self, day: date) -> list[PlainGrant]:
        found = [g for g in self.grants.values() if g.state == "normal" and g.until >= day and g.free > 0]
        return sorted(found, key=lambda g: (not g.own, g.until, g.id))

    def balance(self, day: date) -> int:
        return sum(grant.free for grant in self.usable(day))

    def hold(self, batch_id: int, segments: int, day: date) -> None:
        kept = {}
        left = segments
        for grant in self.usable(day):
            take = min(grant.free, left)
            if take:
                grant.held += take
                kept[grant.id] = take
                left -= take
        assert left == 0
        self.batches[batch_id] = PlainBatch(batch_id, kept, segments)

    def settle(self, batch: PlainBatch, segments: int) -> None:
        for grant, take in self._shares(batch, segments, latest_first=False):
            grant.held -= take
            grant.used += take

    def release(self, batch: PlainBatch, segments: int, today: date) -> None:
        for grant, take in self._shares(batch, segments, latest_first=True):
            grant.held -= take
            if grant.is_over(today):
                grant.lapsed += take

    def _shares(self, batch: PlainBatch, segments: int, *, latest_first: bool) -> list[tuple[PlainGrant, int]]:
        order = sorted((self.grants[key] for key in batch.kept), key=lambda g: (g.until, g.id), reverse=latest_first)
        shares = []
        for grant in order:
            take = min(batch.kept[grant.id], segments)
            batch.kept[grant.id] -= take
            segments -= take
            shares.append((grant, take))
        assert segments == 0
        return shares

    def expire(self, today: date) -> None:
        for grant in self.grants.values():
            if grant.until < today:
                grant.lapse()
