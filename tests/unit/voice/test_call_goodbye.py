"""Who speaks while the bot takes its leave: not cut off in the middle of a sentence, and not kept by a « merci »."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue import Outcome, Reply
from tests.unit.voice.test_call import COUGH, MUMBLE, PROMPTS, QUESTION, Line, of, said
from voice import call_messages as m
from voice.call import Phase
from voice.ear import Onset, Paused, Started
from voice.endpointing import farewell
from voice.meaning import parts
from voice.patience import Patience
from voice.turn import Hearing

GOODBYE = Reply(Outcome.ANSWERED, control="goodbye", text="Merci de votre appel. Au revoir !")
PATIENCE = Patience()
THANKS = replace(QUESTION, text="Merci beaucoup, au revoir.")
HERE = replace(QUESTION, text="Oui, oui.")
UNCLEAR = replace(QUESTION, text="je les mais la", certainty="low")


def taking_leave() -> Line:
    """The bot has begun to say goodbye."""
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, GOODBYE))
    line(m.SpeakingStarted(line.call.serial))
    assert line.call.phase is Phase.LEAVING
    line.now += 2.0
    return line


def given_up() -> Line:
    """Nobody has spoken for so long that the bot is about to hang up."""
    line = Line().listening()
    while said(line.wait(PATIENCE.silence_seconds)) != [PROMPTS.silence_goodbye]:
        line.finish_speaking()
    assert line.call.phase is Phase.LEAVING
    return line


def over_it(line: Line) -> None:
    """The caller begins to speak, and the bot stops."""
    assert of(m.PauseTalking, line(Started(0.13))) or line.call.phase is Phase.LISTENING
    line(m.TalkPaused(line.call.serial, 1))
    line.now += 1.0


@pytest.mark.parametrize("hearing", [THANKS, MUMBLE, COUGH, UNCLEAR, None])
def test_a_farewell_or_a_noise_over_the_goodbye_does_not_keep_the_call(hearing: Hearing | None) -> None:
    line = taking_leave()
    over_it(line)
    done = line.pause_after(hearing) + line.wait(1.2)
    assert of(m.ResumeTalking, done)
    assert not of(m.Ask, done)
    assert of(m.HangUp, line(m.Said(line.call.serial)))
    assert line.call.end_reason == "goodbye"


def test_a_question_over_the_goodbye_is_answered() -> None:
    line = taking_leave()
    over_it(line)
    done = line.pause_after(replace(QUESTION, text="Attendez, c'est gratuit ?")) + line.wait(1.2)
    assert [ask.text for ask in of(m.Ask, done)] == ["Attendez, c'est gratuit ?"]
    assert of(m.StopTalking, done)
    line(m.Replied(2, Reply(Outcome.ANSWERED, text="Oui.")))
    line.finish_speaking()
    assert line.call.phase is Phase.LISTENING
    assert not of(m.HangUp, line.commands)


def test_who_still_speaks_when_the_goodbye_has_been_said_is_heard_out() -> None:
    line = taking_leave()
    over_it(line)
    assert not of(m.HangUp, line(m.Said(line.call.serial)))
    assert of(m.Ask, line.pause_after(QUESTION) + line.wait(1.2))
    assert not of(m.HangUp, line.commands)


def test_a_farewell_that_ends_after_the_goodbye_ends_the_call() -> None:
    line = taking_leave()
    over_it(line)
    line(m.Said(line.call.serial))
    assert of(m.HangUp, line.pause_after(THANKS) + line.wait(1.2))
    assert line.call.end_reason == "goodbye"


def test_an_onset_that_was_nothing_when_all_had_been_said_ends_the_call() -> None:
    line = taking_leave()
    line(Onset(-25.0))
    assert of(m.HangUp, line(m.Said(line.call.serial)))


def test_who_goes_on_over_a_goodbye_is_not_kept_longer_by_what_is_nothing() -> None:
    line = taking_leave()
    line(Onset(-25.0), m.TalkPaused(line.call.serial, 1))
    assert of(m.ResumeTalking, line(Paused(0.03, 0.06)))
    assert line.call.phase is Phase.LEAVING


def test_a_faint_sound_does_not_stop_the_goodbye() -> None:
    assert taking_leave()(Started(0.3, -50.0)) == []


@pytest.mark.parametrize("hearing", [HERE, QUESTION])
def test_who_answers_when_the_bot_gives_up_is_there_after_all(hearing: Hearing | None) -> None:
    line = given_up()
    over_it(line)
    assert of(m.Ask, line.pause_after(hearing) + line.wait(1.2))
    assert not of(m.HangUp, line.commands)


def test_who_is_not_understood_when_the_bot_gives_up_is_asked_again() -> None:
    line = given_up()
    over_it(line)
    assert PROMPTS.misheard in said(line.pause_after(UNCLEAR) + line.wait(1.2))
    assert not of(m.HangUp, line.commands)


def test_a_noise_when_the_bot_gives_up_does_not_hold_the_line() -> None:
    line = given_up()
    over_it(line)
    line.pause_after(COUGH)
    line.wait(1.2)
    assert line.call.phase is Phase.LEAVING
    assert of(m.HangUp, line(m.Said(line.call.serial)))
    assert line.call.end_reason == "silence"


def test_who_hangs_up_meanwhile_is_gone() -> None:
    line = taking_leave()
    over_it(line)
    line(m.HungUp("caller"))
    assert line.call.phase is Phase.ENDED


def test_a_call_that_lasted_too_long_is_not_prolonged() -> None:
    line = Line().speaking()
    line.now += PATIENCE.call_seconds
    line(m.Tick())
    assert line.call.phase is Phase.LEAVING
    assert line(Started(0.5)) == []


@pytest.mark.parametrize(
    ("text", "is_farewell"),
    [
        ("Merci, bonne journée à vous aussi !", True),
        ("D'accord, au revoir.", True),
        ("Merci, et pour le contrat ?", False),
        ("Un conseiller.", False),
    ],
)
def test_words_of_parting_are_told_from_others(text: str, is_farewell: bool) -> None:
    assert farewell(text) is is_farewell
    assert parts(replace(QUESTION, text=text), "goodbye") is is_farewell
