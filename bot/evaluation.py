"""Scores of the understanding on labelled questions, in the terms of the commands' contract.

A question is served when its subject is answered or offered, direct when it is answered at once, wrong when
something else is answered, refused when neither is. A foreign question (`out_of_scope`) is served by being
refused. Where two subjects are asked (`a+b`), both must be there.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import BadRequest

OUT_OF_SCOPE = "out_of_scope"


class BadQuestions(BadRequest):
    """A file of labelled questions that cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question and the subjects it asks for."""

    question: str
    intents: tuple[str, ...]

    @property
    def foreign(self) -> bool:
        """Whether it should be refused."""
        return self.intents == (OUT_OF_SCOPE,)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was done with it. `kind` is answer, clarify or abstain."""

    labelled: Labelled
    kind: str
    subjects: tuple[str, ...]
    ranking: tuple[tuple[str, float], ...] = ()

    @property
    def refused(self) -> bool:
        return self.kind == "abstain" or self.subjects == (OUT_OF_SCOPE,)

    @property
    def direct(self) -> bool:
        if self.labelled.foreign:
            return self.refused
        return self.kind == "answer" and set(self.labelled.intents) == set(self.subjects)

    @property
    def served(self) -> bool:
        offered = self.kind == "clarify" and set(self.labelled.intents) <= set(self.subjects)
        return self.direct or offered

    @property
    def wrong(self) -> bool:
        answered = self.kind == "answer" and not self.refused
        return answered and not set(self.subjects) <= set(self.labelled.intents)


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares from 0 to 1 over all questions; `foreign_refused` over the foreign ones, `ours_served` and
    `ours_direct` over the others (None where there are none)."""

    n: int
    served: float
    direct: float
    wrong: float
    refused: float
    ours_served: float | None
    ours_direct: float | None
    foreign_refused: float | None

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> Scores:
        """Of at least one question."""
        ours = [one for one in judged if not one.labelled.foreign]
        foreign = [one for one in judged if one.labelled.foreign]
        return cls(
            n=len(judged),
            served=_share([one.served for one in judged]) or 0.0,
            direct=_share([one.direct for one in judged]) or 0.0,
            wrong=_share([one.wrong for one in judged]) or 0.0,
            refused=_share([one.refused for one in judged]) or 0.0,
            ours_served=_share([one.served for one in ours]),
            ours_direct=_share([one.direct for one in ours]),
            foreign_refused=_share([one.refused for one in foreign]),
        )


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None


def read_labelled(path: Path, known: Mapping[str, Any] | None = None) -> list[Labelled]:
    """Reads `question<TAB>intent` with a header line. Raises `BadQuestions`; with `known` subjects, also for a
    label that is none of them."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise BadQuestions(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadQuestions(f"{path} is not a UTF-8 text with tabs: {error}.") from None
    if not rows or [cell.strip() for cell in rows[0][:2]] != ["question", "intent"]:
        raise BadQuestions(f"{path}: the first line must be 'question<TAB>intent'.")
    labelled = [_labelled(row, f"{path}, line {number}", known) for number, row in enumerate(rows[1:], 2) if any(row)]
    if not labelled:
        raise BadQuestions(f"{path}: there is no question in it.")
    return labelled


def _labelled(row: list[str], where: str, known: Mapping[str, Any] | None) -> Labelled:
    if len(row) < 2 or not row[0].strip() or not row[1].strip():
        raise BadQuestions(f"{where}: a question, a tab and an intent are needed.")
    intents = tuple(name.strip() for name in row[1].split("+"))
    unknown = [name for name in intents if known is not None and name not in known]
    if unknown:
        raise BadQuestions(f"{where}: there is no subject named {unknown[0]!r} in data/nlu.")
    return Labelled(row[0].strip(), intents)


def confusions(judged: Sequence[Judged]) -> list[tuple[str, str, int]]:
    """(asked, what was done, how often) of all that was not direct, most frequent first."""
    pairs = Counter(("+".join(one.labelled.intents), _done(one)) for one in judged if not one.direct)
    return [(asked, done, count) for (asked, done), count in pairs.most_common()]


def _done(one: Judged) -> str:
    if one.refused:
        return "(refused)"
    return " or ".join(one.subjects) + " ?" if one.kind == "clarify" else " and ".join(one.subjects)
