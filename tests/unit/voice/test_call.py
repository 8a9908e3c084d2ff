"""What a caller lives through, told to the call's core without a telephone: seconds pass in microseconds."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.dialogue import Answer, Choice, Outcome, Reply
from tests.unit.voice.test_joining import FakeAgentLeg
from voice import call_messages as m
from voice.call import Call, Phase
from voice.ear import Onset, Paused, Resumed, Started, Sustained
from voice.patience import Patience
from voice.prompts import PhonePrompts
from voice.to_a_person import Closed, Possible
from voice.turn import Hearing

Kind = TypeVar("Kind")

PROMPTS = PhonePrompts(
    greeting=("Bonjour, assistant automatique.", "Votre question ?"),
    notice_closed=("Bonjour, nos conseillers sont absents.",),
    callback_greeting=("Nous vous rappelons.",),
    callback_agent=("Vous avez demandé à être rappelé : je vous passe votre conseiller.",),
    callback_alone=("Votre conseiller n'est plus là.", "Cet appel n'est pas enregistré."),
    callback_left="Désolé, votre conseiller est parti.",
    callback_assistant="Vous êtes avec l'assistant automatique.",
    silence=("Je vous écoute.", "Je ne vous entends pas."),
    silence_goodbye="Je raccroche.",
    misheard="Pardon ?",
    misheard_offer_person="Tapez 0 pour une personne.",
    waiting=("Je cherche.", "Je cherche encore."),
    openings=("Alors.",),
    dialogue_unavailable="Un instant.",
    person_requested="Demande transmise.",
    person_requested_again="Demande déjà transmise.",
    transferring="Je vous passe un conseiller.",
    still_transferring="Je cherche un conseiller.",
    transfer_failed="Personne ne répond.",
    desk_looking="Je cherche quelqu'un.",
    desk_queued="En file.",
    desk_next="Le prochain.",
    desk_one_before="Une personne avant.",
    desk_before="{people} personnes avant.",
    desk_soon="Moins d'une minute.",
    desk_wait="{minutes} minutes.",
    desk_keys="Étoile pour revenir.",
    desk_keys_callback="Un pour un rappel, étoile pour revenir.",
    desk_patience="Merci de patienter.",
    desk_nobody="Personne à la file.",
    desk_waited="Personne ne s'est libéré.",
    desk_taken="Quelqu'un vient.",
    desk_again="Je cherche encore quelqu'un.",
    desk_lost="Liaison coupée.",
    desk_left="De retour.",
    desk_returned="De retour, autre question ?",
    closed="Personne en ce moment.",
    closed_hours="On répond {hours}, donc {reopening}.",
    callback_offer="Vous rappeler à ce numéro ?",
    callback_ask_number="Tapez votre numéro.",
    callback_confirm="Le {number}, est-ce cela ?",
    callback_again="Redites-le.",
    callback_elsewhere="Un autre, ou une question ?",
    callback_promised="Rappel au {number}.",
    callback_declined="Pas de rappel.",
    callback_incomplete="Numéro incomplet.",
    link_offer="Tapez 9 pour l'adresse.",
    link_sent="Adresse envoyée.",
    key_help="Cette touche ne fait rien.",
    all_busy="Tout est occupé.",
    all_busy_transfer="Une personne arrive.",
    back_from_hold="Je suis là.",
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

    def __init__(self, possible: Possible | None = None, *, can_transfer: bool = False) -> None:
        self.call = Call(PROMPTS, Patience(), possible or Possible(can_transfer=can_transfer))
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
        self.finish_speaking()
        assert self.call.phase is Phase.LISTENING
        return self

    def speaking(self) -> Line:
        """In the middle of an answer."""
        self.listening()
        self.caller_says(QUESTION)
        self(m.Replied(self.call.turn, ANSWER))
        self(m.SpeakingStarted(self.call.serial))
        self.now += 2.0
        assert self.call.phase is Phase.SPEAKING
        return self

    def finish_speaking(self) -> list[m.Command]:
        return self(m.SpeakingStarted(self.call.serial), m.Said(self.call.serial))

    def caller_says(self, hearing: Hearing | None, seconds: float = 1.5) -> list[m.Command]:
        """Speech, the pause, its transcription, and the rest of the silence."""
        self(Started(0.1))
        self.now += seconds
        return self.pause_after(hearing, seconds) + self.wait(1.2)

    def pause_after(self, hearing: Hearing | None, seconds: float = 1.5) -> list[m.Command]:
        """The first silence, and the transcription that comes back within it."""
        done = self(Paused(0.3, seconds))
        return done + self(m.Heard(self.call.attempt, hearing))


def said(commands: list[m.Command]) -> list[str]:
    return [text for command in commands if isinstance(command, m.Say) for text in command.texts]


def of(kind: type[Kind], commands: list[m.Command]) -> list[Kind]:
    return [command for command in commands if isinstance(command, kind)]


def test_the_caller_is_greeted_and_then_heard() -> None:
    line = Line()
    assert said(line(m.CallAnswered())) == list(PROMPTS.greeting[:-1])
    assert said(line.finish_speaking()) == list(PROMPTS.greeting[-1:])
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


def test_a_transcript_of_a_sentence_that_went_on_is_dropped() -> None:
    line = Line().listening()
    line(Started(0.1))
    line.now += 1
    line(Paused(0.3))
    early = line.call.attempt
    assert line(Resumed()) == [m.StopTranscribing()]
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
    assert line.call.phase is Phase.THINKING
    line.now += 0.08
    line(m.Replied(1, ANSWER))
    line.now += 0.02
    first_sound = line.now
    segments = of(m.KeepTurn, line.finish_speaking())[0].turn.segments
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


def test_coughs_are_not_hung_up_on_but_asked_about_and_a_person_is_found() -> None:
    line = Line(Possible(has_desk=True)).speaking()
    line.finish_speaking()
    limit = Patience().silences_before_goodbye
    heard = [said(line.caller_says(COUGH, 0.3)) for _ in range(limit)]
    assert heard == [[]] * (limit - 1) + [[PROMPTS.silence[0]]]
    line.finish_speaking()
    for _ in range(limit * (limit - 1)):
        line.caller_says(COUGH, 0.3)
        line.finish_speaking()
    assert of(m.AskDesk, line.commands)
    assert not of(m.HangUp, line.commands)


@pytest.mark.parametrize("leaves", ["nobody speaks", "goodbye"])
def test_who_presses_0_while_the_bot_takes_its_leave_gets_a_person(leaves: str) -> None:
    line = Line(Possible(can_transfer=True)).listening()
    if leaves == "goodbye":
        line.caller_says(QUESTION)
        line(m.Replied(1, Reply(Outcome.ANSWERED, control="goodbye", text="Au revoir.")))
    else:
        for _ in range(Patience().silences_before_goodbye):
            line.wait(Patience().silence_seconds)
            if line.call.phase is not Phase.LEAVING:
                line.finish_speaking()
    assert line.call.phase is Phase.LEAVING
    assert of(m.RequestPerson, line(m.KeyPressed("0")))
    line.finish_speaking()
    assert not of(m.HangUp, line.commands)


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
    assert said(line(m.TransferRefused("486"))) == [PROMPTS.transfer_failed, PROMPTS.anything_else[0]]
    line.finish_speaking()
    assert line.call.phase is Phase.LISTENING


def test_a_transfer_that_is_never_answered_comes_back_to_the_caller() -> None:
    line = Line(can_transfer=True).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    heard = said(line.wait(Patience().transfer_seconds + 1))
    assert heard == [PROMPTS.still_transferring] * 3 + [PROMPTS.transfer_failed, PROMPTS.anything_else[0]]


def test_choices_are_read_out_and_a_key_takes_one() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    choices = (Choice("a", "adhérer"), Choice("b", "déclarer"))
    question = "Dites ou tapez 1 pour adhérer, 2 pour déclarer."
    assert said(line(m.Replied(1, Reply(Outcome.CLARIFY, choices=choices, text=question)))) == [question]
    assert of(m.Ask, line(m.KeyPressed("2"))) == [m.Ask(2, choice="b")]


@pytest.mark.parametrize(("heard", "choice"), [("Deux.", "b"), ("La première.", "a"), ("Toi.", "c")])
def test_a_choice_is_named_by_its_number_even_when_the_word_was_written_otherwise(heard: str, choice: str) -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    choices = (Choice("a", "A"), Choice("b", "B"), Choice("c", "C"))
    line(m.Replied(1, Reply(Outcome.CLARIFY, choices=choices, text="Un, deux ou trois ?")))
    line.finish_speaking()
    said_so = replace(QUESTION, text=heard, certainty="low", speech_seconds=0.5)
    assert of(m.Ask, line.caller_says(said_so, 0.5)) == [m.Ask(2, choice=choice)]


def test_a_number_without_choices_is_only_a_word() -> None:
    line = Line().listening()
    assert of(m.Ask, line.caller_says(replace(QUESTION, text="Deux."))) == [m.Ask(1, "Deux.", confidence=0.8)]


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


def test_speech_stops_an_answer_at_once_and_is_heard() -> None:
    line = Line().speaking()
    assert of(m.PauseTalking, line(Started(0.13)))
    line(m.TalkPaused(line.call.serial, 2))
    line.now += 1
    assert of(m.KeepTurn, line.pause_after(QUESTION)) == []
    done = line.wait(1.0)
    assert of(m.StopTalking, done)
    assert [one.turn.interrupted for one in of(m.KeepTurn, done)] == [True]
    assert of(m.Ask, done) == [m.Ask(2, "Comment adhérer ?", confidence=0.8)]


def test_the_onset_of_a_voice_stops_the_bot_and_what_follows_is_heard() -> None:
    line = Line().speaking()
    assert of(m.PauseTalking, line(Onset(-25.0)))
    line(m.TalkPaused(line.call.serial, 2))
    assert of(m.PauseTalking, line(Started(0.1))) == []
    line.now += 1
    assert of(m.Ask, line.pause_after(QUESTION) + line.wait(1.0)) == [m.Ask(2, "Comment adhérer ?", confidence=0.8)]


def test_an_onset_that_was_nothing_costs_a_moment_and_the_next_one_must_be_more() -> None:
    line = Line().speaking()
    line(Onset(-25.0), m.TalkPaused(line.call.serial, 2))
    assert of(m.ResumeTalking, line(Paused(0.03, 0.06)))
    assert line(Onset(-25.0)) == []
    assert of(m.PauseTalking, line(Sustained(0.26)))


def test_a_faint_onset_does_not_stop_the_bot() -> None:
    assert Line().speaking()(Onset(-40.0)) == []


def test_an_onset_after_which_nothing_is_heard_does_not_hold_the_answer_for_ever() -> None:
    line = Line().speaking()
    line(Onset(-25.0), m.TalkPaused(line.call.serial, 2))
    assert of(m.ResumeTalking, line.wait(Patience().silence_seconds))


def test_an_onset_at_the_end_of_an_answer_does_not_shorten_the_silence_after_it() -> None:
    line = Line().speaking()
    line(Onset(-25.0), m.Said(line.call.serial))
    assert of(m.Say, line.wait(Patience().silence_seconds - 1)) == []
    assert of(m.Say, line.wait(1.5)), "then the caller is asked whether they are there"


def test_a_cough_does_not_cost_the_rest_of_the_answer() -> None:
    line = Line().speaking()
    line(Started(0.13), m.TalkPaused(line.call.serial, 2))
    done = line(Paused(0.2, 0.15))
    assert of(m.ResumeTalking, done)
    assert not of(m.Transcribe, done)
    assert line.call.phase is Phase.SPEAKING
    kept = of(m.KeepTurn, line.finish_speaking())
    assert [one.turn.interrupted for one in kept] == [False]


def test_a_mumble_over_the_answer_holds_it_no_longer_than_a_cough_does() -> None:
    line = Line().speaking()
    line(Started(0.13), m.TalkPaused(line.call.serial, 2))
    line.now += 0.5
    line.pause_after(Hearing("hein bof", 0.3, "low", True, 0.5))
    assert of(m.ResumeTalking, line.wait(Patience().turn_over_seconds))


@pytest.mark.parametrize("noise", [COUGH, replace(QUESTION, text="D'accord."), replace(QUESTION, text="Oui oui.")])
def test_noise_and_nods_do_not_cost_the_rest_of_the_answer(noise: Hearing) -> None:
    line = Line().speaking()
    line(Started(0.13), m.TalkPaused(line.call.serial, 2))
    done = line.pause_after(noise, 0.5) + line.wait(1.0)
    assert of(m.ResumeTalking, done)
    assert not of(m.Ask, done)
    assert line.call.phase is Phase.SPEAKING


def test_a_yes_after_the_last_sentence_is_an_answer_not_a_nod() -> None:
    line = Line().speaking()
    line(Started(0.13), m.TalkPaused(line.call.serial, 0))
    done = line.pause_after(replace(QUESTION, text="Oui."), 0.4) + line.wait(1.0)
    assert of(m.Ask, done) == [m.Ask(2, "Oui.", confidence=0.8)]


def test_a_yes_to_a_clarifying_question_need_not_wait_for_its_end() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, Reply(Outcome.CLARIFY, choices=(Choice("a", "A"),), text="Vouliez-vous dire A ? Dites oui.")))
    line(Started(0.13), m.TalkPaused(line.call.serial, 1))
    assert of(m.Ask, line.pause_after(replace(QUESTION, text="Oui."), 0.4) + line.wait(1.0))


def greeted_hearing(*heard: tuple[float, float]) -> Line:
    """Past a notice of 10 s, during which so many seconds of speech at such a level were heard."""
    line = Line()
    line(m.CallAnswered())
    line.now += 10
    line(*(Sustained(seconds, level) for seconds, level in heard))
    line.finish_speaking()
    return line


def test_the_echo_of_the_bot_does_not_stop_it_but_a_caller_does() -> None:
    line = greeted_hearing((3.0, -30.0), (9.0, -28.0))
    assert line(Started(0.13, -28.0), Sustained(2.0, -27.0)) == []
    assert of(m.PauseTalking, line(Sustained(2.1, -22.0)))


def test_the_loudest_echo_does_not_make_the_bot_deaf() -> None:
    assert of(m.PauseTalking, greeted_hearing((9.0, -5.0))(Started(0.13, -19.0)))


def test_someone_who_talks_over_the_notice_is_no_echo() -> None:
    assert of(m.PauseTalking, greeted_hearing((3.0, -15.0))(Started(0.13, -30.0)))


def test_a_murmur_in_the_room_does_not_stop_the_bot() -> None:
    assert greeted_hearing()(Started(0.13, -40.0), Sustained(3.0, -38.0)) == []


def test_a_noisy_place_must_speak_longer_each_time_to_stop_the_bot() -> None:
    line = Line().speaking()
    line(Started(0.13), Paused(0.2, 0.15))
    assert not of(m.PauseTalking, line(Started(0.13)))
    assert of(m.PauseTalking, line(Sustained(0.26)))


def test_an_answer_that_ended_just_as_it_was_interrupted_is_not_resumed() -> None:
    line = Line().speaking()
    serial = line.call.serial
    line(Started(0.13))
    assert of(m.KeepTurn, line(m.Said(serial)))
    assert not of(m.ResumeTalking, line.pause_after(COUGH, 0.5) + line.wait(1.0))


def test_a_caller_who_goes_on_while_the_words_are_awaited_is_heard_out() -> None:
    line = Line().listening()
    line(Started(0.1))
    line.now += 1
    line(Paused(0.2))
    line.wait(0.6)
    assert line.call.phase is Phase.THINKING
    line(Resumed())
    assert line.call.phase is Phase.LISTENING
    assert of(m.Ask, line.pause_after(QUESTION) + line.wait(1.0)) == [m.Ask(1, "Comment adhérer ?", confidence=0.8)]


def test_a_slow_answer_is_announced_with_a_word_and_then_spoken() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line.now -= 1.0
    assert said(line.wait(Patience().waiting_word_seconds + 1.1))[0] in PROMPTS.waiting
    assert line.call.phase is Phase.THINKING
    assert line(m.SpeakingStarted(line.call.serial), m.Said(line.call.serial)) == []
    assert said(line(m.Replied(1, ANSWER))) == ["En ligne.", "Autre chose ?"]


def test_no_waiting_word_is_said_over_an_answer_that_may_go_on() -> None:
    line = Line().speaking()
    serial = line.call.serial
    line(Started(0.13), m.TalkPaused(serial, 2))
    line(Paused(0.2, 0.5))
    assert said(line.wait(4.0)) == []
    assert of(m.ResumeTalking, line(m.Heard(line.call.attempt, COUGH)))
    assert of(m.KeepTurn, line(m.Said(serial)))


def test_a_waiting_word_is_not_taken_for_the_answer_in_the_measured_wait() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line.wait(Patience().waiting_word_seconds + 0.5)
    line(m.SpeakingStarted(line.call.serial))
    line.now += 1
    line(m.Replied(1, ANSWER))
    kept = of(m.KeepTurn, line.finish_speaking())
    assert kept[0].turn.segments["dialogue"] > 2000


def test_a_call_on_hold_is_not_spoken_to_and_goes_on_where_it_was() -> None:
    line = Line().speaking()
    assert of(m.StopTalking, line(m.PutOnHold()))
    assert said(line.wait(60)) == []
    assert said(line(m.TakenBack())) == ["En ligne.", "Autre chose ?"]


def test_after_a_hold_what_was_offered_is_offered_again() -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    line(m.PutOnHold())
    assert said(line(m.TakenBack())) == [PROMPTS.callback_offer]


def test_a_call_that_stays_on_hold_ends() -> None:
    line = Line().listening()
    line(m.PutOnHold())
    assert of(m.HangUp, line.wait(Patience().hold_seconds + 1))


def test_the_notice_is_read_again_when_hold_cut_it() -> None:
    line = Line()
    line(m.CallAnswered(), m.PutOnHold())
    assert said(line(m.TakenBack())) == list(PROMPTS.greeting)


def test_when_all_places_are_taken_the_caller_hears_so() -> None:
    line = Line()
    assert said(line(m.CallAnswered(m.Opening.BUSY))) == [PROMPTS.all_busy]
    assert of(m.HangUp, line.finish_speaking())


def test_when_all_places_are_taken_the_caller_is_passed_on_where_people_answer() -> None:
    line = Line(can_transfer=True)
    assert said(line(m.CallAnswered(m.Opening.BUSY))) == [PROMPTS.all_busy_transfer]
    assert of(m.Transfer, line.finish_speaking())


def test_when_all_places_are_taken_and_nobody_answers_no_request_is_promised_that_was_never_made() -> None:
    line = Line(can_transfer=True)
    line(m.CallAnswered(m.Opening.BUSY))
    line.finish_speaking()
    assert said(line(m.TransferRefused("486"))) == [PROMPTS.all_busy]
    assert of(m.HangUp, line.finish_speaking())
    assert not of(m.RequestPerson, line.commands)


def test_a_promised_callback_says_why_it_calls() -> None:
    line = Line()
    assert said(line(m.CallAnswered(m.Opening.CALLBACK))) == list(PROMPTS.callback_greeting)
    line.finish_speaking()
    line.finish_speaking()
    assert line.call.phase is Phase.LISTENING


CALLABLE = Possible(can_call_back=True, caller_number="+33612345678")


def test_without_a_line_of_people_a_callback_is_offered_and_promised_by_one_key() -> None:
    line = Line(CALLABLE).listening()
    assert said(line(m.KeyPressed("0"))) == [PROMPTS.callback_offer]
    done = line(m.KeyPressed("1"))
    assert of(m.PromiseCallback, done) == [m.PromiseCallback("+33612345678")]
    assert said(done) == ["Rappel au 06 12 34 56 78."]


def test_a_callback_is_promised_by_saying_yes() -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    done = line.caller_says(replace(QUESTION, text="Oui."))
    assert of(m.PromiseCallback, done)
    assert not of(m.Ask, done)


def test_another_number_is_typed_zero_included() -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    done = [command for key in "0123456789#" for command in line(m.KeyPressed(key))]
    assert of(m.PromiseCallback, done) == [m.PromiseCallback("0123456789")]
    assert len(of(m.RequestPerson, line.commands)) == 1


def test_keys_of_a_number_count_while_a_cough_is_being_transcribed() -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    for key in "01234":
        line(m.KeyPressed(key))
    line(Started(0.1))
    line.now += 0.4
    line(Paused(0.3, 0.4))
    line.wait(1.5)
    assert line.call.phase is Phase.THINKING
    done = [command for key in "56789#" for command in line(m.KeyPressed(key))]
    assert of(m.PromiseCallback, done) == [m.PromiseCallback("0123456789")]


def test_a_number_that_was_heard_is_read_back_before_it_is_believed() -> None:
    line = Line(Possible(can_call_back=True)).listening()
    assert said(line(m.KeyPressed("0"))) == [PROMPTS.callback_ask_number]
    line.finish_speaking()
    done = line.caller_says(replace(QUESTION, text="06 11 22 33 44."))
    done += line.wait(1.0)
    assert not of(m.PromiseCallback, done)
    assert said(done) == ["Le 06 11 22 33 44, est-ce cela ?"]
    line.finish_speaking()
    assert of(m.PromiseCallback, line.caller_says(replace(QUESTION, text="Oui."))) == [m.PromiseCallback("0611223344")]


@pytest.mark.parametrize("no", ["Non.", "C'est pas ça.", "Non, ce n'est pas le bon numéro.", "Vous avez mal entendu."])
def test_whoever_says_that_the_number_read_back_is_wrong_says_it_again(no: str) -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    line.caller_says(replace(QUESTION, text="06 11 22 33 54."))
    line.wait(1.0)
    line.finish_speaking()
    assert said(line.caller_says(replace(QUESTION, text=no))) == [PROMPTS.callback_again]
    line.finish_speaking()
    line.caller_says(replace(QUESTION, text="06 11 22 33 44."))
    line.wait(1.0)
    line.finish_speaking()
    assert of(m.PromiseCallback, line.caller_says(replace(QUESTION, text="Oui."))) == [m.PromiseCallback("0611223344")]


def test_a_number_that_is_not_understood_is_asked_for_again_and_not_a_question() -> None:
    line = Line(Possible(can_call_back=True)).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    assert said(line.caller_says(MUMBLE) + line.wait(1.0)) == [PROMPTS.callback_again]
    line.finish_speaking()
    asked = said(line.caller_says(replace(QUESTION, text="06 11 22 33 44.")) + line.wait(1.0))
    line.finish_speaking()
    assert said(line.caller_says(MUMBLE) + line.wait(1.0)) == asked, "whether that is the number"
    line.finish_speaking()
    assert of(m.PromiseCallback, line.caller_says(replace(QUESTION, text="Oui."))) == [m.PromiseCallback("0611223344")]


def test_a_yes_to_a_number_that_was_read_back_is_not_waited_on_as_a_number_is() -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    line.caller_says(replace(QUESTION, text="06 11 22 33 44."))
    line.wait(1.0)
    line.finish_speaking()
    line(Started(0.1))
    line.now += 0.5
    line.pause_after(replace(QUESTION, text="Oui."), 0.5)
    line.wait(line.call.patience.turn_over_short_seconds)
    assert of(m.PromiseCallback, line.commands) == [m.PromiseCallback("0611223344")]


@pytest.mark.parametrize("then", ["06 11 22 33 44.", "0611223344#", "question"])
def test_whoever_does_not_want_to_be_called_where_they_call_from_may_name_another_number(then: str) -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    assert said(line.caller_says(replace(QUESTION, text="Non."))) == [PROMPTS.callback_elsewhere]
    line.finish_speaking()
    if then == "question":
        assert of(m.Ask, line.caller_says(QUESTION))
        return
    if then.endswith("#"):
        done = [command for key in then for command in line(m.KeyPressed(key))]
    else:
        line.caller_says(replace(QUESTION, text=then))
        line.wait(1.0)
        line.finish_speaking()
        done = line.caller_says(replace(QUESTION, text="Oui."))
    assert of(m.PromiseCallback, done) == [m.PromiseCallback("0611223344")]


@pytest.mark.parametrize("no", ["Non merci.", "Laissez tomber.", "Non, pas la peine.", "Ne me rappelez pas."])
def test_whoever_wants_no_callback_after_all_is_promised_none(no: str) -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    line.caller_says(replace(QUESTION, text="06 11 22 33 54."))
    line.wait(1.0)
    line.finish_speaking()
    assert said(line.caller_says(replace(QUESTION, text=no))) == [PROMPTS.callback_declined]
    assert not of(m.PromiseCallback, line.commands)


def test_a_number_where_nobody_can_be_called_back_is_refused() -> None:
    line = Line(replace(CALLABLE, is_number=lambda number: number.startswith("+33"))).listening()
    line(m.KeyPressed("0"))
    done = [command for key in "0899123456#" for command in line(m.KeyPressed(key))]
    assert said(done)[-1] == PROMPTS.callback_incomplete
    assert not of(m.PromiseCallback, done)


def test_whoever_would_rather_ask_something_else_is_answered() -> None:
    line = Line(CALLABLE).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    assert of(m.Ask, line.caller_says(QUESTION))
    line(m.Replied(line.call.turn, ANSWER))
    assert of(m.PromiseCallback, line(m.KeyPressed("1"))) == []


def test_a_transfer_that_fails_ends_in_the_offer_of_a_callback() -> None:
    line = Line(replace(CALLABLE, can_transfer=True)).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    assert said(line(m.TransferRefused("486"))) == [PROMPTS.transfer_failed, PROMPTS.callback_offer]


SHUT = Closed("du lundi au vendredi, de 9 h à 17 h", "demain à 9 h")
CLOSED_WORDS = [PROMPTS.closed, "On répond du lundi au vendredi, de 9 h à 17 h, donc demain à 9 h."]
SHUT_OFFICE = replace(CALLABLE, can_transfer=True, closed=lambda: SHUT)


def test_while_closed_no_transfer_is_tried_the_hours_are_said_and_a_callback_is_offered() -> None:
    line = Line(SHUT_OFFICE).listening()
    assert said(line(m.KeyPressed("0"))) == [*CLOSED_WORDS, PROMPTS.callback_offer]
    assert of(m.RequestPerson, line.commands)
    assert of(m.PromiseCallback, line(m.KeyPressed("1")))
    assert not of(m.Transfer, line.commands)


def test_while_closed_who_asks_in_words_hears_the_same_whatever_the_dialogue_promised() -> None:
    line = Line(SHUT_OFFICE).listening()
    line.caller_says(QUESTION)
    heard = said(line(m.Replied(1, Reply(Outcome.HANDOVER, text="Je vous passe un conseiller. Ne quittez pas."))))
    assert heard == [*CLOSED_WORDS, PROMPTS.callback_offer]


def test_while_closed_and_without_callbacks_the_request_is_passed_on() -> None:
    line = Line(replace(SHUT_OFFICE, can_call_back=False)).listening()
    assert said(line(m.KeyPressed("0"))) == [*CLOSED_WORDS, PROMPTS.person_requested]


def test_hours_that_are_not_known_are_not_said() -> None:
    line = Line(replace(SHUT_OFFICE, closed=Closed)).listening()
    assert said(line(m.KeyPressed("0"))) == [PROMPTS.closed, PROMPTS.callback_offer]


def test_while_closed_the_greeting_promises_nobody() -> None:
    line = Line(SHUT_OFFICE)
    assert said(line(m.CallAnswered())) == list(PROMPTS.notice_closed)
    assert said(line.finish_speaking()) == [PROMPTS.greeting[-1]]
    held = Line(SHUT_OFFICE)
    held(m.CallAnswered(), m.PutOnHold())
    assert said(held(m.TakenBack())) == [*PROMPTS.notice_closed, PROMPTS.greeting[-1]]


def test_a_call_that_lasts_beyond_the_hours_is_told_how_things_stand_when_it_asks() -> None:
    now_closed: list[Closed] = []
    line = Line(replace(SHUT_OFFICE, closed=lambda: now_closed[0] if now_closed else None))
    assert said(line(m.CallAnswered())) == list(PROMPTS.greeting[:-1])
    now_closed.append(SHUT)
    line.finish_speaking()
    line.finish_speaking()
    assert said(line(m.KeyPressed("0"))) == [*CLOSED_WORDS, PROMPTS.callback_offer]


def test_while_closed_and_full_nobody_is_passed_on_to_an_empty_office() -> None:
    line = Line(SHUT_OFFICE)
    assert said(line(m.CallAnswered(m.Opening.BUSY))) == [PROMPTS.all_busy]
    assert of(m.HangUp, line.finish_speaking())


LINKED = Reply(Outcome.ANSWERED, "x", 0.9, answers=(Answer("x", "En ligne.", "Titre", "F766", "https://example.fr"),))


def test_the_address_is_offered_once_and_sent_on_key_9() -> None:
    line = Line(Possible(can_send_link=True, caller_number="+33612345678")).listening()
    line.caller_says(QUESTION)
    assert PROMPTS.link_offer in said(line(m.Replied(1, LINKED)))
    done = line(m.KeyPressed("9"))
    assert of(m.SendLink, done) == [m.SendLink("Titre", "https://example.fr")]
    assert said(done) == [PROMPTS.link_sent]
    line.finish_speaking()
    line.caller_says(QUESTION)
    assert PROMPTS.link_offer not in said(line(m.Replied(2, LINKED)))


def test_a_key_that_means_nothing_is_explained_once() -> None:
    line = Line().speaking()
    assert said(line(m.KeyPressed("7"))) == [PROMPTS.key_help]
    assert [line(m.KeyPressed("7")) for _ in range(200)] == [[]] * 200


def test_silence_after_a_clarifying_question_repeats_it_first() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, Reply(Outcome.CLARIFY, choices=(Choice("a", "A"),), text="Un pour A.")))
    line.finish_speaking()
    assert said(line.wait(8)) == ["Un pour A."]
    line.finish_speaking()
    assert said(line.wait(8)) == [PROMPTS.silence[1]]


def test_a_caller_who_has_spoken_and_falls_silent_is_passed_to_a_person() -> None:
    line = Line(can_transfer=True).speaking()
    heard: list[str] = []
    line.finish_speaking()
    for _ in range(3):
        heard += said(line.wait(8))
        line.finish_speaking()
    assert heard[:3] == [*PROMPTS.silence, PROMPTS.transferring]


def test_a_dialogue_that_does_not_answer_is_admitted_then_a_person_is_asked_for() -> None:
    line = Line().listening()
    heard: list[str] = []
    for _ in range(2):
        line.caller_says(QUESTION)
        heard += [text for text in said(line.wait(10.0)) if text not in PROMPTS.waiting]
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
    slower = Reply(Outcome.ANSWERED, control="slower", text="Bien sûr.")
    assert of(m.SetPace, line(m.Replied(1, slower))) == [m.SetPace(1.25)]
    line.finish_speaking()
    line.caller_says(QUESTION)
    line(m.Replied(2, Reply(Outcome.ANSWERED, control="wait", text="Je patiente.")))
    line.finish_speaking()
    assert said(line.wait(Patience().silence_seconds * 3)) == []


def test_a_minute_that_was_asked_for_is_not_cut_short_by_rummaging() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, Reply(Outcome.ANSWERED, control="wait", text="Je patiente.")))
    line.finish_speaking()
    before = line.now
    for _ in range(6):
        assert said(line.caller_says(COUGH, 0.3)) == []
    patience = Patience()
    assert said(line.wait(patience.attendez_seconds - (line.now - before) - patience.silence_seconds)) == []
    assert line.call.phase is Phase.LISTENING


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
    st.builds(Onset, st.floats(-60, 0)),
    st.builds(Started, st.floats(0.05, 1), st.floats(-60, 0)),
    st.builds(Sustained, st.floats(0.05, 30), st.floats(-60, 0)),
    st.builds(Paused, st.floats(0.2, 2), st.floats(0.1, 5)),
    st.builds(Resumed, st.booleans()),
    st.builds(m.Heard, st.integers(0, 6), st.sampled_from([None, QUESTION, MUMBLE, COUGH])),
    st.builds(
        m.Replied,
        st.integers(0, 5),
        st.sampled_from([None, ANSWER, Reply(Outcome.HANDOVER), Reply(Outcome.CLARIFY, choices=(Choice("a", "A"),))]),
    ),
    st.builds(m.SpeakingStarted, st.integers(0, 6)),
    st.builds(m.Said, st.integers(0, 6), st.booleans()),
    st.builds(m.KeyPressed, st.sampled_from("0123456789*#")),
    st.builds(m.TalkPaused, st.integers(0, 6), st.integers(0, 3)),
    st.just(m.TransferRefused()),
    st.just(m.PutOnHold()),
    st.just(m.TakenBack()),
    st.just(m.Tick()),
)
LEGS = [FakeAgentLeg(), FakeAgentLeg()]
DESK_EVENTS = st.one_of(
    st.builds(
        m.DeskSaid,
        st.sampled_from(m.DeskState),
        st.sampled_from(["", "nobody", "unavailable"]),
        st.sampled_from([None, 1, 2, 7]),
        st.sampled_from([None, 0, 90]),
        st.sampled_from(["Jeanne", "Paul"]),
    ),
    st.builds(m.AgentOnLine, st.sampled_from(LEGS)),
    st.builds(m.AgentGone, st.sampled_from(LEGS), st.sampled_from(["hung_up", "lost", ""])),
    st.builds(m.HoldAsked, st.booleans()),
    st.just(m.TransferAsked("sip:12@pbx")),
)
POSSIBLE = st.builds(
    Possible,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "+33612345678"]),
    closed=st.sampled_from([lambda: None, Closed, lambda: SHUT]),
    has_desk=st.booleans(),
)


@example([(m.Said(1), 0.0), (m.Said(2), 0.0), (m.Heard(1, None), 0.0)], Possible(), m.Opening.NORMAL)
@given(st.lists(st.tuples(EVENTS | DESK_EVENTS, st.floats(0, 30)), max_size=60), POSSIBLE, st.sampled_from(m.Opening))
@settings(max_examples=500, deadline=None)
def test_whatever_arrives_in_whatever_order_no_wait_is_without_end(
    events: list[tuple[m.Event, float]], possible: Possible, opening: m.Opening
) -> None:
    line = Line(possible)
    line(m.CallAnswered(opening))
    for event, seconds in events:
        line.now += seconds
        line(event)
        assert line.call.phase is Phase.ENDED or line.call.wake_at is not None
        if line.call.phase is Phase.LISTENING:
            assert line.call.wake_at is not None
            assert line.call.wake_at <= line.now + Patience().attendez_seconds
    # Left alone, with a line that plays what it is given, every call ends by itself.
    for _ in range(100):
        if line.call.phase is Phase.ENDED:
            break
        line.wait(Patience().with_agent_seconds if line.call.phase is Phase.WITH_AGENT else 700.0)
        line.finish_speaking()
    assert line.call.phase is Phase.ENDED
    assert len(of(m.RequestPerson, line.commands)) <= 1 + len(of(m.AskDesk, line.commands))
    assert len(of(m.PromiseCallback, line.commands)) <= 1
    asked = [command for command in line.commands if isinstance(command, m.Ask)]
    assert [ask.turn for ask in asked] == sorted({ask.turn for ask in asked})
    for ask, before in zip(asked[1:], asked, strict=False):
        assert ask.replaces in (0, before.turn), "what was asked before the last question stays asked"


@given(st.lists(st.tuples(EVENTS | DESK_EVENTS, st.floats(0, 10)), max_size=60), POSSIBLE)
@settings(max_examples=300, deadline=None)
def test_key_0_reaches_a_person_from_wherever_the_call_is(
    events: list[tuple[m.Event, float]], possible: Possible
) -> None:
    line = Line(possible)
    line(m.CallAnswered())
    for event, seconds in events:
        line.now += seconds
        line(event)
    deaf = (Phase.ENDED, Phase.LEAVING, Phase.TRANSFERRING, Phase.HELD, Phase.WAITING, Phase.WITH_AGENT)
    if line.call.phase not in deaf:
        line(m.KeyPressed("0"))
        assert of(m.RequestPerson, line.commands) or of(m.AskDesk, line.commands)
