"""What a caller lives through, told to the call's core without a telephone: seconds pass in microseconds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.dialogue import Answer, Choice, Outcome, Reply
from voice import call_messages as m
from voice.call import Call, Patience, Phase
from voice.ear import Paused, Resumed, Started, Sustained
from voice.prompts import PhonePrompts
from voice.turn import Hearing

PROMPTS = PhonePrompts(
    greeting=("Bonjour, assistant automatique.", "Votre question ?"),
    silence=("Je vous écoute.", "Je ne vous entends pas."),
    silence_goodbye="Je raccroche.",
    misheard="Pardon ?",
    misheard_offer_person="Tapez 0 pour une personne.",
    dialogue_unavailable="Un instant.",
    person_requested="Demande transmise.",
    person_requested_again="Demande déjà transmise.",
    transferring="Je vous passe un conseiller.",
    transfer_failed="Personne ne répond.",
    anything_else=("Autre chose ?",),
    goodbye="Au revoir.",
)
QUESTION = Hearing("Comment adhérer ?", 0.8, "high", True, 1.5)
MUMBLE = Hearing("", 0.2, "none", False, 1.5)
COUGH = Hearing("Sous-titres", 0.3, "none", False, 0.3)
ANSWER = Reply(
    Outcome.ANSWERED, "adhesion_comment", 0.9, answers=(Answer("adhesion_comment", "En ligne.", source="F766"),)
)


class Line:
    """Feeds a call and remembers what it commanded."""

    def __init__(self, *, can_transfer: bool = False, patience: Patience | None = None) -> None:
        self.call = Call(PROMPTS, patience or Patience(), can_transfer=can_transfer)
        self.now = 100.0
        self.commands: list[m.Command] = []

    def __call__(self, *events: m.Event) -> list[m.Command]:
        done: list[m.Command] = []
        for event in events:
            done += self.call.handle(event, self.now)
        self.commands += done
        return done

    def wait(self, seconds: float) -> list[m.Command]:
        """Lets time pass, with a tick whenever the call asked to be woken."""
        until = self.now + seconds
        done: list[m.Command] = []
        while self.call.wake_at is not None and self.call.wake_at <= until:
            self.now = max(self.now, self.call.wake_at)
            before = self.call.wake_at
            done += self(m.Tick())
            if self.call.wake_at == before:
                break
        self.now = until
        return done

    def listening(self) -> Line:
        """Past the greeting."""
        self(m.CallAnswered())
        self.finish_speaking()
        assert self.call.phase is Phase.LISTENING
        return self

    def finish_speaking(self) -> list[m.Command]:
        return self(m.SpeakingStarted(self.call.serial), m.Said(self.call.serial))

    def caller_says(self, hearing: Hearing | None, seconds: float = 1.5) -> list[m.Command]:
        """Speech, the pause, its transcription, and the rest of the silence."""
        self(Started(0.1))
        self.now += seconds
        return self.pause_after(hearing) + self.wait(1.0)

    def pause_after(self, hearing: Hearing | None) -> list[m.Command]:
        """The first silence, and the transcription that comes back within it."""
        done = self(Paused(0.3))
        return done + self(m.Heard(self.call.attempt, hearing))


def said(commands: list[m.Command]) -> list[str]:
    return [text for command in commands if isinstance(command, m.Say) for text in command.texts]


def of(kind: type, commands: list[m.Command]) -> list[m.Command]:
    return [command for command in commands if isinstance(command, kind)]


def test_the_caller_is_greeted_and_then_heard() -> None:
    line = Line()
    assert said(line(m.CallAnswered())) == list(PROMPTS.greeting)
    line.finish_speaking()
    assert line.call.phase is Phase.LISTENING


def test_speech_does_not_interrupt_the_legal_notice() -> None:
    line = Line()
    line(m.CallAnswered())
    assert line(Started(0.1), Sustained(2.0)) == []
    assert line.call.phase is Phase.GREETING


def test_a_question_is_asked_after_the_silence_and_its_answer_is_spoken() -> None:
    line = Line().listening()
    asked = of(m.Ask, line.caller_says(QUESTION))
    assert asked == [m.Ask(1, "Comment adhérer ?", confidence=0.8)]
    assert said(line(m.Replied(1, ANSWER))) == ["En ligne.", "Autre chose ?"]
    kept = of(m.KeepTurn, line.finish_speaking())
    assert [(one.turn.heard, one.turn.spoken) for one in kept] == [("Comment adhérer ?", "En ligne. Autre chose ?")]
    assert line.call.phase is Phase.LISTENING


def test_transcription_starts_at_the_pause_before_the_turn_is_over() -> None:
    line = Line().listening()
    line(Started(0.1))
    line.now += 2
    assert of(m.Transcribe, line(Paused(0.3)))
    assert line.call.phase is Phase.LISTENING


def test_a_finished_sentence_shortens_the_wait() -> None:
    patience = Patience()
    line = Line().listening()
    line(Started(0.1))
    line.now += 2
    line.pause_after(QUESTION)
    assert line.call.wake_at == pytest.approx(line.now - 0.3 + patience.turn_over_complete_seconds)


def test_an_unfinished_sentence_gets_the_whole_silence() -> None:
    line = Line().listening()
    line(Started(0.1))
    line.now += 2
    line.pause_after(replace(QUESTION, text="Je voudrais savoir pour le."))
    assert line.call.wake_at == pytest.approx(line.now - 0.3 + Patience().turn_over_seconds)


def test_a_transcript_of_a_sentence_that_went_on_is_dropped() -> None:
    line = Line().listening()
    line(Started(0.1))
    line.now += 1
    line(Paused(0.3))
    early = line.call.attempt
    line(Resumed())
    line.now += 1
    assert line(m.Heard(early, QUESTION)) == []
    assert line.wait(0.5) == []
    longer = replace(QUESTION, text="Comment adhérer depuis La Réunion ?")
    line.pause_after(longer)
    assert of(m.Ask, line.wait(1.0)) == [m.Ask(1, longer.text, confidence=0.8)]


def test_a_slow_transcription_is_waited_for() -> None:
    line = Line().listening()
    line(Started(0.1))
    line.now += 1
    line(Paused(0.3))
    assert of(m.Ask, line.wait(2.0)) == []
    assert line.call.phase is Phase.THINKING
    assert of(m.Ask, line(m.Heard(line.call.attempt, QUESTION)))


def test_segments_add_up_to_the_wait() -> None:
    line = Line().listening()
    line(Started(0.1))
    line.now += 1
    line(Paused(0.3))
    speech_ended = line.now - 0.3
    line.wait(0.9)
    line(m.Heard(line.call.attempt, QUESTION))
    line.now += 0.08
    line(m.Replied(1, ANSWER))
    line.now += 0.02
    first_sound = line.now
    segments = of(m.KeepTurn, line.finish_speaking())[0].turn.segments  # type: ignore[attr-defined]
    assert list(segments) == ["endpoint", "transcription", "dialogue", "synthesis"]
    assert sum(segments.values()) == pytest.approx((first_sound - speech_ended) * 1000, abs=0.5)


def test_an_old_answer_is_never_spoken() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.KeyPressed("0"))
    line.finish_speaking()
    line.caller_says(QUESTION)
    assert said(line(m.Replied(1, ANSWER))) == []
    assert said(line(m.Replied(2, ANSWER))) == ["En ligne.", "Autre chose ?"]


def test_silence_is_met_with_help_then_a_person_then_goodbye() -> None:
    line = Line().listening()
    heard: list[str] = []
    for _ in range(3):
        heard += said(line.wait(10.0))
        line.finish_speaking()
    assert heard == [*PROMPTS.silence, PROMPTS.silence_goodbye]
    assert of(m.HangUp, line.commands)
    assert line.call.phase is Phase.ENDED


def test_a_cough_is_passed_over_without_a_word() -> None:
    line = Line().listening()
    assert said(line.caller_says(COUGH, 0.3)) == []
    assert line.call.phase is Phase.LISTENING


def test_noise_that_never_ends_does_not_hold_the_line_for_ever() -> None:
    line = Line().listening()
    for _ in range(200):
        if line.call.phase is Phase.ENDED:
            break
        line.caller_says(COUGH, 0.3)
        line.finish_speaking()
    assert line.call.phase is Phase.ENDED


def test_words_that_were_not_understood_are_owned_up_to_then_a_person_is_offered_then_asked_for() -> None:
    line = Line().listening()
    heard: list[str] = []
    for _ in range(3):
        heard += said(line.caller_says(MUMBLE))
        line.finish_speaking()
    assert heard == [PROMPTS.misheard, PROMPTS.misheard_offer_person, PROMPTS.person_requested]
    assert of(m.RequestPerson, line.commands) == [m.RequestPerson("not_understood")]


def test_an_uncertain_transcript_is_not_answered() -> None:
    line = Line().listening()
    assert of(m.Ask, line.caller_says(replace(QUESTION, certainty="low"))) == []
    assert line.call.phase is Phase.SPEAKING


def test_someone_who_never_stops_talking_is_transcribed_after_the_longest_turn() -> None:
    line = Line().listening()
    line(Started(0.1))
    done = line.wait(Patience().max_utterance_seconds + 0.1)
    assert of(m.Transcribe, done)
    assert line.call.phase is Phase.THINKING


@pytest.mark.parametrize("phase", ["greeting", "listening", "thinking", "speaking"])
def test_key_0_asks_for_a_person_at_any_moment(phase: str) -> None:
    line = Line()
    line(m.CallAnswered())
    if phase != "greeting":
        line.finish_speaking()
    if phase in ("thinking", "speaking"):
        line.caller_says(QUESTION)
    if phase == "speaking":
        line(m.Replied(1, ANSWER))
    done = line(m.KeyPressed("0"))
    assert of(m.StopTalking, done)
    assert of(m.RequestPerson, done) == [m.RequestPerson("key")]
    assert said(done) == [PROMPTS.person_requested]


def test_a_person_is_asked_for_once_however_often_the_key_is_pressed() -> None:
    line = Line().listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    assert said(line(m.KeyPressed("0"))) == [PROMPTS.person_requested_again]
    assert len(of(m.RequestPerson, line.commands)) == 1


def test_a_caller_who_asks_for_a_person_is_transferred_where_a_line_is_configured() -> None:
    line = Line(can_transfer=True).listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, Reply(Outcome.HANDOVER, text="Je transmets.")))
    assert of(m.Transfer, line.finish_speaking())
    assert said(line(m.TransferRefused())) == [PROMPTS.transfer_failed]
    line.finish_speaking()
    assert line.call.phase is Phase.LISTENING


def test_a_transfer_that_is_never_answered_comes_back_to_the_caller() -> None:
    line = Line(can_transfer=True).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    assert said(line.wait(Patience().transfer_seconds + 1)) == [PROMPTS.transfer_failed]


def test_choices_are_read_out_and_a_key_takes_one() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    choices = (Choice("a", "adhérer"), Choice("b", "déclarer"))
    question = "Dites ou tapez 1 pour adhérer, 2 pour déclarer."
    assert said(line(m.Replied(1, Reply(Outcome.CLARIFY, choices=choices, text=question)))) == [question]
    assert of(m.Ask, line(m.KeyPressed("2"))) == [m.Ask(2, choice="b")]


def test_a_key_that_chooses_nothing_only_stops_the_bot() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, ANSWER))
    done = line(m.KeyPressed("#"))
    assert of(m.StopTalking, done)
    assert not of(m.Ask, done)
    assert line.call.phase is Phase.LISTENING


def test_star_repeats_the_last_words() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, ANSWER))
    line.finish_speaking()
    assert said(line(m.KeyPressed("*"))) == ["En ligne.", "Autre chose ?"]


def test_speech_interrupts_an_answer_and_is_heard() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, ANSWER))
    assert of(m.StopTalking, line(Started(0.1))) == []
    assert of(m.StopTalking, line(Sustained(0.4)))
    line.now += 1
    line.pause_after(QUESTION)
    assert of(m.Ask, line.wait(1.0)) == [m.Ask(2, "Comment adhérer ?", confidence=0.8)]


def test_a_short_noise_does_not_interrupt_an_answer() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, ANSWER))
    assert line(Started(0.1), Sustained(0.2), Paused(0.3)) == [m.Listen()]
    assert line.call.phase is Phase.SPEAKING


def test_a_dialogue_that_does_not_answer_is_admitted_then_a_person_is_asked_for() -> None:
    line = Line().listening()
    heard: list[str] = []
    for _ in range(2):
        line.caller_says(QUESTION)
        heard += said(line.wait(10.0))
        line.finish_speaking()
    assert heard == [PROMPTS.dialogue_unavailable, PROMPTS.person_requested]


def test_a_bot_that_has_lost_its_voice_does_not_stay_mute() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, ANSWER))
    done = line(m.Said(line.call.serial, failed=True))
    assert of(m.RequestPerson, done) == [m.RequestPerson("speech_unavailable")]
    assert of(m.HangUp, done)


def test_goodbye_ends_the_call_after_its_words() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, Reply(Outcome.ANSWERED, control="goodbye", text="Au revoir !")))
    assert of(m.HangUp, line.finish_speaking())


def test_slower_really_slows_the_voice_and_wait_really_waits() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    assert of(m.SetPace, line(m.Replied(1, Reply(Outcome.ANSWERED, control="slower", text="Bien sûr."))))
    line.finish_speaking()
    line.caller_says(QUESTION)
    line(m.Replied(2, Reply(Outcome.ANSWERED, control="wait", text="Je patiente.")))
    line.finish_speaking()
    assert said(line.wait(Patience().silence_seconds * 3)) == []


def test_hanging_up_keeps_the_turn_that_was_under_way() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, ANSWER))
    kept = of(m.KeepTurn, line(m.HungUp()))
    assert len(kept) == 1
    assert line.call.phase is Phase.ENDED
    assert line(m.KeyPressed("0"), m.Tick(), m.Replied(1, ANSWER)) == []


EVENTS = st.one_of(
    st.just(m.CallAnswered()),
    st.builds(Started, st.floats(0.05, 1)),
    st.builds(Sustained, st.floats(0.05, 30)),
    st.builds(Paused, st.floats(0.2, 2)),
    st.just(Resumed()),
    st.builds(m.Heard, st.integers(0, 6), st.sampled_from([None, QUESTION, MUMBLE, COUGH])),
    st.builds(
        m.Replied,
        st.integers(0, 5),
        st.sampled_from([None, ANSWER, Reply(Outcome.HANDOVER), Reply(Outcome.CLARIFY, choices=(Choice("a", "A"),))]),
    ),
    st.builds(m.SpeakingStarted, st.integers(0, 6)),
    st.builds(m.Said, st.integers(0, 6), st.booleans()),
    st.builds(m.KeyPressed, st.sampled_from("0123456789*#")),
    st.just(m.TransferRefused()),
    st.just(m.Tick()),
)


@example([(m.Said(1), 0.0), (m.Heard(1, None), 0.0)], False)
@given(st.lists(st.tuples(EVENTS, st.floats(0, 30)), max_size=60), st.booleans())
@settings(max_examples=400, deadline=None)
def test_whatever_arrives_in_whatever_order_no_wait_is_without_end(
    events: list[tuple[m.Event, float]], can_transfer: bool
) -> None:
    line = Line(can_transfer=can_transfer)
    line(m.CallAnswered())
    for event, seconds in events:
        line.now += seconds
        line(event)
        assert line.call.phase is Phase.ENDED or line.call.wake_at is not None
    # Left alone, with a line that plays what it is given, every call ends by itself.
    for _ in range(100):
        if line.call.phase is Phase.ENDED:
            break
        line.wait(400.0)
        line.finish_speaking()
    assert line.call.phase is Phase.ENDED
    requests = [command for command in line.commands if isinstance(command, m.RequestPerson)]
    assert len(requests) <= 1
