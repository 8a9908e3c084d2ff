"""A caller who waits at the desk for a person, and then speaks with one. Pure: events in, commands out.

The desk says how the request *stands* (`DeskSaid`), the line what happens on it; neither waits for the other, so an
agent may be on the line before the desk has said that the call is taken. While this lasts nobody listens to the
caller's words: the waiting caller has keys, who speaks with a person needs none.

    ASKED ──► QUEUED ──► TAKEN ──► JOINED ◄──► ON_HOLD
      │         │  ▲       │  ▲       │
      │         │  │       │  └─LOST◄─┤ cut off: waits for the same person
      │         │  └───────┴────┴─────┘ nobody came, handed on
      └─────────┴──► DONE               a transfer of the line is PASSING_ON, from TAKEN or later

Who is called back by an agent begins with ANNOUNCED instead of ASKED, and is JOINED when they know who calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from voice import call_messages as m
from voice.agent_leg import AgentLeg
from voice.call_messages import DeskNews, DeskState
from voice.passing_on import PassingOn
from voice.patience import Patience
from voice.prompts import PhonePrompts
from voice.queue_words import QueueWords


class Stage(StrEnum):
    """Where the caller is. ANNOUNCED: an agent has called them, and they are being told so. LOST: the agent was cut off
    and may come back.
    """

    ASKED = "asked"
    ANNOUNCED = "announced"
    QUEUED = "queued"
    TAKEN = "taken"
    PASSING_ON = "passing_on"
    JOINED = "joined"
    ON_HOLD = "on_hold"
    LOST = "lost"
    DONE = "done"


class Outcome(StrEnum):
    """How it ended. NOBODY: the desk takes nobody now; UNSERVED: no more, after a wait; SILENT: it did not answer.

    TOO_LONG: it should have said by now that nobody comes. ABANDONED: the agent who has called them is gone again, and
    they have spoken with nobody: their promise stands.
    """

    NOBODY = "nobody"
    UNSERVED = "unserved"
    SILENT = "silent"
    TOO_LONG = "too_long"
    LEFT = "left"
    CALLBACK = "callback"
    RETURNED = "returned"
    ABANDONED = "abandoned"
    ENDED = "ended"


_WITH_AGENT = frozenset({Stage.JOINED, Stage.ON_HOLD, Stage.LOST})
_IN_VAIN = frozenset({Outcome.NOBODY, Outcome.UNSERVED, Outcome.SILENT, Outcome.TOO_LONG, Outcome.CALLBACK})


class Waiting:
    """`begin`, or `called`, then feed events to `handle` until `outcome` says how it ended; `LeaveDesk` has then been
    commanded where the desk still counted on the caller.

    `say` numbers and speaks texts behind what is being said. `can_call_back`: the key 1 is offered.
    """

    def __init__(
        self,
        prompts: PhonePrompts,
        patience: Patience,
        say: Callable[[Sequence[str]], list[m.Command]],
        *,
        reason: str = "",
        can_call_back: bool = False,
    ) -> None:
        self.reason = reason
        self.stage = Stage.ASKED
        self.outcome: Outcome | None = None
        self.end_reason = "agent"
        """Of the call, when `outcome` is ENDED."""
        self.held = False
        """Whether the caller has put us on hold: they keep their place."""
        self.wake_at = 0.0
        self._prompts = prompts
        self._patience = patience
        self._say = say
        self._can_call_back = can_call_back
        self._words = QueueWords(prompts, patience, can_call_back=can_call_back)
        self._talking = False
        self._awaits_who_called = False
        self._leg: AgentLeg | None = None
        self._agent: str | None = None  # as the desk names them
        self._answer_due_at = 0.0  # of the desk
        self._give_up_at: float | None = None  # not counted while a person speaks with the caller
        self._until = 0.0
        self._passing_on: PassingOn | None = None

    @property
    def with_agent(self) -> bool:
        """Whether a person has spoken with the caller and may go on."""
        return self.stage in _WITH_AGENT

    def begin(self, now: float) -> list[m.Command]:
        """Asks the desk; the caller is told so if it does not answer at once."""
        self.wake_at = now + self._patience.desk_word_seconds
        self._answer_due_at = now + self._patience.desk_seconds
        self._give_up_at = now + self._patience.call_wait_seconds
        return [m.AskDesk(self.reason)]

    def called(self, now: float) -> None:
        """An agent has called this person, who is being told so; the two are joined when that has been said."""
        self.stage = Stage.ANNOUNCED
        self._talking = self._awaits_who_called = True
        self._give_up_at = now + self._patience.call_wait_seconds
        self._until = now + self._patience.with_agent_seconds  # an agent who is lost and back has begun no other call
        self.wake_at = now + self._patience.announce_seconds

    def handle(self, event: m.Event, now: float) -> list[m.Command]:
        """What to do about `event`; what does not belong to this stage is ignored."""
        match event:
            case _ if self.stage is Stage.DONE:
                return []
            case m.PutOnHold() | m.TakenBack():
                self.held = isinstance(event, m.PutOnHold)
                return [m.Note(m.NoteKind.HELD if self.held else m.NoteKind.RETRIEVED)]
            case m.DeskSaid():
                return self._desk_said(event, now)
            case m.AgentOnLine(leg=leg) if self._passing_on is None:
                return self._on_line(leg, now)
            case m.AgentGone(leg=leg, reason=reason) if leg is self._leg:
                return self._gone(reason, now)
            case m.HoldAsked(on=on):
                return self._hold(on=on)
            case m.TransferAsked(target=target) if self.stage not in (Stage.ASKED, Stage.PASSING_ON):
                return self._pass_on(target, now)
            case m.Said():
                self._talking = False
        if self._passing_on is not None:
            return self._passed_on(self._passing_on, event, now)
        match event:
            case m.Said() if self.stage is Stage.ANNOUNCED:
                return self._announced(now)
            case m.KeyPressed(digit=digit) if not self.with_agent and self.stage is not Stage.ANNOUNCED:
                return self._key(digit)
            case m.Tick() if now >= self.wake_at:
                return self._due(now)
        return []

    def hung_up(self, reason: str) -> list[m.Command]:
        """The call is over on the line; the desk learns by itself that the caller has gone."""
        passed_on = self.stage is Stage.PASSING_ON and reason == "transferred"
        return [m.TellDesk(DeskNews.TRANSFERRED)] if passed_on else []

    # -- what the desk says --

    def _desk_said(self, said: m.DeskSaid, now: float) -> list[m.Command]:
        match said.state:
            case DeskState.QUEUED:
                return self._queued(said, now)
            case DeskState.TAKEN:
                return self._taken(said.agent, now)
            case DeskState.REFUSED if said.reason == "unavailable":
                return [*self._part("refused"), *self._done(Outcome.SILENT)]
            case DeskState.REFUSED:
                at_once = self.stage is Stage.ASKED
                return [*self._part("refused"), *self._done(Outcome.NOBODY if at_once else Outcome.UNSERVED)]
            case _ if self.stage is Stage.ASKED:  # of an earlier request
                return []
            case DeskState.RETURNED:
                return [*self._part("returned"), *self._done(Outcome.RETURNED)]
            case DeskState.CLOSED | DeskState.GONE if self.stage is Stage.ANNOUNCED:
                return self._done(Outcome.ABANDONED)
            case DeskState.CLOSED:
                return [*self._part("closed"), *self._done(Outcome.ENDED)]
            case DeskState.GONE:
                return [*self._part("gone"), *self._done(Outcome.SILENT)]

    def _queued(self, said: m.DeskSaid, now: float) -> list[m.Command]:
        """For the first time, somewhere else in the queue, or handed back into it."""
        self._words.stands(said.place, said.wait_seconds, now)
        match self.stage:
            case Stage.PASSING_ON:
                return []
            case Stage.QUEUED:
                self._until_next_word()
                return []
            case Stage.ASKED:
                return self._wait(self._prompts.desk_queued, now)
            case _:
                return [*self._part("handed_on"), *self._wait(self._prompts.desk_again, now)]

    def _taken(self, agent: str, now: float) -> list[m.Command]:
        """Somebody will come, or somebody else than before."""
        waits = self.stage in (Stage.ASKED, Stage.QUEUED)
        if self._passing_on is not None or (not waits and self._agent in (None, agent)):
            if self.stage is Stage.TAKEN:  # the same person comes in another way
                self.wake_at = now + self._patience.agent_seconds
            self._agent = agent
            return []
        stop: list[m.Command] = [m.StopTalking()] if self.stage is Stage.QUEUED else self._part("handed_on")
        self.stage, self._agent = Stage.TAKEN, agent
        self.wake_at = now + self._patience.agent_seconds
        return [*stop, *self._speak(self._prompts.desk_taken)]

    # -- what happens on the line --

    def _announced(self, now: float) -> list[m.Command]:
        """The person knows who calls; nobody has watched the agent's end meanwhile."""
        leg, self._leg, self.stage = self._leg, None, Stage.TAKEN
        if leg is None:
            self.wake_at = now + self._patience.agent_seconds
            return self._speak(self._prompts.desk_taken)
        if leg.reason == "hung_up":
            return [m.TellDesk(DeskNews.HUNG_UP), *self._done(Outcome.ABANDONED)]
        return self._gone(leg.reason, now) if leg.reason else self._on_line(leg, now)

    def _on_line(self, leg: AgentLeg, now: float) -> list[m.Command]:
        if self.stage is Stage.ANNOUNCED:
            self._leg = leg
            return []
        if leg is self._leg:
            return []
        if self._leg is None and not self.with_agent:
            self._until = now + self._patience.with_agent_seconds
        self._leg, self._talking, self._give_up_at = leg, False, None
        self.wake_at = self._until
        if self.stage is Stage.ON_HOLD:  # the console was loaded anew
            return [m.Join(leg), m.Part(hang_up=False)]
        self.stage, self._awaits_who_called = Stage.JOINED, False
        return [m.StopTalking(), m.Join(leg), m.TellDesk(DeskNews.JOINED), m.Note(m.NoteKind.JOINED)]

    def _gone(self, reason: str, now: float) -> list[m.Command]:
        self._leg = None
        note = m.Note(m.NoteKind.PARTED, reason)
        if reason == "hung_up":
            return [note, m.TellDesk(DeskNews.HUNG_UP), *self._done(Outcome.ENDED)]
        self.stage = Stage.LOST
        self.wake_at = now + self._patience.agent_back_seconds
        return [note, *self._speak(self._prompts.desk_lost)]

    def _hold(self, *, on: bool) -> list[m.Command]:
        if on and self.stage is Stage.JOINED:
            self.stage = Stage.ON_HOLD
            return [m.Part(hang_up=False), m.PlayMusic(), m.TellDesk(DeskNews.HELD), m.Note(m.NoteKind.PARTED, "hold")]
        if not on and self.stage is Stage.ON_HOLD and self._leg is not None:
            self.stage = Stage.JOINED
            return [m.StopTalking(), m.Join(self._leg), m.TellDesk(DeskNews.JOINED), m.Note(m.NoteKind.JOINED)]
        return []

    def _part(self, why: str) -> list[m.Command]:
        if self._leg is None:
            return []
        self._leg = None
        return [m.Part(), m.Note(m.NoteKind.PARTED, why)]

    def _pass_on(self, target: str, now: float) -> list[m.Command]:
        """To the telephone of whoever took it, once "ne quittez pas" has been said."""
        part = self._part("transfer")
        self.stage = Stage.PASSING_ON
        passing_on = self._passing_on = PassingOn(
            self._patience, now, lambda: self._speak(self._prompts.still_transferring), target=target
        )
        sent = [] if self._talking else passing_on.send(now)
        self.wake_at = passing_on.wake_at
        return [*part, *sent]

    def _passed_on(self, passing_on: PassingOn, event: m.Event, now: float) -> list[m.Command]:
        commands = passing_on.handle(event, now)
        self.wake_at = passing_on.wake_at
        if (failed := passing_on.failed) is None:
            return commands
        self._passing_on = None
        news: list[m.Command] = [m.Note(m.NoteKind.TRANSFER_FAILED, failed), m.TellDesk(DeskNews.TRANSFER_FAILED)]
        return [*news, *self._wait_again(now)]

    # -- the caller --

    def _key(self, digit: str) -> list[m.Command]:
        match digit:
            case "1" if self._can_call_back:
                return [m.StopTalking(), m.LeaveDesk(listed=True), *self._done(Outcome.CALLBACK)]
            case "*":
                return [m.StopTalking(), m.LeaveDesk(), *self._done(Outcome.LEFT)]
            case _:
                return []

    # -- waiting --

    def _wait(self, lead: str, now: float) -> list[m.Command]:
        """In the queue from now on; the longest wait counts anew after a conversation with a person."""
        if self._give_up_at is None:
            self._give_up_at = now + self._patience.call_wait_seconds
        if now >= self._give_up_at:
            return self._give_up()
        self.stage, self._agent = Stage.QUEUED, None
        place = "" if self._words.place is None else str(self._words.place)
        said = self._speak(*self._words.begin(lead, now))
        self._until_next_word()
        return [m.Note(m.NoteKind.QUEUED, place), *said]

    def _wait_again(self, now: float) -> list[m.Command]:
        """Nobody came: where in the queue that is, the desk has yet to say."""
        self._words.stands(None, None, now)
        return self._wait(self._prompts.desk_again, now)

    def _until_next_word(self) -> None:
        assert self._give_up_at is not None
        self.wake_at = min(self._give_up_at, self._words.due_at)

    def _give_up(self) -> list[m.Command]:
        return [m.LeaveDesk(listed=True), *self._done(Outcome.TOO_LONG)]

    def _due(self, now: float) -> list[m.Command]:
        match self.stage:
            case Stage.ASKED if now < self._answer_due_at:
                self.wake_at = self._answer_due_at
                self._talking = True
                return self._say((self._prompts.desk_looking,))
            case Stage.ANNOUNCED:
                return [m.StopTalking(), *self._announced(now)]
            case Stage.ASKED:
                return [m.LeaveDesk(listed=True), *self._done(Outcome.SILENT)]
            case Stage.QUEUED if self._give_up_at is not None and now >= self._give_up_at:
                return self._give_up()
            case Stage.QUEUED:
                said = self._speak(*self._words.again(now))
                self._until_next_word()
                return said
            case Stage.TAKEN:
                return [m.TellDesk(DeskNews.ABSENT), *self._wait_again(now)]
            case Stage.LOST:
                return [m.TellDesk(DeskNews.LOST), *self._wait_again(now)]
            case _:
                self.end_reason = "too_long"
                return [*self._part("too_long"), m.TellDesk(DeskNews.HUNG_UP), *self._done(Outcome.ENDED)]

    # -- speaking, and the end --

    def _speak(self, *texts: str) -> list[m.Command]:
        self._talking = True
        said = [*self._say(texts), m.PlayMusic()]
        return [m.StopTalking(), *said] if self.held else said  # whoever comes back hears the latest word only

    def _done(self, outcome: Outcome) -> list[m.Command]:
        in_vain = self._awaits_who_called and outcome in _IN_VAIN
        self.stage, self.outcome = Stage.DONE, Outcome.ABANDONED if in_vain else outcome
        return []
