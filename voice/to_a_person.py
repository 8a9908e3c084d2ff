"""The way to a person: asked for once, then by transfer, by a promised callback, or by the desk alone. Pure.

Decides what is said and written down on that way; when it is said is the call's business (`voice/call.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voice import call_messages as m
from voice.callback_offer import Accepted, CallbackOffer, Declined, Incomplete, Misheard, NotThere, Proposed
from voice.french.figures import in_pairs
from voice.prompts import PhonePrompts
from voice.waiting import Outcome


@dataclass(frozen=True, slots=True)
class Closed:
    """People cannot be reached now. Both halves of sentences, as `phone_line.closed_hours` takes them, or empty:

    the hours, "du lundi au vendredi, de 9 h à 17 h", and when they begin again, "demain à 9 h".
    """

    hours: str = ""
    reopening: str = ""


@dataclass(frozen=True, slots=True)
class Possible:
    """What can be done for this caller besides answering. `caller_number` is empty when it is hidden.

    `is_number` tells whether somebody could be called back there; `closed` is asked at each promise, since a call may
    last beyond the hours: None while people can be reached.
    """

    can_transfer: bool = False
    can_call_back: bool = False
    can_send_link: bool = False
    caller_number: str = ""
    is_number: Callable[[str], bool] = lambda number: True
    closed: Callable[[], Closed | None] = lambda: None
    has_desk: bool = False

    @property
    def desk(self) -> bool:
        """Whether the caller may ask for a place in the desk's queue now."""
        return self.has_desk and self.closed() is None

    @property
    def line(self) -> bool:
        """Whether a call passed on by the line now could find somebody."""
        return self.can_transfer and self.closed() is None


class ToAPerson:
    """`offer` is the callback being talked about, `requested` and `promised` what has been done already.

    `requested`: the desk lists this caller, whether they wait on the line or not.
    """

    def __init__(self, prompts: PhonePrompts, possible: Possible) -> None:
        self.offer: CallbackOffer | None = None
        self.requested = False
        self.promised = False
        self._prompts = prompts
        self._possible = possible

    def request(self, reason: str) -> list[m.Command]:
        """Puts the conversation on the desk, once."""
        if self.requested:
            return []
        self.requested = True
        return [m.RequestPerson(reason)]

    @property
    def can_call_back(self) -> bool:
        """Whether a callback can be promised, and has not been."""
        return self._possible.can_call_back and not self.promised

    def without_transfer(self, *, again: bool, why: str = "") -> tuple[str, ...]:
        """What is said when nobody takes the call now: that it is closed, and the hours, or else `why`; then what can
        be promised.

        Opens an offer to call back where that can be promised.
        """
        return (*(self._closed() or ((why,) if why else ())), *self.promise(again=again))

    def after_desk(self, outcome: Outcome, reason: str) -> tuple[list[m.Command], tuple[str, ...] | None]:
        """What is done and said when the caller is no longer at the desk; no texts: the line passes the call on.

        They stay on the desk's list unless they went back to the bot, or were served.
        """
        again, self.requested = self.requested, outcome in (Outcome.NOBODY, Outcome.UNSERVED)
        match outcome:
            case Outcome.RETURNED:
                return [], (self._prompts.desk_returned,)
            case Outcome.LEFT:
                return [], (self._prompts.desk_left,)
            case Outcome.ABANDONED:
                return [], (self._prompts.callback_left,)
        request = self.request(reason)
        if outcome is Outcome.CALLBACK:
            return request, self.promise(again=again)
        if self._possible.line:
            return request, None
        waited = outcome in (Outcome.UNSERVED, Outcome.TOO_LONG)
        why = self._prompts.desk_waited if waited else self._prompts.desk_nobody
        return request, self.without_transfer(again=again, why=why)

    def notice(self) -> tuple[str, ...]:
        """What a call begins with: it promises no person while nobody is there."""
        return self._prompts.greeting[:-1] if self._possible.closed() is None else self._prompts.notice_closed

    def _closed(self) -> tuple[str, ...]:
        closed = self._possible.closed()
        if closed is None:
            return ()
        if not (closed.hours and closed.reopening):
            return (self._prompts.closed,)
        hours = self._prompts.closed_hours.format(hours=closed.hours, reopening=closed.reopening)
        return (self._prompts.closed, hours)

    def promise(self, *, again: bool) -> tuple[str, ...]:
        """What can be done for the caller later: a callback is offered, or else the request is passed on."""
        if self.can_call_back:
            self.offer = CallbackOffer(self._possible.caller_number)
            known = bool(self._possible.caller_number)
            return (self._prompts.callback_offer if known else self._prompts.callback_ask_number,)
        return (self._prompts.person_requested_again if again else self._prompts.person_requested,)

    def transfer_failed(self) -> tuple[str, ...]:
        """What is said when the transfer was refused or not answered."""
        if self.can_call_back:
            return (self._prompts.transfer_failed, *self.without_transfer(again=False))
        return (self._prompts.transfer_failed, self._prompts.anything_else[0])

    def answered(self, result: object) -> tuple[list[m.Command], str]:
        """What a key or a word made of the offer: commands, and what is said."""
        match result:
            case Accepted(number=number) | Proposed(number=number) if not self._possible.is_number(number):
                self.offer = CallbackOffer(self._possible.caller_number)
                return [], self._prompts.callback_incomplete
            case Accepted(number=number):
                self.offer, self.promised = None, True
                promised = self._prompts.callback_promised.format(number=_as_said(number))
                return [m.PromiseCallback(number), m.Note(m.NoteKind.CALLBACK_PROMISED)], promised
            case Proposed(number=number):
                self.offer = CallbackOffer(number, read_back=True)
                return [], self._prompts.callback_confirm.format(number=_as_said(number))
            case Incomplete():
                return [], self._prompts.callback_incomplete
            case Misheard():
                self.offer = CallbackOffer(self._possible.caller_number)
                return [], self._prompts.callback_again
            case NotThere():
                self.offer = CallbackOffer()
                return [], self._prompts.callback_elsewhere
            case Declined():
                self.offer = None
                return [], self._prompts.callback_declined
        raise AssertionError(result)


class Introduction:
    """The assistant says who it is where it takes over a call that it has had no part in: once `is_due` is set."""

    def __init__(self, prompts: PhonePrompts) -> None:
        self.is_due = False
        self._prompts = prompts

    def before(self, texts: Sequence[str], outcome: Outcome) -> Sequence[str]:
        """What is said after the desk, with the introduction that is due."""
        if not self.is_due:
            return texts
        self.is_due = False
        notice, question = self._prompts.callback_assistant, self._prompts.greeting[-1]
        match outcome:
            case Outcome.RETURNED | Outcome.LEFT:
                return (notice, question)
            case Outcome.ABANDONED:
                return (*texts, notice, question)
            case _:
                return (notice, *texts)


def _as_said(number: str) -> str:
    """A French number as it is said, "06 12 34 56 78"; any other as it is."""
    national = "0" + number[3:] if number.startswith("+33") else number
    if len(national) != 10 or not national.startswith("0"):
        return number
    return in_pairs(national)
