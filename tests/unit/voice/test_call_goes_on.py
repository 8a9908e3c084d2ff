"""A caller who pauses inside a question, and goes on: while the bot thinks, or over its first words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue import Answer, Choice, Outcome, Reply
from tests.unit.voice.test_call import ANSWER, COUGH, MUMBLE, PROMPTS, QUESTION, Line, of, said
from voice import call_messages as m
from voice.call import Phase
from voice.ear import Onset, Paused, Resumed, Started, Sustained
from voice.patience import Patience
from voice.to_a_person import Closed, Possible
from voice.turn import Expecting, Hearing

HALF = Hearing("Pour le contrat de travail.", 0.8, "high", True, 1.4)
REST = Hearing("Est-ce qu'il faut un modèle ?", 0.6, "medium", True, 1.6)
WHOLE = "Pour le contrat de travail. Est-ce qu'il faut un modèle ?"
CHOICES = Reply(Outcome.CLARIFY, choices=(Choice("a", "A"), Choice("b", "B")), text="Un pour A, deux pour B.")


def asked(hearing: Hearing = HALF, line: Line | None = None) -> Line:
    """The first half has just been asked."""
    line = line or Line().listening()
    line(Started(0.1))
    line.now += 1.4
    line.pause_after(hearing)
    while line.call.phase is Phase.LISTENING:
        line.wait((line.call.wake_at or line.now) - line.now)
    assert line.call.phase is Phase.THINKING
    return line


def answering(hearing: Hearing = HALF, reply: Reply = ANSWER, *, for_seconds: float = 0.2) -> Line:
    """Its answer has sounded for so long."""
    line = asked(hearing)
    line(m.Replied(line.call.turn, reply))
    line(m.SpeakingStarted(line.call.serial))
    line.now += for_seconds
    return line


def goes_on(line: Line, hearing: Hearing | None = REST) -> list[m.Command]:
    """From the first sound to the end of the silence."""
    done = line(Started(0.13))
    line.now += 1.5
    return done + line.pause_after(hearing) + line.wait(1.4)


def notes(commands: list[m.Command]) -> list[m.NoteKind]:
    return [one.kind for one in commands if isinstance(one, m.Note)]


def heard(commands: list[m.Command]) -> list[str]:
    return [one.turn.heard for one in commands if isinstance(one, m.KeepTurn)]


def test_who_goes_on_while_the_bot_thinks_is_asked_for_as_a_whole() -> None:
    line = asked()
    done = goes_on(line)
    assert of(m.Ask, done) == [m.Ask(2, WHOLE, confidence=0.6, replaces=1)]
    assert said(line(m.Replied(1, ANSWER))) == []
    assert said(line(m.Replied(2, ANSWER))) == ["En ligne.", "Autre chose ?"]


def test_who_goes_on_is_not_answered_over() -> None:
    line = asked()
    line(Started(0.13))
    assert said(line(m.Replied(1, ANSWER))) == []
    line.now += 1.5
    assert of(m.Ask, line.pause_after(REST) + line.wait(1.4)) == [m.Ask(2, WHOLE, confidence=0.6, replaces=1)]


def test_who_goes_on_over_the_first_words_of_the_answer_is_asked_for_as_a_whole() -> None:
    line = answering()
    done = goes_on(line)
    assert of(m.PauseTalking, done)
    assert of(m.StopTalking, done)
    assert of(m.Ask, done) == [m.Ask(2, WHOLE, confidence=0.6, replaces=1)]


def test_it_is_one_turn_with_the_times_of_the_whole() -> None:
    line = answering()
    done = goes_on(line)
    assert m.NoteKind.WENT_ON in notes(done)
    assert m.NoteKind.INTERRUPTED not in notes(done)
    assert heard(done) == []
    line(m.Replied(2, ANSWER))
    kept = of(m.KeepTurn, line.finish_speaking())
    assert heard(kept) == [WHOLE]
    assert sum(kept[0].turn.segments.values()) < 2000, "not from the first half on"


def test_a_sentence_with_three_pauses_is_one_question() -> None:
    line = answering(replace(HALF, text="Mon Siret est le 732."))
    goes_on(line, replace(REST, text="829."))
    line(m.Replied(2, ANSWER))
    line(m.SpeakingStarted(line.call.serial))
    assert of(m.Ask, goes_on(line, replace(REST, text="Quatre."))) == [
        m.Ask(3, "Mon Siret est le 732 829 quatre.", confidence=0.6, replaces=2)
    ]


def test_who_has_heard_some_of_the_answer_asks_something_else() -> None:
    line = answering(for_seconds=2.0)
    done = goes_on(line)
    assert of(m.Ask, done) == [m.Ask(2, REST.text, confidence=0.6)]
    assert heard(done) == [HALF.text]
    assert m.NoteKind.INTERRUPTED in notes(done)


@pytest.mark.parametrize("word", ["Stop.", "Répétez.", "Conseiller.", "Attendez.", "Non."])
def test_a_word_to_the_bot_stands_for_itself(word: str) -> None:
    line = answering()
    assert [one.text for one in of(m.Ask, goes_on(line, replace(REST, text=word)))] == [word]
    line = asked()
    assert of(m.Ask, goes_on(line, replace(REST, text=word))) == [m.Ask(2, word, confidence=0.6, replaces=1)]
    assert heard(line.commands) == [HALF.text]


@pytest.mark.parametrize("first", ["Oui.", "Conseiller."])
def test_a_short_answer_that_was_acted_on_is_not_gone_on_with(first: str) -> None:
    line = answering(replace(HALF, text=first))
    assert [one.text for one in of(m.Ask, goes_on(line))] == [REST.text]


def test_a_choice_by_key_is_not_gone_on_with() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, CHOICES))
    line(m.KeyPressed("2"))
    assert of(m.Ask, goes_on(line)) == [m.Ask(3, REST.text, confidence=0.6, replaces=2)]


@pytest.mark.parametrize("noise", [COUGH, replace(REST, text="Oui oui."), replace(REST, text="Allô ? Allô ?")])
def test_noise_and_nods_while_the_bot_thinks_do_not_cost_the_answer(noise: Hearing) -> None:
    line = asked()
    line(Started(0.13), m.Replied(1, ANSWER))
    line.now += 0.4
    done = line.pause_after(noise, 0.4) + line.wait(1.4)
    assert said(done) == ["En ligne.", "Autre chose ?"]
    assert of(m.Ask, done) == []


def test_a_click_while_the_bot_thinks_costs_nothing() -> None:
    line = asked()
    line(Started(0.13), m.Replied(1, ANSWER))
    assert said(line(Paused(0.13, 0.15))) == ["En ligne.", "Autre chose ?"]
    line = asked()
    line(Started(0.13), Paused(0.13, 0.15))
    assert line.call.phase is Phase.THINKING
    assert said(line(m.Replied(1, ANSWER))) == ["En ligne.", "Autre chose ?"]


def test_a_cough_over_the_first_words_does_not_cost_the_rest() -> None:
    line = answering()
    assert of(m.ResumeTalking, goes_on(line, COUGH))
    assert heard(line.finish_speaking()) == [HALF.text]


def test_a_murmur_in_the_room_does_not_hold_the_answer_back() -> None:
    line = asked()
    assert line(Started(0.13, -45.0)) == []
    assert said(line(m.Replied(1, ANSWER))) == ["En ligne.", "Autre chose ?"]


def test_a_rest_that_was_not_understood_is_owned_up_to_and_half_a_question_leaves_no_trace() -> None:
    line = asked(replace(HALF, text="Je voudrais savoir si…"))
    done = goes_on(line, replace(REST, certainty="low"))
    assert said(done) == [PROMPTS.misheard]
    line.finish_speaking()
    assert of(m.Ask, line.caller_says(QUESTION)) == [m.Ask(2, QUESTION.text, confidence=0.8, replaces=1)]


def test_choices_that_nobody_has_heard_are_not_on_offer() -> None:
    line = answering(reply=CHOICES)
    goes_on(line)
    assert of(m.Ask, line(m.KeyPressed("1"))) == []


def test_a_link_that_nobody_has_heard_of_is_offered_again() -> None:
    reply = Reply(
        Outcome.ANSWERED, "x", 0.9, answers=(Answer("x", "En ligne.", "Titre", "F766", "https://example.fr"),)
    )
    line = asked(line=Line(Possible(can_send_link=True, caller_number="+33612345678")).listening())
    line(m.Replied(1, reply))
    line(m.SpeakingStarted(line.call.serial))
    goes_on(line)
    assert PROMPTS.link_offer in said(line(m.Replied(2, reply)))


def test_a_dialogue_that_stays_away_is_not_waited_for_longer_because_somebody_coughed() -> None:
    line = asked()
    line(Started(0.13))
    line.now += 0.5
    line.pause_after(COUGH, 0.5)
    heard_then = said(line.wait(10.0))
    assert PROMPTS.dialogue_unavailable in heard_then


def test_a_word_to_wait_by_stops_for_who_goes_on() -> None:
    line = asked()
    assert said(line.wait(2.5))[0] in PROMPTS.waiting
    assert of(m.StopTalking, line(Started(0.13)))
    line.now += 1.5
    assert of(m.Ask, line.pause_after(REST) + line.wait(1.4)) == [m.Ask(2, WHOLE, confidence=0.6, replaces=1)]


def test_a_number_for_a_callback_is_dictated_with_all_the_time_it_takes() -> None:
    line = Line(Possible(can_call_back=True)).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    for group in ("C'est le 06.", "12 34", "Cinquante-six."):
        done = line.caller_says(replace(QUESTION, text=group.replace("Cinquante-six", "56")))
        done += line.wait(1.0)
        assert (said(done), of(m.Ask, done)) == ([], [])
    done = line.caller_says(replace(QUESTION, text="78.")) + line.wait(1.0)
    assert said(done) == ["Le 06 12 34 56 78, est-ce cela ?"]


def test_half_a_number_is_not_waited_for_without_end() -> None:
    line = Line(Possible(can_call_back=True)).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    done = line.caller_says(replace(QUESTION, text="06 12")) + line.wait(10.0)
    assert said(done) == [PROMPTS.callback_incomplete]


UNCLEAR = replace(REST, text="mon chien a", certainty="low", speech_seconds=1.0)
BABBLE = Hearing("", 0.1, "none", False, 5.0)
PATIENCE = Patience()


def test_an_unclear_sound_while_the_bot_thinks_does_not_cost_the_answer_to_a_whole_question() -> None:
    line = asked()
    line(Started(0.13), m.Replied(1, ANSWER))
    line.now += 1.0
    assert said(line.pause_after(UNCLEAR) + line.wait(1.4)) == ["En ligne.", "Autre chose ?"]
    line = asked()
    goes_on(line, UNCLEAR)
    assert said(line(m.Replied(1, ANSWER))) == ["En ligne.", "Autre chose ?"]


def test_a_person_is_given_at_once_whoever_talks() -> None:
    line = asked(line=Line(can_transfer=True).listening())
    line(Started(0.13))
    done = line(m.Replied(1, Reply(Outcome.HANDOVER)))
    assert said(done) == [PROMPTS.transferring]
    assert of(m.RequestPerson, done)


def heard_after(line: Line, seconds: float, hearing: Hearing) -> list[m.Command]:
    """What comes of so long a sound without a pause, which is `hearing` whenever it is transcribed."""
    done: list[m.Command] = []
    until = line.now + seconds
    while line.now < until and line.call.phase in (Phase.LISTENING, Phase.THINKING):
        step = line(Sustained(1.0)) + line.wait(0.1)
        for one in of(m.Transcribe, step):
            step += line(m.Heard(one.attempt, hearing))
        done += step
    return done


def test_a_noisy_room_holds_the_answer_back_for_a_moment_only() -> None:
    line = asked()
    line(Started(0.13), m.Replied(1, ANSWER))
    began = line.now
    assert said(heard_after(line, 15.0, BABBLE)) == ["En ligne.", "Autre chose ?"]
    assert line.now - began < PATIENCE.answer_waits_seconds + 0.5


def test_a_voice_is_heard_out_however_long_an_answer_waits() -> None:
    line = asked()
    line(Started(0.13), m.Replied(1, ANSWER))
    done = heard_after(line, 6.0, REST)
    assert said(done) == []
    done = line.pause_after(REST) + line.wait(1.4)
    assert of(m.Ask, done) == [m.Ask(2, WHOLE, confidence=0.6, replaces=1)]


def test_a_voice_that_falls_silent_while_it_is_found_out_to_be_one_is_transcribed_to_its_end() -> None:
    line = asked()
    line(Started(0.13), m.Replied(1, ANSWER))
    looked = of(m.Transcribe, line.wait(PATIENCE.answer_waits_seconds))
    line(Paused(0.3), Resumed(), Paused(0.3))
    ended = of(m.Transcribe, line(m.Heard(looked[-1].attempt, replace(REST, text="Est-ce qu'il"))))
    done = line(m.Heard(ended[-1].attempt, REST)) + line.wait(1.4)
    assert of(m.Ask, done) == [m.Ask(2, WHOLE, confidence=0.6, replaces=1)]


def test_what_was_nothing_before_the_answer_must_be_more_to_stop_it() -> None:
    line = asked()
    line(Started(0.13), m.Replied(1, ANSWER), Paused(0.13, 0.15))
    assert of(m.PauseTalking, line(Onset(-25.0), Started(0.13))) == []
    assert of(m.PauseTalking, line(Sustained(0.26)))


def test_a_key_that_means_nothing_does_not_cost_the_question_that_is_gone_on_with() -> None:
    line = asked()
    line(Started(0.13))
    assert line(m.KeyPressed("7")) == []
    line.now += 1.5
    assert of(m.Ask, line.pause_after(REST) + line.wait(1.4)) == [m.Ask(2, WHOLE, confidence=0.6, replaces=1)]


@pytest.mark.parametrize("events", [[m.KeyPressed("*")], [m.PutOnHold(), m.TakenBack()]])
def test_a_question_that_was_cut_before_its_answer_leaves_no_trace(events: list[m.Event]) -> None:
    line = asked()
    line(*events)
    line.finish_speaking()
    assert [one.replaces for one in of(m.Ask, line.caller_says(QUESTION))] == [1]


def test_a_wait_that_nobody_was_told_of_is_none() -> None:
    line = answering(reply=Reply(Outcome.ANSWERED, control="wait", text="Prenez votre temps."))
    goes_on(line)
    line(m.Replied(2, ANSWER))
    line.finish_speaking()
    assert said(line.wait(PATIENCE.silence_seconds + 0.1)) == [PROMPTS.silence[0]]


@pytest.mark.parametrize(
    ("control", "as_before"), [("slower", m.SetPace(1.0)), ("louder", m.SetVolume(0.0)), ("repeat", None)]
)
def test_a_voice_that_nobody_has_heard_changed_is_as_before(control: str, as_before: m.Command | None) -> None:
    line = answering(reply=Reply(Outcome.ANSWERED, control=control, text="Bien sûr."))
    assert of(m.SetPace, done := goes_on(line)) + of(m.SetVolume, done) == ([as_before] if as_before else [])


def test_an_onset_of_before_the_answer_holds_it_up_for_an_instant_only() -> None:
    line = asked()
    line(m.Replied(1, ANSWER), Onset(-25.0))
    line(m.TalkPaused(line.call.serial, 1))
    assert of(m.ResumeTalking, line.wait(PATIENCE.onset_seconds))


@pytest.mark.parametrize("count", [1, 3])
def test_who_interrupts_has_not_been_asked_yet(count: int) -> None:
    choices = tuple(Choice(str(at), str(at)) for at in range(count))
    line = answering(reply=Reply(Outcome.CLARIFY, choices=choices, text="Vouliez-vous dire cela ?"), for_seconds=2.0)
    line(Started(0.13))
    assert line.call.expecting is Expecting.QUESTION


def offered_a_callback() -> Line:
    """While closed: that, the hours, and then the offer are being said."""
    possible = Possible(
        can_call_back=True, caller_number="+33612345678", closed=lambda: Closed("du lundi au vendredi", "demain à 9 h")
    )
    line = Line(possible).listening()
    line(m.KeyPressed("0"))
    line(m.SpeakingStarted(line.call.serial))
    line.now += 1.0
    line(Started(0.13))
    return line


def test_a_nod_before_the_offer_of_a_callback_accepts_nothing() -> None:
    line = offered_a_callback()
    line(m.TalkPaused(line.call.serial, 2))
    done = line.pause_after(replace(QUESTION, text="D'accord."), 0.4) + line.wait(1.4)
    assert of(m.PromiseCallback, done) == []
    assert of(m.ResumeTalking, done)


def test_a_number_said_into_the_offer_of_a_callback_has_the_time_it_takes() -> None:
    line = offered_a_callback()
    line(m.TalkPaused(line.call.serial, 0))
    assert line.call.expecting is Expecting.QUESTION
    line.pause_after(replace(QUESTION, text="C'est au numéro."))
    assert line.call.wake_at is not None
    assert line.call.wake_at - line.now == pytest.approx(PATIENCE.turn_over_digits_seconds - 0.3)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [Onset(-25.0), Started(0.13), Sustained(0.5), Paused(0.2, 1.0), Paused(0.2, 0.1), Resumed()]
            ),
            st.floats(0.0, 1.5),
        ),
        max_size=25,
    ),
    st.sampled_from([BABBLE, COUGH, UNCLEAR, None]),
    st.sampled_from([ANSWER, Reply(Outcome.HANDOVER)]),
)
@settings(max_examples=300, deadline=None)
def test_an_answer_that_is_there_is_said_soon_whatever_sounds(
    sounds: list[tuple[m.Event, float]], hearing: Hearing | None, reply: Reply
) -> None:
    """Nothing clear is said: whatever a room sounds like, the answer comes within the limit, and one turn is kept."""
    line = asked()
    line(Started(0.13), m.Replied(1, reply))
    came = line.now
    words = said(line.commands)
    expected = PROMPTS.person_requested if reply.outcome is Outcome.HANDOVER else "En ligne."

    def happens(commands: list[m.Command]) -> None:
        for one in of(m.Transcribe, commands):
            words.extend(said(line(m.Heard(one.attempt, hearing))))
        words.extend(said(commands))

    for event, seconds in sounds:
        happens(line(event))
        if expected in words:
            break
        happens(line.wait(min(seconds, came + PATIENCE.answer_waits_seconds + 1.5 - line.now)))
    for _ in range(3):
        happens(line.wait(max(0.0, (came + PATIENCE.answer_waits_seconds + 1.5 - line.now) / 2)))
    assert expected in words
    line.wait(0.5)
    line.finish_speaking()
    line.finish_speaking()
    assert heard(line.commands) in ([], [HALF.text])


@given(
    st.lists(
        st.tuples(st.sampled_from([HALF, REST, COUGH, MUMBLE, None, replace(REST, text="Stop.")]), st.floats(0.0, 2.0)),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.booleans(), min_size=8, max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_whoever_goes_on_whenever_is_asked_for_once_and_answered_in_silence(
    sayings: list[tuple[Hearing | None, float]], is_answered: list[bool]
) -> None:
    """Whatever is said when: no question replaces one that was not asked, the bot never begins to speak while the
    caller does, and every turn is written down at most once."""
    line = Line().listening()
    for (hearing, pause), answered in zip(sayings, is_answered, strict=False):
        line.wait(pause)
        line(Started(0.13))
        began = len(line.commands)
        if answered:
            line(m.Replied(line.call.turn, ANSWER))
        line.wait(1.0)
        if line.call.phase in (Phase.LISTENING,):
            assert said(line.commands[began:]) == []
        line.pause_after(hearing)
        line(m.SpeakingStarted(line.call.serial))
    line.wait(30.0)
    asked_turns = [one.turn for one in line.commands if isinstance(one, m.Ask)]
    assert asked_turns == sorted(set(asked_turns))
    assert all(one.replaces < one.turn for one in line.commands if isinstance(one, m.Ask))
    assert {one.replaces for one in line.commands if isinstance(one, m.Ask)} - {0} <= set(asked_turns)
