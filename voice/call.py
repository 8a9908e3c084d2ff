"""One telephone call, without the telephone: events in, commands out.

Three rules keep it honest. Every question carries a turn number, every transcription and every
spoken text a number too, and a result with an old number is dropped. Every wait has a deadline:
unless the call has ended, `wake_at` is never None. The key 0 and the request for a person are
obeyed at any moment.

    GREETING ──► SPEAKING ──► LISTENING ──► THINKING ──► SPEAKING …
                    │  ▲ it was nothing │ silence ladder, keys
                    └──┴── barge-in ────┘──► WAITING, TRANSFERRING, HELD, LEAVING ──► ENDED
                                               └─► WITH_AGENT

Barge-in has two stages, as the end of a turn has: at the onset of a voice, or 0.12 s of something like one, the bot
stops, so that nobody has to talk over it; what was said decides whether that was a turn, or a cough after which the bot
goes on where it was. Speech while the bot thinks is heard out in the same way before anything is answered. It may also
be the rest of the question: `voice/interruption.py` and `voice/continued.py` tell.

While a caller waits at the desk or speaks with a person, `voice/waiting.py` decides.

Pure: no clock, no awaiting, no logging. `voice/session.py` drives it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import ClassVar

from bot.dialogue import Answer, Choice, Outcome, Reply
from voice import call_messages as m
from voice.asked import asked_for
from voice.callback_offer import Begun, CallbackOffer
from voice.continued import AskedQuestion
from voice.ear import Onset, Paused, Started, Sustained
from voice.interruption import Interruption
from voice.ladders import Ladders, Step, Then
from voice.listening import Listening, Stage
from voice.meaning import choice_named, is_clear, is_noise, parts
from voice.passing_on import PassingOn
from voice.patience import Patience
from voice.phase import AT_DESK, BACK_WITH_THE_BOT, NOT_HELD, Phase
from voice.prompts import PhonePrompts
from voice.talk_state import TalkState
from voice.to_a_person import Introduction, Possible, ToAPerson
from voice.turn import Expecting, Hearing, TurnUnderWay
from voice.waiting import Outcome as Waited
from voice.waiting import Waiting
from voice.wording import Wording

__all__ = ["Call", "Patience", "Phase", "Possible"]


class Call:
    """The state of one call. Feed every event to `handle`, perform every command it returns, in order."""

    def __init__(self, prompts: PhonePrompts, patience: Patience, possible: Possible | None = None) -> None:
        self.prompts = prompts
        self.patience = patience
        self.possible = possible or Possible()
        self.phase = Phase.RINGING
        self.wake_at: float | None = None
        self.turn = 0
        self.serial = 0
        self.end_reason = ""
        self._attempts = itertools.count(1)
        self._listening = Listening(patience, 0.0, self._attempts)
        self._talk = TalkState()
        self._choices: tuple[Choice, ...] = ()
        self._person = ToAPerson(prompts, self.possible)
        self._wording = Wording(prompts, self.possible)
        self._started_at = 0.0  # later by the time at the desk, which is not the bot's
        self._at_desk_since = 0.0
        self._opening = m.Opening.NORMAL
        self._introduction = Introduction(prompts)
        self._ladders = Ladders(prompts, patience)
        self._next_silence_seconds: float | None = None  # set by "attendez"
        self._turn = TurnUnderWay()
        self._question = AskedQuestion(patience)
        self._unheard = 0  # the turn that was answered, or will be, to nobody
        self._asked = False
        self._deadline = 0.0  # of the answer being waited for
        self._word_at = 0.0
        self._passing_on = PassingOn(patience, 0.0, list)
        self._waiting = Waiting(prompts, patience, self._aside)
        self._voice_lost = False
        self._goodbye = ""  # why the call was ending when the caller spoke, unless that was something

    @property
    def attempt(self) -> int:
        """The number of the transcription that is waited for; 0 when none is."""
        return self._listening.attempt

    @property
    def expecting(self) -> Expecting | None:
        """What is being listened for; None while the bot does not listen."""
        return self._listening.expecting if self.phase is Phase.LISTENING else None

    # -- the one entrance --

    def handle(self, event: m.Event, now: float) -> list[m.Command]:
        """What to do about `event` at time `now` (seconds, any origin, never going back)."""
        match event:
            case _ if self.phase is Phase.ENDED:
                return []
            case m.HungUp(reason=reason):
                told = self._waiting.hung_up(reason) if self.phase in AT_DESK else []
                return [*told, *self._finish_turn(interrupted=self.phase is Phase.SPEAKING), *self._end(reason)]
            case m.CallAnswered(opening=opening) if self.phase is Phase.RINGING:
                return self._answered(opening, now)
            case m.Tick() if self._lasts_too_long(now):
                return self._leave(now, self.prompts.goodbye, "too_long")
            case m.KeyPressed(digit=digit) if self.phase not in AT_DESK:
                return self._key(digit, now)
            case m.SpeakingStarted(serial=serial):
                if serial == self._talk.answer_serial:
                    self._turn.times.first_sound(now)
                    self._question.sounded(now)
                return []
            case m.Replied(turn=turn) if turn != self.turn or not self._question.is_out:
                return []
            case m.Said(serial=serial) if serial != self.serial:
                return []
            case m.TalkPaused(serial=serial, sentences_left=left):
                self._talk.sentences_left = left if serial == self.serial else 0
                return []
            case m.PutOnHold() if self.phase not in NOT_HELD:
                return self._held(now)
            case _:
                return self._in_phase[self.phase](self, event, now)

    def _answered(self, opening: m.Opening, now: float) -> list[m.Command]:
        self._started_at = now
        self._opening = opening
        match opening:
            case m.Opening.BUSY if self.possible.line:
                return [m.Note(m.NoteKind.BUSY_REFUSED), *self._transfer(now, self.prompts.all_busy_transfer)]
            case m.Opening.BUSY:
                return [m.Note(m.NoteKind.BUSY_REFUSED), *self._leave(now, self.prompts.all_busy, "busy")]
            case m.Opening.CALLBACK:
                return [m.Note(m.NoteKind.GREETED), *self._say(Phase.GREETING, now, self.prompts.callback_greeting)]
            case m.Opening.AGENT_GONE:
                return [m.Note(m.NoteKind.GREETED), *self._say(Phase.GREETING, now, self.prompts.callback_alone)]
            case m.Opening.AGENT:
                return [m.Note(m.NoteKind.GREETED), *self._announce(now)]
            case _:
                return [m.Note(m.NoteKind.GREETED), *self._say(Phase.GREETING, now, self._person.notice())]

    # -- one method for each phase --

    def _ringing(self, event: m.Event, now: float) -> list[m.Command]:
        return []

    def _greeting(self, event: m.Event, now: float) -> list[m.Command]:
        match event:
            case Started(seconds=seconds, level_db=level) | Sustained(seconds=seconds, level_db=level):
                self._talk.heard_over_notice(seconds, level)
                return []
            case m.Said(failed=True):
                return self._give_up(now)
            case m.Said():
                return self._after_notice(now)
            case m.Tick() if self._due(now):
                return [m.StopTalking(), *self._after_notice(now)]
            case _:
                return []

    def _after_notice(self, now: float) -> list[m.Command]:
        self._talk.notice_over(now - self._started_at, self.patience)
        return self._say(Phase.SPEAKING, now, self.prompts.greeting[-1:])

    def _speaking(self, event: m.Event, now: float) -> list[m.Command]:
        match event:
            case (Onset() | Started() | Sustained()) as speech if self._talk.interrupted_by(speech, self.patience):
                return self._interrupted(speech, now)
            case Paused():
                return [m.Listen()]  # too short, or too faint: a cough, or an echo
            case m.Said(failed=True):
                return [*self._finish_turn(), *self._give_up(now)]
            case m.Said():
                return [*self._finish_turn(), *self._listen(now)]
            case m.Tick() if self._due(now):
                return [m.StopTalking(), *self._finish_turn(), *self._listen(now)]
            case _:
                return []

    def _listening_phase(self, event: m.Event, now: float) -> list[m.Command]:
        heard = self._listening
        match event:
            case m.Said() if self._talk.paused:  # all had been said when the bot was interrupted
                self._talk.paused = False
                if self._goodbye:
                    return [] if heard.spoke else self._gone()
                nothing_yet = [] if heard.spoke else self._listen(now)  # an onset is waited for shortly only to resume
                return [*self._finish_turn(), *nothing_yet]
            case m.Replied(reply=reply):
                return self._arrived(reply, now)
            case Paused(speech_seconds=seconds) if self._interrupts and seconds < self.patience.nothing_below_seconds:
                return self._resume(now)
            case m.Tick() if self._due(now) and (offer := self._person.offer) and offer.begun and not heard.spoke:
                return self._callback_answered(offer.finished(), now)
            case _:
                return self._follow(heard.handle(event, now), now)

    def _thinking(self, event: m.Event, now: float) -> list[m.Command]:
        match event:
            case m.Replied(reply=reply) if self._asked:
                return self._replied(reply, now)
            case m.Replied(reply=reply):
                return self._arrived(reply, now)
            case (Onset() | Started() | Sustained()) as speech if self._asked and self._talk.interrupted_by(
                speech, self.patience
            ):
                return self._interrupted(speech, now)
            case Paused() if self._asked:
                return [m.Listen()]
            case m.Tick() if self._due(now) and self._asked and now >= self._deadline:
                return self._replied(None, now)
            case m.Tick() if self._due(now) and now >= self._word_at and (self._asked or now < self._listening.wake_at):
                return self._waiting_word(now)
            case _ if not self._asked:
                return self._follow(self._listening.handle(event, now), now)
            case _:
                return []

    def _transferring(self, event: m.Event, now: float) -> list[m.Command]:
        passing_on = self._passing_on
        commands = passing_on.handle(event, now)
        self.wake_at = passing_on.wake_at
        if passing_on.failed is not None:
            return self._transfer_failed(passing_on.failed, now)
        finished = self._finish_turn() if any(isinstance(one, m.Transfer) for one in commands) else []
        return [*finished, *commands]

    def _at_desk(self, event: m.Event, now: float) -> list[m.Command]:
        waiting = self._waiting
        commands = waiting.handle(event, now)
        self.wake_at = waiting.wake_at
        self.phase = Phase.WITH_AGENT if waiting.with_agent else Phase.WAITING
        said = not self._turn.unanswered  # a word of before the desk's own is no answer
        answered = said if waiting.outcome else waiting.with_agent or (said and isinstance(event, m.Said))
        finished = self._finish_turn() if answered else []
        after = self._after_desk(waiting.outcome, now) if waiting.outcome else []
        if waiting.held and self.phase is Phase.SPEAKING:  # the caller will hear it when they are back
            after += self._held(now)
        return [*finished, *commands, *after]

    def _held_phase(self, event: m.Event, now: float) -> list[m.Command]:
        match event:
            case m.TakenBack():
                return [m.Note(m.NoteKind.RETRIEVED), *self._say(Phase.SPEAKING, now, self._talk.after_hold)]
            case m.Tick() if self._due(now):
                return [m.HangUp(), *self._end("held_too_long")]
            case _:
                return []

    def _leaving(self, event: m.Event, now: float) -> list[m.Command]:
        match event:
            case (Onset() | Started() | Sustained()) as speech if self._may_stay and self._talk.interrupted_by(
                speech, self.patience
            ):
                self._goodbye, self.end_reason = self.end_reason, ""
                self.phase = Phase.SPEAKING
                return self._interrupted(speech, now)
            case Paused():
                return [m.Listen()]
            case m.Said():
                return self._gone()
            case m.Tick() if self._due(now):
                return self._gone()
            case _:
                return []

    _in_phase: ClassVar[dict[Phase, Callable[[Call, m.Event, float], list[m.Command]]]] = {
        Phase.RINGING: _ringing,
        Phase.GREETING: _greeting,
        Phase.SPEAKING: _speaking,
        Phase.LISTENING: _listening_phase,
        Phase.THINKING: _thinking,
        Phase.WAITING: _at_desk,
        Phase.WITH_AGENT: _at_desk,
        Phase.TRANSFERRING: _transferring,
        Phase.HELD: _held_phase,
        Phase.LEAVING: _leaving,
    }

    # -- listening --

    def _listen(self, now: float) -> list[m.Command]:
        self.phase = Phase.LISTENING
        self._talk.paused = False
        silence, self._next_silence_seconds = self._next_silence_seconds, None
        self._listening = self._listening_for(now, silence)
        self.wake_at = self._listening.wake_at
        return [m.Listen()]

    def _listening_for(self, now: float, silence_seconds: float | None = None) -> Listening:
        offer = self._person.offer
        expecting = Expecting.NUMBER if offer else asked_for(self._talk.texts, len(self._choices))
        dictated = offer is not None and not offer.read_back  # "oui" to a number that was read back says it all
        if self._interrupts:  # nothing has been asked yet, or not to its end
            expecting = Expecting.QUESTION
        return Listening(
            self.patience,
            now,
            self._attempts,
            silence_seconds=silence_seconds,
            expecting=expecting,
            dictated=dictated,
            interrupts=self._interrupts,
        )

    def _interrupted(self, speech: Onset | Started | Sustained, now: float) -> list[m.Command]:
        """Somebody speaks: stop, and hear them out before deciding whether it was to us."""
        stop: list[m.Command] = []
        if self.phase is Phase.SPEAKING:
            self._talk.paused = True
            self._talk.sentences_left = 0
            stop = [m.PauseTalking()]
        elif self.serial != self._talk.answer_serial:  # a word to wait by
            stop = [m.StopTalking()]
        self.phase = Phase.LISTENING
        self._listening = self._listening_for(now, self.patience.onset_seconds if isinstance(speech, Onset) else None)
        begun = speech if isinstance(speech, Onset) else Started(speech.seconds)
        return [*stop, *self._follow(self._listening.handle(begun, now), now)]

    @property
    def _interrupts(self) -> bool:
        """Whether what is being listened to came into the bot's speaking, or thinking."""
        return self._talk.paused or self._question.is_out

    def _resume(self, now: float) -> list[m.Command]:
        """It was nothing: go on where the bot was."""
        self._talk.stopped_for_nothing(speaking=not self._question.is_out)
        if self._question.is_out:
            return [m.Listen(), *self._think_on(now)]
        self.phase = Phase.LEAVING if self._goodbye else Phase.SPEAKING
        self.end_reason, self._goodbye = self._goodbye, ""
        self.wake_at = now + self.patience.speaking_seconds
        return [m.Listen(), m.ResumeTalking(), m.Note(m.NoteKind.RESUMED)]

    def _follow(self, commands: list[m.Command], now: float) -> list[m.Command]:
        """After each event of the utterance: where it stands, or what was said."""
        heard = self._listening
        match heard.stage:
            case Stage.DONE:
                return [*commands, *self._heard_out(now)]
            case Stage.OVER if self.phase is not Phase.THINKING:
                self.phase, self._asked = Phase.THINKING, False
                self._word_at = now + self.patience.waiting_word_seconds
                self.wake_at = min(heard.wake_at, self._word_at)
            case Stage.OVER:
                self.wake_at = min(heard.wake_at, max(now, self._word_at))
            case _:
                self.phase = Phase.LISTENING
                self.wake_at = heard.wake_at
        return commands

    def _heard_out(self, now: float) -> list[m.Command]:
        """The utterance is over, and so is its transcription."""
        heard, hearing = self._listening, self._listening.hearing
        if not heard.spoke:
            return self._resume(now) if self._interrupts else self._silence(now)
        if self._goodbye and parts(hearing, self._goodbye):
            return self._resume(now) if self._interrupts else self._gone()
        stop: list[m.Command] = []
        if self._interrupts:
            more_to_say = self._talk.sentences_left > 0 and not self._choices and not self._goodbye
            said = Interruption(self._question, hearing, heard.began_at, self._talk.paused, more_to_say)
            if said.is_nothing:
                return self._resume(now)
            hearing = said.whole or hearing
            stop = self._instead(said)
        elif self._goodbye:
            stop = self._finish_turn()
        self._talk.paused, self._goodbye = False, ""
        self._turn.listened(heard.ended_at, heard.over_at, now)
        # While a number is asked for, a number is no choice.
        choice = choice_named(hearing, self._choices) if self._person.offer is None else None
        if choice is None and not is_clear(hearing):
            return [*stop, *self._not_heard(hearing, now)]
        assert hearing is not None
        self._ladders.understood()
        if choice is not None:
            self._turn.heard(hearing)
            return [*stop, *self._ask(now, choice=choice.intent)]
        if (offer := self._person.offer) is not None and (result := offer.words(hearing.question)):
            return [*stop, *(self._rest_of_number(now) if result == Begun() else self._callback_answered(result, now))]
        self._person.offer = None
        self._turn.heard(hearing)
        return [*stop, *self._ask(now, hearing=hearing)]

    def _instead(self, said: Interruption) -> list[m.Command]:
        """It was something: what becomes of the turn that it ends, or completes."""
        self._next_silence_seconds = None
        if said.answer_is_unheard:
            self._unheard, self._choices = self._question.turn, self._question.choices
        taken_back = self._wording.unsaid() if said.answer_is_unheard else []
        is_whole = said.whole is not None
        return [*said.stops, *taken_back, *self._finish_turn(interrupted=not is_whole, unsaid=is_whole)]

    def _silence(self, now: float) -> list[m.Command]:
        step = self._ladders.silent(asked_for_an_answer=self._offers, may_have_person=self._may_have_person)
        return self._climb(step, now)

    @property
    def _offers(self) -> bool:
        """Whether an answer of the caller's is awaited."""
        return bool(self._choices) or self._person.offer is not None

    @property
    def _may_have_person(self) -> bool:
        """Who is listed already need not be found again."""
        return self.turn > 0 and not self._person.requested and (self.possible.desk or self.possible.line)

    def _not_heard(self, hearing: Hearing | None, now: float) -> list[m.Command]:
        if is_noise(hearing):
            left_seconds = self._listening.silent_until - now
            if left_seconds > self.patience.silence_seconds:  # a minute that was asked for goes on
                self._next_silence_seconds = left_seconds
                return self._listen(now)
            step = self._ladders.noise(asked_for_an_answer=self._offers, may_have_person=self._may_have_person)
            return self._climb(step, now)
        self._turn.heard(hearing, words=False)
        offer = self._person.offer
        instead = None if offer is None else "" if offer.number else self.prompts.callback_again
        return self._climb(self._ladders.not_understood(instead=instead), now)

    def _climb(self, step: Step, now: float) -> list[m.Command]:
        match step.then:
            case Then.SAY:
                return [*step.notes, *self._say(Phase.SPEAKING, now, step.text or self._talk.texts)]
            case Then.LISTEN:
                return [*step.notes, *self._listen(now)]
            case Then.PERSON:
                return [*step.notes, *self._hand_over(now, step.reason)]
            case Then.GOODBYE:
                return [*step.notes, *self._leave(now, step.text, step.reason)]

    # -- thinking --

    def _ask(self, now: float, *, hearing: Hearing | None = None, choice: str = "") -> list[m.Command]:
        self.phase, self._asked = Phase.THINKING, True
        self.turn += 1
        self._deadline = now + self.patience.dialogue_seconds
        self._word_at = now + self.patience.waiting_word_seconds
        self.wake_at = min(self._deadline, self._word_at)
        ended_at = self._listening.ended_at or now
        self._question = AskedQuestion(self.patience, self.turn, hearing, ended_at=ended_at, choices=self._choices)
        self._wording.asked()
        replaces, self._unheard = self._unheard, 0
        if hearing is None:
            return [m.Listen(), m.Ask(self.turn, choice=choice, replaces=replaces)]
        ask = m.Ask(self.turn, hearing.question, "", hearing.confidence, hearing.alternatives, replaces)
        return [m.Listen(), ask]

    def _arrived(self, reply: Reply | None, now: float) -> list[m.Command]:
        """The caller speaks again: an answer waits for the end of that, if not for ever; a person does not."""
        if reply is not None and reply.outcome is Outcome.HANDOVER:
            return self._replied(reply, now)
        self._question.arrived(reply)
        self._listening.hurry(now + self.patience.answer_waits_seconds)
        return self._follow([], now)

    def _think_on(self, now: float) -> list[m.Command]:
        """What was said meanwhile changes nothing."""
        self.phase, self._asked = Phase.THINKING, True
        self.wake_at = min(self._deadline, self._word_at)
        return self._replied(self._question.held, now) if self._question.came else []

    def _waiting_word(self, now: float) -> list[m.Command]:
        """Something takes longer than people wait without a sign of life."""
        self._word_at = now + self.patience.waiting_word_again_seconds
        deadline = self._deadline if self._asked else self._listening.wake_at
        self.wake_at = min(deadline, self._word_at)
        if self._talk.paused:  # what was cut may have to be gone on with: nothing else may be said meanwhile
            return []
        word = self.prompts.waiting[self.serial % len(self.prompts.waiting)]
        return [m.Note(m.NoteKind.WAITING_WORD), *self._aside(word)]

    def _replied(self, reply: Reply | None, now: float) -> list[m.Command]:
        self._turn.times.replied(now)
        self._question.answered()
        if reply is None:
            return self._climb(self._ladders.not_answered(), now)
        self._turn.replied(reply)
        self._ladders.answered()
        self._choices = reply.choices
        settings = self._wording.obey(reply.control)
        if reply.control == "wait":
            self._next_silence_seconds = self.patience.attendez_seconds
        if reply.control == "goodbye":
            return [*settings, *self._leave(now, reply.texts or self.prompts.goodbye, "goodbye")]
        if reply.outcome is Outcome.HANDOVER:
            return [*settings, *self._hand_over(now, "asked")]
        return [*settings, *self._say(Phase.SPEAKING, now, self._wording.of(reply))]

    # -- keys --

    def _key(self, digit: str, now: float) -> list[m.Command]:
        if self.phase is Phase.LEAVING and digit == "0" and self._may_stay:
            self.end_reason = ""
            return [*self._cut(now, digit), *self._hand_over(now, "key")]
        if self.phase in (Phase.RINGING, Phase.LEAVING, Phase.TRANSFERRING, Phase.HELD):
            return []
        if self.phase is Phase.GREETING and digit != "0":
            return []
        self._ladders.there()
        unasked = self.phase is Phase.THINKING and not self._asked  # words are being transcribed
        if (offer := self._person.offer) is not None and (unasked or self.phase in (Phase.SPEAKING, Phase.LISTENING)):
            return self._callback_key(offer, digit, now)
        match digit:
            case "0":
                return [*self._cut(now, digit), *self._hand_over(now, "key")]
            case "*" if self._talk.texts:
                return [*self._cut(now), *self._say(Phase.SPEAKING, now, self._talk.texts)]
            case "1" | "2" | "3" if int(digit) <= len(self._choices):
                return [*self._cut(now, digit), *self._ask(now, choice=self._choices[int(digit) - 1].intent)]
            case "9" if (link := self._wording.link) is not None:
                return [*self._cut(now), *self._send_link(link, now)]
            case "#" if self.phase is Phase.LISTENING and self._listening.spoke:
                return self._follow(self._listening.finish_now(now), now)
            case "#" if self.phase is Phase.SPEAKING:
                return [*self._cut(now), *self._listen(now)]
            case _ if digit != "#" and self.phase in (Phase.SPEAKING, Phase.LISTENING) and not self._question.is_out:
                return self._unknown_key(now)
            case _:
                return []

    def _cut(self, now: float, key: str = "") -> list[m.Command]:
        """Stops what is being said or waited for; a key that is a turn of its own begins one."""
        self._goodbye = ""
        cut: list[m.Command] = [m.StopTalking(), *self._finish_turn(interrupted=self.phase is Phase.SPEAKING)]
        if key:
            self._turn.pressed(key, now)
        return cut

    def _unknown_key(self, now: float) -> list[m.Command]:
        """A key that means nothing here stops the bot; its meaning is told once, not at every key of a storm."""
        if self._talk.texts == (self.prompts.key_help,):
            return []
        return [*self._cut(now), *self._say(Phase.SPEAKING, now, self.prompts.key_help)]

    def _send_link(self, answer: Answer, now: float) -> list[m.Command]:
        said = self._say(Phase.SPEAKING, now, self.prompts.link_sent)
        return [m.SendLink(answer.title, answer.source_url), m.Note(m.NoteKind.LINK_SENT), *said]

    def _callback_key(self, offer: CallbackOffer, digit: str, now: float) -> list[m.Command]:
        result = offer.key(digit)
        stop = self._cut(now) if self.phase is Phase.SPEAKING else []
        if result is not None:
            return [*stop, *self._callback_answered(result, now)]
        return [*stop, *self._rest_of_number(now)]

    def _rest_of_number(self, now: float) -> list[m.Command]:
        """A part of it is there; what follows comes soon, or does not come."""
        listen = self._listen(now)
        self.wake_at = self._listening.wake_at = now + self.patience.key_seconds
        return listen

    def _callback_answered(self, result: object, now: float) -> list[m.Command]:
        commands, text = self._person.answered(result)
        return [*commands, *self._say(Phase.SPEAKING, now, text)]

    # -- speaking --

    def _say(self, phase: Phase, now: float, texts: str | Sequence[str]) -> list[m.Command]:
        self.phase, self._goodbye = phase, ""
        self.serial += 1
        self._talk.says(self.serial, (texts,) if isinstance(texts, str) else tuple(texts))
        self._turn.says(self._talk.texts)
        self.wake_at = now + self.patience.speaking_seconds
        return [m.Listen(), m.Say(self.serial, self._talk.texts)]

    def _aside(self, texts: str | Sequence[str]) -> list[m.Command]:
        """Words said while something else is waited for: they change nothing of that."""
        self.serial += 1
        return [m.Say(self.serial, (texts,) if isinstance(texts, str) else tuple(texts))]

    # -- a person --

    def _hand_over(self, now: float, reason: str) -> list[m.Command]:
        self._ladders.handed_over()
        self._question.closed()
        self._choices = ()
        self._person.offer = None
        self._turn.handed_over(Reply(Outcome.HANDOVER))
        if self.possible.desk:
            return self._ask_desk(now, reason)
        again = self._person.requested
        request = self._person.request(reason)
        if self.possible.line:
            return [*request, *self._transfer(now, self.prompts.transferring)]
        return [*request, *self._say(Phase.SPEAKING, now, self._person.without_transfer(again=again))]

    def _ask_desk(self, now: float, reason: str) -> list[m.Command]:
        self._at_desk_since = now
        self.phase = Phase.WAITING
        self._waiting = Waiting(
            self.prompts, self.patience, self._say_at_desk, reason=reason, can_call_back=self._person.can_call_back
        )
        asked = self._waiting.begin(now)
        self.wake_at = self._waiting.wake_at
        return [m.Listen(), *asked]

    def _announce(self, now: float) -> list[m.Command]:
        """An agent has called this person, and waits to be joined: the assistant has no part in it."""
        self._introduction.is_due = True
        self._at_desk_since = now
        self._waiting = Waiting(
            self.prompts, self.patience, self._aside, reason="asked", can_call_back=self._person.can_call_back
        )
        said = self._say(Phase.WAITING, now, self.prompts.callback_agent)
        self._waiting.called(now)
        self.wake_at = self._waiting.wake_at
        return said

    def _say_at_desk(self, texts: Sequence[str]) -> list[m.Command]:
        """What is said there first is the answer of the turn that led there."""
        said = self._aside(texts)
        if self._turn.unanswered:
            self._talk.says(self.serial, tuple(texts))
            self._turn.says(texts)
        return said

    def _after_desk(self, outcome: Waited, now: float) -> list[m.Command]:
        self._started_at += now - self._at_desk_since
        if outcome is Waited.ENDED:
            return [*self._finish_turn(), m.HangUp(), *self._end(self._waiting.end_reason)]
        if outcome in BACK_WITH_THE_BOT:
            self._ladders.there()
        commands, texts = self._person.after_desk(outcome, self._waiting.reason)
        if texts is None:
            return [*commands, *self._transfer(now, self.prompts.transferring)]
        return [*commands, *self._say(Phase.SPEAKING, now, self._introduction.before(texts, outcome))]

    def _transfer(self, now: float, text: str) -> list[m.Command]:
        said = self._say(Phase.TRANSFERRING, now, text)
        self._passing_on = PassingOn(self.patience, now, lambda: self._aside(self.prompts.still_transferring))
        return said

    def _transfer_failed(self, reason: str, now: float) -> list[m.Command]:
        note = m.Note(m.NoteKind.TRANSFER_FAILED, reason)
        if self._opening is m.Opening.BUSY:  # there is no place for a conversation, and nothing has been requested
            return [m.StopTalking(), note, *self._leave(now, self.prompts.all_busy, "busy")]
        return [m.StopTalking(), note, *self._say(Phase.SPEAKING, now, self._person.transfer_failed())]

    def _give_up(self, now: float) -> list[m.Command]:
        """The bot has lost its voice: pass the call on, or end it rather than stay mute."""
        note = m.Note(m.NoteKind.LINE_FAULT, "speech")
        if self.possible.desk and not self._voice_lost:
            self._voice_lost = True
            return [note, *self._ask_desk(now, "speech_unavailable")]
        request = self._person.request("speech_unavailable")
        if self.possible.can_transfer:
            self.phase = Phase.TRANSFERRING
            self._passing_on = PassingOn(self.patience, now, list)
            sent = self._passing_on.send(now)
            self.wake_at = self._passing_on.wake_at
            return [*request, note, *self._finish_turn(), *sent]
        return [*request, note, m.HangUp(), *self._end("speech_unavailable")]

    # -- hold, and the end --

    def _held(self, now: float) -> list[m.Command]:
        match self.phase:
            case Phase.GREETING:
                self._talk.after_hold = (*self._person.notice(), self.prompts.greeting[-1])
            case Phase.SPEAKING:
                self._talk.after_hold = self._talk.texts
            case Phase.LISTENING if self._offers:
                self._talk.after_hold = self._talk.texts
            case _:
                self._talk.after_hold = (self.prompts.back_from_hold,)
        finished = self._finish_turn(interrupted=True)
        self.phase = Phase.HELD
        self.turn += 1  # an answer that comes now has nobody to hear it
        self.wake_at = now + self.patience.hold_seconds
        return [m.StopTalking(), *finished, m.Note(m.NoteKind.HELD)]

    def _leave(self, now: float, texts: str | Sequence[str], reason: str) -> list[m.Command]:
        self.end_reason = reason
        return self._say(Phase.LEAVING, now, texts)

    @property
    def _may_stay(self) -> bool:
        """Whether the call ends for want of anything to say, so that whoever speaks after all is heard."""
        return self.end_reason in ("silence", "goodbye")

    def _gone(self) -> list[m.Command]:
        """Everything has been said."""
        return [*self._finish_turn(), m.HangUp(), *self._end(self.end_reason or self._goodbye)]

    def _end(self, reason: str) -> list[m.Command]:
        self.phase = Phase.ENDED
        self.end_reason = self.end_reason or reason
        self.wake_at = None
        return []

    def _finish_turn(self, *, interrupted: bool = False, unsaid: bool = False) -> list[m.Command]:
        """Writes the turn down once, when its answer has been said (or cut short); not when it is but half a turn."""
        if self._question.is_out:
            self._unheard = self._question.turn
        self._question.closed()
        turn = self._turn.finish(interrupted=interrupted)
        return [] if turn is None or unsaid else [m.KeepTurn(turn)]

    def _lasts_too_long(self, now: float) -> bool:
        """At the desk other limits hold, and a conversation with a person has none of ours."""
        lasts_for_ever = self.phase is Phase.LEAVING or self.phase in AT_DESK
        return not lasts_for_ever and now - self._started_at > self.patience.call_seconds

    def _due(self, now: float) -> bool:
        return self.wake_at is not None and now >= self.wake_at
