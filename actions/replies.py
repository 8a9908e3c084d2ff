"""What is said to what: the whole dialogue as pure functions, called by the Rasa actions of the same names.

Two rules keep it honest. Whoever is not understood is told so, is offered a person the second time in a row,
and gets one the third time. And the bot never says the same sentence of its own twice in a row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from actions.turn import Memory, Result, Turn
from actions.wording import Prompts, answer_of, choice_of
from bot.dialogue import Answer, Channel, Outcome, Reply
from bot.knowledge import Knowledge

HANDOVER = "handover"
OUT_OF_SCOPE = "out_of_scope"
SAFETY = frozenset({"distress", "emergency"})
CONTROLS = frozenset({"slower", "louder", "wait", "goodbye"})
SAID_AGAIN_ALOUD = frozenset({"slower", "louder"})
ORDINALS = {"choose_first": 0, "choose_second": 1, "choose_third": 2}
MISSES_BEFORE_PERSON = 3


@dataclass(frozen=True, slots=True)
class Replies:
    """All replies, from one knowledge and one set of prompts."""

    knowledge: Knowledge
    prompts: Prompts

    def answer(self, turn: Turn, memory: Memory) -> Result:
        """The verified text of what was asked."""
        return self._give(turn, memory, turn.subjects or (turn.intent,))

    def clarify(self, turn: Turn, memory: Memory) -> Result:
        """Asks which subject was meant; a second unclear wording of an offered subject settles it."""
        if turn.ranking and turn.ranking[0].intent in memory.choices:
            return self._give(turn, memory, (turn.ranking[0].intent,))
        offered = tuple(intent for intent in turn.subjects if intent in self.knowledge)
        if not offered or set(offered) == set(memory.choices):
            return self.abstain(turn, memory)
        return self._offer(turn, memory, offered, "clarify")

    def choose(self, turn: Turn, memory: Memory) -> Result:
        """ "La deuxième", "oui", "non": only what was offered last gives them a meaning."""
        offered = memory.choices
        if turn.intent == "deny" and offered:
            return self._miss(turn, memory, self._exchange_text("deny", turn, memory), misses=memory.misses + 1)
        if turn.intent == "affirm" and len(offered) == 1:
            return self._give(turn, memory, offered)
        place = ORDINALS.get(turn.intent)
        if place is not None and place < len(offered):
            return self._give(turn, memory, (offered[place],))
        if offered and offered != (HANDOVER,):
            return self._offer(turn, memory, offered, "clarify_which")
        if turn.intent in ("affirm", "deny"):
            return self.exchange(turn, memory)
        return self.abstain(turn, memory)

    def exchange(self, turn: Turn, memory: Memory) -> Result:
        """A courtesy, or a wish that only the line can fulfil. What was offered stays offered."""
        answers = [Answer(turn.intent, self._exchange_text(turn.intent, turn, memory))]
        reply = self._reply(turn, Outcome.ANSWERED, control=turn.intent if turn.intent in CONTROLS else "")
        if turn.channel is Channel.PHONE and turn.intent in SAID_AGAIN_ALOUD and memory.last:
            again = memory.last
            answers += [answer for answer in again.answers if answer.id not in SAID_AGAIN_ALOUD]
            said = replace(reply, answers=tuple(answers), text=again.text, choices=again.choices)
            return said, Memory(memory.choices, memory.misses, again)
        said = replace(reply, answers=tuple(answers))
        return said, memory.after(said, choices=memory.choices, misses=memory.misses)

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

    def abstain(self, turn: Turn, memory: Memory) -> Result:
        """Honest refusal, then the offer of a person, then the person. Foreign subjects are never passed on."""
        misses = memory.misses + 1
        example = self.prompts.examples[misses % len(self.prompts.examples)]
        unlike = memory.last_texts
        if turn.intent == OUT_OF_SCOPE:
            text = answer_of(self.knowledge[OUT_OF_SCOPE], turn.channel).text
            if memory.misses or text in unlike:
                text = self.prompts.say("off_topic_again", turn.channel, unlike=unlike, example=example)
            return self._miss(turn, memory, text, misses=min(misses, MISSES_BEFORE_PERSON - 1))
        if misses >= MISSES_BEFORE_PERSON:
            return self._hand_over(turn, memory, self.prompts.say("abstain_handover", turn.channel))
        if misses == 1:
            text = self.prompts.say("abstain_first", turn.channel, unlike=unlike, example=example)
            return self._miss(turn, memory, text, misses=misses)
        text = self.prompts.say("abstain_again", turn.channel, unlike=unlike)
        return self._miss(turn, memory, text, misses=misses, choices=(HANDOVER,))

    def handover(self, turn: Turn, memory: Memory) -> Result:
        """A person was asked for."""
        return self._hand_over(turn, memory, answer_of(self.knowledge[HANDOVER], turn.channel).text)

    def _give(self, turn: Turn, memory: Memory, intents: tuple[str, ...]) -> Result:
        if intents == (HANDOVER,):
            return self.handover(turn, memory)
        answers = tuple(
            answer_of(self.knowledge[intent], turn.channel) for intent in intents if intent in self.knowledge
        )
        if not answers:  # a model older than the knowledge: the subject is gone
            return self.abstain(turn, memory)
        said = replace(self._reply(turn, Outcome.ANSWERED), intent=intents[0], answers=answers)
        return said, memory.after(said)

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
        return said, memory.after(said, choices=intents, misses=memory.misses)

    def _miss(self, turn: Turn, memory: Memory, text: str, *, misses: int, choices: tuple[str, ...] = ()) -> Result:
        said = replace(self._reply(turn, Outcome.ABSTAINED), text=text)
        return said, memory.after(said, choices=choices, misses=misses)

    def _hand_over(self, turn: Turn, memory: Memory, text: str) -> Result:
        said = replace(self._reply(turn, Outcome.HANDOVER), text=text)
        return said, memory.after(said)

    def _exchange_text(self, intent: str, turn: Turn, memory: Memory) -> str:
        text = answer_of(self.knowledge[intent], turn.channel).text
        if text in memory.last_texts and intent not in SAFETY:
            return self.prompts.say("listening", turn.channel, unlike=memory.last_texts)
        return text

    def _reply(self, turn: Turn, outcome: Outcome, control: str = "") -> Reply:
        intent = turn.intent
        if intent in ("clarify", "nlu_fallback"):
            intent = turn.ranking[0].intent if turn.ranking else ""
        return Reply(
            outcome=outcome,
            intent=intent,
            confidence=turn.confidence,
            ranking=turn.ranking,
            control=control,
            why=dict(turn.why),
        )
