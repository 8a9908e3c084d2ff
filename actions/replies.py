"""What is said to what: the whole dialogue as pure functions, called by the Rasa actions of the same names.

Two rules keep it honest. Whoever is not understood is told so, is offered a person the second time in a row,
and gets one the third time. And the bot never says the same sentence of its own twice in a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from actions.language import Languages
from actions.turn import Memory, Result, Turn
from actions.wording import Asker, Prompts, answer_of, choice_of, details_of
from bot.dialogue import Answer, Channel, Outcome, Reply
from bot.knowledge import PERSON_PREFIX, Kind, Knowledge
from bot.nlu.text import folded_form

HANDOVER = "handover"
OUT_OF_SCOPE = "out_of_scope"
SAFETY = frozenset({"distress", "emergency"})
CONTROLS = frozenset({"slower", "louder", "wait", "goodbye"})
SAID_AGAIN_ALOUD = frozenset({"slower", "louder"})
ORDINALS = {"choose_first": 0, "choose_second": 1, "choose_third": 2}
MISSES_BEFORE_PERSON = 3
# An unclear wording of something that has just been offered settles it from this probability on.
SETTLED_FROM = 0.1


@dataclass(frozen=True, slots=True)
class Replies:
    """All replies, from one knowledge and one set of prompts."""

    knowledge: Knowledge
    prompts: Prompts
    languages: Languages = field(default_factory=Languages)

    # -- subjects --

    def answer(self, turn: Turn, memory: Memory) -> Result:
        """The verified text of what was asked, or of both subjects, in the order asked."""
        return self._give(turn, memory, turn.subjects or (turn.intent,))

    def more(self, turn: Turn, memory: Memory) -> Result:
        """The spoken details that have just been offered."""
        if not memory.more or memory.more not in self.knowledge:
            return self.exchange(replace(turn, intent="more"), memory)
        details = details_of(self.knowledge[memory.more])
        said = replace(self._reply(turn, Outcome.ANSWERED), intent=memory.more, answers=(details,))
        return said, memory.answered(said, (memory.more,))

    def stay(self, turn: Turn, memory: Memory) -> Result:
        """A question about what was just answered, to which the verified text has nothing to add."""
        subject = turn.subjects[0] if turn.subjects else ""
        if subject not in self.knowledge:
            return self.abstain(turn, memory)
        others = tuple(intent for intent in turn.subjects[1:] if intent in self.knowledge)
        if others and set(others) | {HANDOVER} != set(memory.choices):
            return self._offer(turn, memory, (*others, HANDOVER), "stay_or")
        has_asked = memory.last is not None and memory.last.outcome is Outcome.ABSTAINED
        if memory.more == subject and turn.channel is Channel.PHONE and not has_asked:
            text = self.prompts.say("stay_more", turn.channel)
            said, after = self._miss(turn, memory, text, misses=memory.misses)
            return said, replace(after, more=subject)  # asked, not read: it may have been misheard
        return self._no_more_than_this(turn, memory, "stay", subject)

    def back(self, turn: Turn, memory: Memory) -> Result:
        """What was answered before the last answer."""
        if not any(intent in self.knowledge for intent in memory.before):
            return self.exchange(turn, memory)
        return self._give(turn, memory, memory.before)

    def why_answer(self, turn: Turn, memory: Memory) -> Result:
        """Where the last answer comes from."""
        sourced = [answer for answer in memory.last.answers if answer.source] if memory.last else []
        if not sourced:
            return self.exchange(turn, memory)
        about = sourced[0]
        text = self.prompts.say(
            "why", turn.channel, unlike=memory.last_texts, title=about.title, source=about.source,
            date=french_date(about.verified_on),
        )  # fmt: skip
        said = replace(self._reply(turn, Outcome.ANSWERED), answers=(Answer(turn.intent, text),))
        return said, memory.after(said, more=memory.more)

    # -- choosing --

    def clarify(self, turn: Turn, memory: Memory) -> Result:
        """Asks which subject was meant, or whether a person; a second unclear wording of what was offered is a yes."""
        settled = self._settled(turn, memory)
        if settled:
            return self._take(turn, memory, settled)
        notice = self._language_notice(turn, memory)
        if notice is None and turn.subjects == (HANDOVER,):
            return self._offer_person(turn, memory)
        topics = {subject.intent for subject in self.knowledge.topics}
        offered = tuple(intent for intent in turn.subjects if intent in topics)
        if notice is not None or not offered or set(offered) == set(memory.choices):
            return notice or self.abstain(turn, memory)
        return self._offer(turn, memory, offered, "clarify")

    def choose(self, turn: Turn, memory: Memory) -> Result:
        """ "La deuxième", "oui", "non": only what was offered last gives them a meaning."""
        offered = memory.choices
        if turn.intent == "deny" and offered:
            return self._refused(turn, memory)
        if memory.more and not offered and turn.intent in ("affirm", "deny"):
            return self.more(turn, memory) if turn.intent == "affirm" else self._declined(turn, memory)
        if turn.intent == "affirm" and len(offered) == 1:
            return self._take(turn, memory, offered[0])
        place = ORDINALS.get(turn.intent)
        if place is not None and place < len(offered):
            return self._take(turn, memory, offered[place])
        if offered and offered != (HANDOVER,):
            return self._offer(turn, memory, offered, "clarify_which")
        if turn.intent in ("affirm", "deny"):
            return self.exchange(turn, memory)
        return self.abstain(turn, memory)

    def person(self, turn: Turn, memory: Memory) -> Result:
        """Who is asking: remembered, and what waited for it, or was just answered otherwise, is answered."""
        told = replace(memory, person=turn.intent.removeprefix(PERSON_PREFIX))
        if memory.pending in self.knowledge:
            return self._give(turn, told, (memory.pending,))
        for intent in memory.subjects[-1:]:
            wordings = self.knowledge[intent].variants if intent in self.knowledge else {}
            if wordings.get(told.person) != wordings.get(memory.person):
                return self._give(turn, told, (intent,))
        return self.exchange(turn, told)

    # -- the exchange itself --

    def exchange(self, turn: Turn, memory: Memory) -> Result:
        """A courtesy, or a wish that only the line can fulfil. What was offered stays offered."""
        if turn.intent not in self.knowledge:  # a model older than the knowledge
            return self.abstain(turn, memory)
        answers = [Answer(turn.intent, self._exchange_text(turn.intent, turn, memory))]
        reply = self._reply(turn, Outcome.ANSWERED, control=turn.intent if turn.intent in CONTROLS else "")
        if turn.channel is Channel.PHONE and turn.intent in SAID_AGAIN_ALOUD and memory.last:
            again = memory.last
            answers += [answer for answer in again.answers if answer.id not in SAID_AGAIN_ALOUD]
            return replace(reply, answers=tuple(answers), text=again.text, choices=again.choices), memory
        said = replace(reply, answers=tuple(answers))
        more = memory.more if turn.intent == "wait" else ""
        return said, memory.after(said, choices=memory.choices, misses=memory.misses, more=more, pending=memory.pending)

    def repeat(self, turn: Turn, memory: Memory) -> Result:
        """The last reply once more."""
        if memory.last is None or memory.last.outcome is Outcome.HANDOVER:
            said = self._reply(turn, Outcome.ANSWERED)
            text = self.prompts.say("nothing_to_repeat", turn.channel)
            said = replace(said, answers=(Answer("repeat", text),))
            return said, memory.after(said, misses=memory.misses)
        again = replace(memory.last, ranking=turn.ranking, why=dict(turn.why), confidence=turn.confidence)
        if turn.channel is Channel.PHONE:
            prefix = answer_of(self.knowledge["repeat"], turn.channel)
            again = replace(again, answers=(prefix, *(a for a in again.answers if a.id != "repeat")))
        return again, memory

    def not_understood(self, turn: Turn, memory: Memory) -> Result:
        """The person did not understand us: offered choices are named again, else another wording is asked for."""
        if memory.choices and memory.choices != (HANDOVER,):
            return self._offer(turn, memory, memory.choices, "clarify_which")
        if memory.misses:
            return self.abstain(turn, memory)
        return self._miss(turn, memory, answer_of(self.knowledge["not_understood"], turn.channel).text, misses=1)

    def correction(self, turn: Turn, memory: Memory) -> Result:
        """ "Ce n'est pas ma question", without saying which it is."""
        misses = memory.misses + 1
        if misses >= MISSES_BEFORE_PERSON:
            return self._give_up(turn, memory)
        text = self._exchange_text("correction", turn, memory)
        return self._miss(turn, replace(memory, subjects=()), text, misses=misses)

    # -- not understood, not ours, a person --

    def abstain(self, turn: Turn, memory: Memory) -> Result:
        """Honest refusal, then the offer of a person, then the person. Foreign subjects are never passed on."""
        settled = self._settled(turn, memory)
        if settled:
            return self._take(turn, memory, settled)
        notice = self._language_notice(turn, memory)
        if notice is not None:
            return notice
        misses = memory.misses + 1
        foreign = turn.intent == OUT_OF_SCOPE or self._is_elsewhere(turn.intent)
        if foreign and not self.languages.gibberish(turn.text):
            return self._refer(turn, memory, misses)
        if misses >= MISSES_BEFORE_PERSON:
            return self._give_up(turn, memory)
        unlike = memory.last_texts
        if misses == 1:
            text = self.prompts.say("abstain_first", turn.channel, unlike=unlike, example=self._example(misses))
            return self._miss(turn, memory, text, misses=misses)
        text = self.prompts.say("abstain_again", turn.channel, unlike=unlike)
        return self._miss(turn, memory, text, misses=misses, choices=(HANDOVER,))

    def handover(self, turn: Turn, memory: Memory) -> Result:
        """A person was asked for."""
        text = answer_of(self.knowledge[HANDOVER], turn.channel).text
        if memory.last is not None and memory.last.outcome is Outcome.HANDOVER:
            text = self.prompts.say("handover_again", turn.channel, unlike=memory.last_texts)
        return self._hand_over(turn, memory, text)

    # -- parts of the above --

    def _give(self, turn: Turn, memory: Memory, intents: tuple[str, ...]) -> Result:
        if intents == (HANDOVER,):
            return self.handover(turn, memory)
        known = tuple(intent for intent in intents if intent in self.knowledge)
        if not known:  # a model older than the knowledge: the subject is gone
            return self.abstain(turn, memory)
        memory = replace(memory, person=self._person_in(turn.text) or memory.person)
        if len(known) == 1 and self._depends_on_person(known[0], turn, memory):
            return self._ask_person(turn, memory, known[0])
        asker = Asker(turn.channel, memory.person, self.languages.of(turn.text))
        answers = tuple(answer_of(self.knowledge[intent], asker) for intent in known)
        said_already = _answers_said(memory)
        fresh = tuple(answer for answer in answers if answer.text not in said_already)
        if not fresh:
            return self._said_already(turn, memory, known)
        answers, known = fresh, tuple(answer.id for answer in fresh)
        more = known[0] if len(known) == 1 and self._has_details(known[0], asker) else ""
        text = self.prompts.say("more_offer", turn.channel, unlike=memory.last_texts) if more else ""
        note = self.languages.note(turn.text, turn.channel) if not any(a.language for a in answers) else ""
        note = note if note not in memory.last_texts else ""
        said = replace(
            self._reply(turn, Outcome.ANSWERED),
            intent=known[0],
            answers=(*((Answer("language_other", note),) if note else ()), *answers),
            text=text,
        )
        return said, memory.answered(said, known, more=more)

    def _has_details(self, intent: str, asker: Asker) -> bool:
        subject = self.knowledge[intent]
        return asker.channel is Channel.PHONE and bool(subject.phone_more) and asker.person not in subject.variants

    def _said_already(self, turn: Turn, memory: Memory, intents: tuple[str, ...]) -> Result:
        if memory.more in intents and turn.channel is Channel.PHONE:
            return self.more(turn, memory)
        return self._no_more_than_this(turn, memory, "same_again", intents[0])

    def _no_more_than_this(self, turn: Turn, memory: Memory, sentence: str, intent: str) -> Result:
        """Owns up that the verified answer has been given whole, and offers a person."""
        misses = memory.misses + 1
        if misses >= MISSES_BEFORE_PERSON:
            return self._give_up(turn, memory)
        title = self.knowledge[intent].title
        text = self.prompts.say(sentence, turn.channel, unlike=memory.last_texts, title=title)
        return self._miss(turn, memory, text, misses=misses, choices=(HANDOVER,))

    def _depends_on_person(self, intent: str, turn: Turn, memory: Memory) -> bool:
        """Whether to ask who is asking. Whoever repeats the question instead of saying gets the usual wording."""
        if memory.person or memory.pending == intent:
            return False
        return _stands_in(self.knowledge[intent].ask_person, turn.text)

    def _ask_person(self, turn: Turn, memory: Memory, intent: str) -> Result:
        kinds = tuple(subject.intent for subject in self.knowledge.people)
        reply, after = self._offer(turn, memory, kinds, "ask_person")
        return reply, replace(after, pending=intent)

    def _person_in(self, text: str) -> str:
        """The kind of person whose cue words stand in a text; empty when there is none, or more than one."""
        kinds = [
            kind.intent.removeprefix(PERSON_PREFIX) for kind in self.knowledge.people if _stands_in(kind.cues, text)
        ]
        return kinds[0] if len(kinds) == 1 else ""

    def _take(self, turn: Turn, memory: Memory, intent: str) -> Result:
        if intent.startswith(PERSON_PREFIX):
            return self.person(replace(turn, intent=intent), memory)
        return self._give(turn, memory, (intent,))

    def _settled(self, turn: Turn, memory: Memory) -> str:
        """Which of what has just been offered an unclear message names; empty when none."""
        best = turn.ranking[0] if turn.ranking else None
        if best is None or best.intent not in memory.choices or best.confidence < SETTLED_FROM:
            return ""
        return best.intent

    def _refused(self, turn: Turn, memory: Memory) -> Result:
        """None of what was offered. Whoever declines a person has been understood."""
        misses = memory.misses + (memory.choices != (HANDOVER,))
        if misses >= MISSES_BEFORE_PERSON:
            return self._give_up(turn, memory)
        return self._miss(turn, memory, self._exchange_text("deny", turn, memory), misses=misses)

    def _declined(self, turn: Turn, memory: Memory) -> Result:
        text = self.prompts.say("more_declined", turn.channel, unlike=memory.last_texts)
        said = replace(self._reply(turn, Outcome.ANSWERED), answers=(Answer(turn.intent, text),))
        return said, memory.after(said)

    def _refer(self, turn: Turn, memory: Memory, misses: int) -> Result:
        """A question for another service: that service's address if it is known, else an honest refusal."""
        elsewhere = self.knowledge.get(turn.pointer or turn.intent) or self.knowledge[OUT_OF_SCOPE]
        text = answer_of(elsewhere, Asker(turn.channel)).text
        if text in memory.last_texts or (elsewhere.intent == OUT_OF_SCOPE and memory.misses):
            text = self.prompts.say(
                "off_topic_again", turn.channel, unlike=memory.last_texts, example=self._example(misses)
            )
        return self._miss(turn, memory, text, misses=min(misses, MISSES_BEFORE_PERSON - 1))

    def _is_elsewhere(self, intent: str) -> bool:
        return intent in self.knowledge and self.knowledge[intent].kind is Kind.ELSEWHERE

    def _language_notice(self, turn: Turn, memory: Memory) -> Result | None:
        """To who writes another language and was not understood: in that language, what is possible."""
        misses = memory.misses + 1
        text = self.languages.notice(turn.text, turn.channel) if misses < MISSES_BEFORE_PERSON else ""
        if not text or text in memory.last_texts:
            return None
        return self._miss(turn, memory, text, misses=misses)

    def _example(self, misses: int) -> str:
        return self.prompts.examples[misses % len(self.prompts.examples)]

    def _offer(self, turn: Turn, memory: Memory, intents: tuple[str, ...], sentence: str) -> Result:
        choices = tuple(choice_of(self.knowledge, intent) for intent in intents)
        unlike = memory.last_texts
        if len(choices) == 1:
            text = self.prompts.say("clarify_one", turn.channel, unlike=unlike, title=choices[0].text)
        else:
            listed = ""
            if turn.channel is Channel.PHONE:
                listed = " ".join(
                    self.prompts.say("clarify_item", turn.channel, number=str(number), title=choice.text)
                    for number, choice in enumerate(choices, start=1)
                )
            text = self.prompts.say(sentence, turn.channel, unlike=unlike, choices=listed)
        said = replace(self._reply(turn, Outcome.CLARIFY), choices=choices, text=text)
        return said, memory.after(said, choices=intents, misses=memory.misses, pending=memory.pending)

    def _offer_person(self, turn: Turn, memory: Memory) -> Result:
        """To who may have asked for one and was half heard."""
        misses = memory.misses + 1
        if misses >= MISSES_BEFORE_PERSON:
            return self._give_up(turn, memory)
        text = self.prompts.say("person_meant", turn.channel, unlike=memory.last_texts)
        return self._miss(turn, memory, text, misses=misses, choices=(HANDOVER,))

    def _miss(self, turn: Turn, memory: Memory, text: str, *, misses: int, choices: tuple[str, ...] = ()) -> Result:
        said = replace(self._reply(turn, Outcome.ABSTAINED), text=text)
        return said, memory.after(said, choices=choices, misses=misses)

    def _hand_over(self, turn: Turn, memory: Memory, text: str) -> Result:
        said = replace(self._reply(turn, Outcome.HANDOVER), text=text)
        return said, memory.after(said)

    def _give_up(self, turn: Turn, memory: Memory) -> Result:
        return self._hand_over(turn, memory, self.prompts.say("abstain_handover", turn.channel))

    def _exchange_text(self, intent: str, turn: Turn, memory: Memory) -> str:
        text = answer_of(self.knowledge[intent], Asker(turn.channel)).text
        if text in memory.last_texts and intent not in SAFETY:
            return self.prompts.say("listening", turn.channel, unlike=memory.last_texts)
        return text

    def _reply(self, turn: Turn, outcome: Outcome, control: str = "") -> Reply:
        intent = turn.intent
        if intent in ("clarify", "nlu_fallback", "stay"):
            intent = turn.ranking[0].intent if turn.ranking else ""
        return Reply(
            outcome=outcome,
            intent=intent,
            confidence=turn.confidence,
            ranking=turn.ranking,
            control=control,
            why=dict(turn.why),
        )


def _answers_said(memory: Memory) -> list[str]:
    """The answers of the last reply, without what was said around them."""
    if memory.last is None or memory.last.outcome is not Outcome.ANSWERED:
        return []
    return [answer.text for answer in memory.last.answers if answer.source]


def _stands_in(phrases: Iterable[str], text: str) -> bool:
    words = f" {folded_form(text)} "
    return any(f" {folded_form(phrase)} " in words for phrase in phrases)


def french_date(iso: str) -> str:
    """ "2026-11-21" as "21/11/2026", which is also how it is read aloud."""
    return "/".join(reversed(iso.split("-")))
