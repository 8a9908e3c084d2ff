"""The chain of the audit log: what an entry is, what its hash covers, and where a chain is broken.

Each entry's hash covers its number, its time, who did what to which subject, and the hash of the one before: to change,
remove or insert one, every later one must be made anew, and the last hash, which is also written to the service's log
every hour, is then another. An entry holds identifiers, codes and counts. A word, a name, a number or an address does
not fit in it: `checked` refuses what is not a short code, so that nobody has to remember.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

Detail = Mapping[str, str | int | bool]

GENESIS = "0" * 64
PRUNED = "audit.pruned"
_CODE = re.compile(r"[A-Za-z0-9_.:\-]{0,64}")
_NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_REFERENCE = re.compile(r"[a-z_]{1,32}:[A-Za-z0-9_.\-]{1,64}")
_DIALLED = re.compile(r"[\d.\-:]{9,24}")
_FEWEST_DIALLED = 9
_MOST_DETAILS = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `actor` and `subject` are references, as `user:3f2a…` or `conversation:77b1…`."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str

    @property
    def details(self) -> dict[str, str | int | bool]:
        """`detail`, read."""
        return dict(json.loads(self.detail))


@dataclass(frozen=True, slots=True)
class Start:
    """Where a chain begins: after entry `through`, whose hash was `hash`."""

    through: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that does not fit, and why: `missing`, `order`, `unlinked`, `changed` or `head`."""

    number: int
    reason: str


def canonical_detail(detail: Detail) -> str:
    """JSON with sorted names and no spaces. Raises `ValueError` for anything but short codes and numbers."""
    if len(detail) > _MOST_DETAILS:
        raise ValueError("An audit entry has too many details.")
    for name, value in detail.items():
        if not _NAME.fullmatch(name):
            raise ValueError("The name of an audit detail is not a code.")
        if isinstance(value, str) and (not _CODE.fullmatch(value) or _could_be_dialled(value)):
            raise ValueError(f"The audit detail {name} is not a code: the log holds no words, numbers or addresses.")
    return json.dumps(dict(detail), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def check_reference(reference: str) -> None:
    """Raises `ValueError` unless it is kind:identifier, the identifier being no telephone number."""
    if not _REFERENCE.fullmatch(reference) or _could_be_dialled(reference.partition(":")[2]):
        raise ValueError("An audit entry names its actor and subject as kind:identifier.")


def check_action(action: str) -> None:
    """Raises `ValueError` unless it is a code, as conversation.read."""
    if not _NAME.fullmatch(action):
        raise ValueError("The action of an audit entry is not a code.")


def linked(previous: Start, *, at: datetime, actor: str, action: str, subject: str, detail: Detail) -> Entry:
    """The next entry after `previous`. Raises `ValueError` for what the log may not hold."""
    check_reference(actor)
    check_reference(subject)
    check_action(action)
    text = canonical_detail(detail)
    number = previous.through + 1
    made = _hash(number, at, actor=actor, action=action, subject=subject, detail=text, previous=previous.hash)
    return Entry(number, at, actor, action, subject, text, previous.hash, made)


class Chain:
    """Verifies a log entry by entry, in constant memory. `noted` is number and hash of an entry as it once was."""

    def __init__(self, start: Start, noted: tuple[int, str] | None = None) -> None:
        self.start = start
        self.head = start
        self.count = 0
        self._noted = noted
        self._pruned_through = start.through == 0

    def add(self, entry: Entry) -> Fault | None:
        """What is wrong with the next entry; None when it is as it was written."""
        number = self.head.through + 1
        if entry.number != number:
            return Fault(number, "missing" if entry.number > number else "order")
        if entry.previous != self.head.hash:
            return Fault(number, "unlinked")
        made = _hash(
            number,
            entry.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            detail=entry.detail,
            previous=self.head.hash,
        )
        if entry.hash != made:
            return Fault(number, "changed")
        if self._noted is not None and self._noted[0] == number and self._noted[1] != entry.hash:
            return Fault(number, "head")
        if entry.action == PRUNED and entry.subject == f"audit:{self.start.through}":
            self._pruned_through |= entry.details.get("hash") == self.start.hash
        self.head = Start(number, entry.hash)
        self.count += 1
        return None

    def end(self) -> Fault | None:
        """What is missing at the end: the entry that was noted, or the one that tells of the deletion before it."""
        if not self._pruned_through:
            return Fault(self.start.through, "missing")
        if self._noted is not None and self._noted[0] > self.head.through:
            return Fault(self.head.through + 1, "missing")
        return None


def verify(entries: Iterable[Entry], start: Start = Start()) -> Fault | None:
    """The first entry that is not as it was written, or None when all are."""
    chain = Chain(start)
    for entry in entries:
        if (fault := chain.add(entry)) is not None:
            return fault
    return chain.end()


def _could_be_dialled(text: str) -> bool:
    """Nine digits or more and nothing but digits and separators; a date has eight."""
    return bool(_DIALLED.fullmatch(text)) and sum(char.isdigit() for char in text) >= _FEWEST_DIALLED


def _hash(number: int, at: datetime, *, actor: str, action: str, subject: str, detail: str, previous: str) -> str:
    time = at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [number, time, actor, action, subject, detail, previous]
    return sha256(json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()
