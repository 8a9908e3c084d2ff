"""How replies are said in one call: what is added to them, how slowly and how loud. Pure."""

from __future__ import annotations

from bot.dialogue import Answer, Outcome, Reply
from voice import call_messages as m
from voice.prompts import PhonePrompts
from voice.to_a_person import Possible

_SLOWER, _SLOWEST = 1.25, 1.5
_LOUDER_DB, _LOUDEST_DB = 6.0, 9.0


class Wording:
    """Remembers what this caller has been offered and has asked for."""

    def __init__(self, prompts: PhonePrompts, possible: Possible) -> None:
        self._prompts = prompts
        self._possible = possible
        self._link: Answer | None = None
        self._link_offered = False
        self._answers_given = 0
        self._pace, self._gain_db = 1.0, 0.0
        self.asked()

    @property
    def link(self) -> Answer | None:
        """The answer whose source can be sent to this caller now."""
        return self._link if self._possible.can_send_link else None

    def of(self, reply: Reply) -> list[str]:
        """What is said of a reply: its texts (choices are part of them), an offer of the link, and what comes next."""
        texts = reply.texts
        self._link = next((answer for answer in reply.answers if answer.source_url), None)
        if reply.outcome is not Outcome.ANSWERED or not any(answer.source for answer in reply.answers):
            return texts
        if self.link is not None and not self._link_offered:
            self._link_offered = True
            texts = [*texts, self._prompts.link_offer]
        if not reply.text:
            texts = [*texts, self._prompts.anything_else[self._answers_given % len(self._prompts.anything_else)]]
            self._answers_given += 1
        return texts

    def asked(self) -> None:
        """A question goes out, whose reply may come to be unsaid."""
        self._before = self._link, self._link_offered, self._answers_given, self._pace, self._gain_db

    def unsaid(self) -> list[m.Command]:
        """Everything is as before the last question: nobody has heard its reply."""
        pace, gain_db = self._pace, self._gain_db
        self._link, self._link_offered, self._answers_given, self._pace, self._gain_db = self._before
        slower: list[m.Command] = [] if self._pace == pace else [m.SetPace(self._pace)]
        return slower if self._gain_db == gain_db else [*slower, m.SetVolume(self._gain_db)]

    def obey(self, control: str) -> list[m.Command]:
        """Slower or louder from now on; each a second time, once more."""
        match control:
            case "slower":
                self._pace = _SLOWER if self._pace < _SLOWER else _SLOWEST
                return [m.SetPace(self._pace)]
            case "louder":
                self._gain_db = _LOUDER_DB if self._gain_db < _LOUDER_DB else _LOUDEST_DB
                return [m.SetVolume(self._gain_db)]
            case _:
                return []
