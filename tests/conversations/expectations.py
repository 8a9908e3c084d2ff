"""What a line "Guichet : …" of a conversation demands of a reply: a closed vocabulary, read here and judged here.

A line is several demands joined by " ; ", all of which must hold; a demand is several alternatives joined by " | ",
one of which must hold. An alternative without a verb of its own has that of the one before it: "répond a | b".
What stands between « and » is never cut. Subjects go by their names in data/nlu; "bulletin_obtenir (salarie)" is
the wording for that kind of person, and "(employeur)" the usual one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.dialogue import Channel, Outcome, Reply
from bot.knowledge import TOPICS, Kind, Knowledge

OUT_OF_SCOPE = "out_of_scope"
LONGEST_SHOWN = 240
CONTROLS = ("slower", "louder", "wait", "goodbye")


class Verb(StrEnum):
    """The first words of a demand."""

    ANSWERS = "répond"
    TAKES = "répond le choix"
    DETAILS = "donne les détails de"
    PROPOSES = "propose"
    ASKS_WHO = "demande qui"
    CLARIFIES = "précise"
    DOES_NOT_KNOW = "ne sait pas"
    REFERS = "renvoie vers"
    FOREIGN = "hors sujet"
    HANDS_OVER = "passe un conseiller"
    SAYS = "dit"
    DOES_NOT_SAY = "ne dit pas"
    DOES = "fait"
    REPEATS = "répète"


@dataclass(frozen=True, slots=True)
class Named:
    """A subject; `person` is the kind of person whose wording is demanded, empty for any."""

    intent: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing demanded. `names` are subjects; `words` a fragment, a control or a number, as the verb has it."""

    verb: Verb
    names: tuple[Named, ...] = ()
    words: str = ""


AnyOf = tuple[Demand, ...]

_QUOTE = r"«\s*(?P<words>[^»]+?)\s*»"
_NAME = r"[a-z][a-z0-9_]*(?:\s*\([a-z_]+\))?"
_JOINED = rf"(?P<names>{_NAME}(?:\s+et\s+{_NAME})*)"
_FORMS: tuple[tuple[Verb, str], ...] = (
    (Verb.TAKES, r"(?P<words>[1-9])"),
    (Verb.ANSWERS, _JOINED),
    (Verb.DETAILS, rf"(?P<names>{_NAME})"),
    (Verb.PROPOSES, rf"(?P<names>{_NAME}(?:\s*,\s*{_NAME})*)"),
    (Verb.REFERS, rf"(?P<names>{_NAME})"),
    (Verb.SAYS, _QUOTE),
    (Verb.DOES_NOT_SAY, _QUOTE),
    (Verb.DOES, rf"(?P<words>{'|'.join(CONTROLS)})"),
    *((verb, "") for verb in (Verb.ASKS_WHO, Verb.CLARIFIES, Verb.DOES_NOT_KNOW, Verb.FOREIGN, Verb.HANDS_OVER)),
    (Verb.REPEATS, ""),
)
_APART = {sign: re.compile(rf"\s*{re.escape(sign)}\s*(?![^«]*»)") for sign in (";", "|")}


def read_demands(line: str) -> tuple[AnyOf, ...]:
    """The demands of one line. Raises `ValueError` with the part that is none."""
    return tuple(_read_alternatives(part) for part in _APART[";"].split(line.strip()))


def _read_alternatives(part: str) -> AnyOf:
    found: list[Demand] = []
    for alternative in _APART["|"].split(part):
        demand = _read(alternative.strip())
        if demand is None and found:
            demand = _read(f"{found[-1].verb} {alternative.strip()}")
        if demand is None:
            raise ValueError(f"{alternative.strip()!r} is no expectation; there are {', '.join(Verb)}")
        found.append(demand)
    return tuple(found)


def _read(text: str) -> Demand | None:
    for verb, form in _FORMS:
        match = re.fullmatch(rf"{verb}\s+{form}" if form else verb, text)
        if match is not None:
            parts = match.groupdict()
            names = re.split(r"\s+et\s+|\s*,\s*", parts.get("names") or "")
            return Demand(verb, tuple(_named(name) for name in names if name), parts.get("words") or "")
    return None


def _named(text: str) -> Named:
    intent, _, person = text.partition("(")
    return Named(intent.strip(), person.strip(") "))


def complaints(
    demands: tuple[AnyOf, ...], reply: Reply, before: Reply | None, channel: Channel, knowledge: Knowledge
) -> list[str]:
    """The demands that a reply does not meet, in the words of the conversation; `before` is the reply before it."""
    return [
        " | ".join(written(demand) for demand in any_of)
        for any_of in demands
        if not any(_holds(demand, reply, before, channel, knowledge) for demand in any_of)
    ]


def _holds(demand: Demand, reply: Reply, before: Reply | None, channel: Channel, knowledge: Knowledge) -> bool:
    offered = [choice.intent for choice in reply.choices] if reply.outcome is Outcome.CLARIFY else []
    people = [subject.intent for subject in knowledge.people]
    match demand.verb:
        case Verb.ANSWERS:
            return _answers(demand.names, reply, channel, knowledge)
        case Verb.TAKES:
            place = int(demand.words) - 1
            chosen = before.choices[place : place + 1] if before is not None else ()
            return bool(chosen) and _answers((Named(chosen[0].intent),), reply, channel, knowledge)
        case Verb.DETAILS:
            return [answer.text for answer in reply.answers] == [knowledge[demand.names[0].intent].phone_more]
        case Verb.PROPOSES:
            return all(name.intent in offered for name in demand.names)
        case Verb.ASKS_WHO:
            return bool(offered) and offered == people
        case Verb.CLARIFIES:
            return bool(offered) and offered != people
        case Verb.DOES_NOT_KNOW:
            return reply.outcome is Outcome.ABSTAINED and not _refuses_as_foreign(reply)
        case Verb.REFERS:
            return reply.outcome is Outcome.ABSTAINED and reply.texts == [_worded(demand.names[0], channel, knowledge)]
        case Verb.FOREIGN:
            return _refuses_as_foreign(reply)
        case Verb.HANDS_OVER:
            return reply.outcome is Outcome.HANDOVER
        case Verb.SAYS:
            return _stands_in(demand.words, reply)
        case Verb.DOES_NOT_SAY:
            return not _stands_in(demand.words, reply)
        case Verb.DOES:
            return reply.control == demand.words
        case Verb.REPEATS:
            return before is not None and set(before.texts) <= set(reply.texts)


def _answers(names: tuple[Named, ...], reply: Reply, channel: Channel, knowledge: Knowledge) -> bool:
    answers = reply.answers
    if all(knowledge[name.intent].kind in TOPICS for name in names):
        answers = tuple(answer for answer in answers if answer.source)  # without "bonjour", "in French only"
    if reply.outcome is not Outcome.ANSWERED or [a.id for a in answers] != [name.intent for name in names]:
        return False
    details = [knowledge[name.intent].phone_more for name in names]
    if any(answer.text and answer.text in details for answer in answers):
        return False
    return all(
        answer.text == _worded(name, channel, knowledge)
        for name, answer in zip(names, answers, strict=True)
        if name.person
    )


def _refuses_as_foreign(reply: Reply) -> bool:
    """A refusal may have a foreign subject as its likeliest one; only a decision for it is told as such."""
    return (reply.outcome, reply.intent, reply.why.get("kind")) == (Outcome.ABSTAINED, OUT_OF_SCOPE, "answer")


def _worded(name: Named, channel: Channel, knowledge: Knowledge) -> str:
    subject = knowledge[name.intent]
    wording = subject.variants.get(name.person, subject)
    return wording.web if channel is Channel.WEB else wording.phone


def _stands_in(fragment: str, reply: Reply) -> bool:
    return any(_plain(fragment) in _plain(text) for text in reply.texts)


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").replace("**", "").split()).casefold()


def unknown_names(demands: tuple[AnyOf, ...], knowledge: Knowledge) -> list[str]:
    """The names of a line that mean nothing in the knowledge."""
    kinds = {subject.intent.removeprefix("person_") for subject in knowledge.people}
    found = [(demand, name) for any_of in demands for demand in any_of for name in demand.names]
    return [
        name.person if name.intent in knowledge and name.person not in {"", *kinds} else name.intent
        for demand, name in found
        if name.intent not in knowledge
        or name.person not in {"", *kinds}
        or (demand.verb is Verb.REFERS and knowledge[name.intent].kind is not Kind.ELSEWHERE)
        or (demand.verb is Verb.DETAILS and not knowledge[name.intent].phone_more)
    ]


def said_again(reply: Reply, before: Reply | None) -> list[str]:
    """What a reply has in common with the one before it, sentence for sentence as the dialogue knows them."""
    return [text for text in reply.texts if before is not None and text in before.texts]


def may_be_said_again(demands: tuple[AnyOf, ...]) -> bool:
    """Whether the person asked for the same once more, or their life may depend on it."""
    asked = {Demand(Verb.REPEATS), Demand(Verb.DOES, words="slower"), Demand(Verb.DOES, words="louder")}
    vital = {Demand(Verb.ANSWERS, (Named(name),)) for name in ("distress", "emergency")}
    return any(demand in asked | vital for any_of in demands for demand in any_of)


def written(demand: Demand) -> str:
    """A demand as one writes it."""
    names = [f"{name.intent} ({name.person})" if name.person else name.intent for name in demand.names]
    words = f"« {demand.words} »" if demand.verb in (Verb.SAYS, Verb.DOES_NOT_SAY) else demand.words
    joined = (", " if demand.verb is Verb.PROPOSES else " et ").join(names)
    return " ".join(part for part in (demand.verb, joined, words) if part)


def described(reply: Reply) -> str:
    """What a reply did, for who reads a failure: its outcome in our vocabulary, then its words."""
    kinds = {
        Outcome.ANSWERED: "répond " + " et ".join(answer.id for answer in reply.answers),
        Outcome.CLARIFY: "propose " + ", ".join(choice.intent for choice in reply.choices),
        Outcome.ABSTAINED: "hors sujet" if _refuses_as_foreign(reply) else "ne sait pas",
        Outcome.HANDOVER: "passe un conseiller",
    }
    control = f" ; fait {reply.control}" if reply.control else ""
    best = ", ".join(f"{one.intent} {one.confidence:.2f}" for one in reply.ranking[:3])
    why = f"{reply.why.get('reason') or reply.why.get('kind', '')} {best}".strip()
    return f"{kinds[reply.outcome]}{control}   [{why}]\n" + "\n".join(
        f"        « {' '.join(text.split())[:LONGEST_SHOWN]} »" for text in reply.texts
    )
