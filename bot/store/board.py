"""The requests that are not over, in memory, as they are at one value of the desk's change counter.

Every change of the desk adds one to the counter, in its own transaction. So whoever reads the counter knows whether
what is remembered is still how things are; and whoever writes, and gets the very next number, knows that nothing else
has happened in between: the change is entered here, and nothing has to be read again. What another gateway has changed
leaves a gap, and everything is read again. Thus a request costs the same, however many wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.store.records import HandoverRecord

_AHEAD_KEPT = 100

Changed = tuple[HandoverRecord, ...]


@dataclass(frozen=True, slots=True)
class TakenSince:
    """The requests that were taken since."""

    since: datetime
    requests: list[HandoverRecord]


class Board:
    """Records that have not changed stay the same objects.

    `taken` is what `DeskKept.lately_taken` has read, until somebody takes again; `takes` counts how often it ended.
    """

    def __init__(self) -> None:
        self.version = -1
        self.taken: TakenSince | None = None
        self.takes = 0
        self._by_id: dict[str, HandoverRecord] = {}
        self._ordered: list[HandoverRecord] | None = None
        self._ahead: dict[int, Changed] = {}

    @property
    def live(self) -> list[HandoverRecord]:
        """The longest wait first. The list is the caller's."""
        if self._ordered is None:
            self._ordered = sorted(self._by_id.values(), key=lambda one: (one.requested_at, one.id))
        return list(self._ordered)

    def load(self, version: int, live: Iterable[HandoverRecord]) -> None:
        """Everything, read when the counter was at `version` or, by a part of it, already further."""
        if version < self.version:
            return
        if version > self.version:
            self._forget_taken()
        known = self._by_id
        self._by_id = {one.id: known[one.id] if known.get(one.id) == one else one for one in live}
        self._ordered = None
        self.version = version
        self._catch_up()

    def follow(self, version: int, changed: Sequence[HandoverRecord]) -> None:
        """A change that was written here and counted as `version`: these requests, and no others, are now like this.

        Writers may come out of order; one that is more than one ahead waits for those before.
        """
        if version <= self.version:
            return
        if len(self._ahead) >= _AHEAD_KEPT:
            self._ahead.clear()
        self._ahead[version] = tuple(changed)
        self._catch_up()

    def _catch_up(self) -> None:
        while (changed := self._ahead.pop(self.version + 1, None)) is not None:
            self.version += 1
            for one in changed:
                self._put(one)
        for version in [one for one in self._ahead if one <= self.version]:
            del self._ahead[version]

    def _put(self, one: HandoverRecord) -> None:
        before = self._by_id.pop(one.id, None)
        if not one.state.is_final:
            self._by_id[one.id] = replace(one, conversation=None) if one.conversation is not None else one
        if one.taken_at is not None or (before is not None and before.taken_at is not None):
            self._forget_taken()
        self._ordered = None

    def _forget_taken(self) -> None:
        self.taken = None
        self.takes += 1
