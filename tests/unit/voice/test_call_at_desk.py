"""What a caller lives through who waits for a person in the desk's queue, and who then speaks with one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue import Outcome, Reply
from tests.unit.voice.test_call import (
    ANSWER,
    CALLABLE,
    DESK_EVENTS,
    EVENTS,
    PROMPTS,
    QUESTION,
    SHUT,
    Line,
    of,
    said,
)
from tests.unit.voice.test_joining import FakeAgentLeg
from voice import call_messages as m
from voice.agent_leg import AgentLeg
from voice.call import Phase
from voice.call_messages import DeskNews, DeskState
from voice.ear import Paused, Started
from voice.patience import Patience
from voice.to_a_person import Possible

DESK = Possible(has_desk=True)
WITH_CALLBACK = replace(CALLABLE, has_desk=True)
PATIENCE = Patience()
TAKEN = m.DeskSaid(DeskState.TAKEN, agent="Jeanne D.")
MUSIC = m.PlayMusic()


def queued(place: int | None = 1, wait: int | None = None) -> m.DeskSaid:
    return m.DeskSaid(DeskState.QUEUED, place=place, wait_seconds=wait)


def asking(possible: Possible = DESK) -> Line:
    """A caller who has just pressed 0."""
    line = Line(possible).listening()
    line(m.KeyPressed("0"))
    assert line.call.phase is Phase.WAITING
    return line


def waiting(possible: Possible = DESK, place: int = 3) -> Line:
    """In the queue, with music."""
    line = asking(possible)
    line.finish_speaking()
    line(queued(place))
    line.finish_speaking()
    return line


def joined(possible: Possible = DESK) -> tuple[Line, FakeAgentLeg]:
    """With a person."""
    line, leg = waiting(possible), FakeAgentLeg()
    line(TAKEN)
    line.finish_speaking()
    line(m.AgentOnLine(leg))
    assert line.call.phase is Phase.WITH_AGENT
    return line, leg


def told(commands: list[m.Command]) -> list[DeskNews]:
    return [command.what for command in commands if isinstance(command, m.TellDesk)]


# Into the queue


def test_a_waiting_word_that_ends_before_the_desk_speaks_is_not_the_answer_that_is_kept() -> None:
    line = Line(DESK).listening()
    line.caller_says(QUESTION)
    assert set(said(line.wait(PATIENCE.waiting_word_seconds))) & set(PROMPTS.waiting)
    line(m.Replied(line.call.turn, Reply(Outcome.HANDOVER)))
    line.finish_speaking()
    assert kept(line) == []
    line(queued(1))
    line.finish_speaking()
    ((_, spoken),) = kept(line)
    assert spoken.startswith(PROMPTS.desk_queued)


def test_who_wants_a_person_hears_that_one_is_looked_for_unless_the_desk_answers_at_once() -> None:
    line = Line(WITH_CALLBACK).listening()
    done = line(m.KeyPressed("0"))
    assert said(done) == []
    assert of(m.AskDesk, done) == [m.AskDesk("key")]
    assert not of(m.RequestPerson, done)
    assert said(line.wait(PATIENCE.desk_word_seconds)) == [PROMPTS.desk_looking]
    assert said(line.wait(PATIENCE.desk_seconds / 2)) == []


def asked_in_words(possible: Possible = DESK) -> Line:
    """A caller who has said that they want a person, before the desk answers."""
    line = Line(possible).listening()
    line.caller_says(QUESTION)
    done = line(m.Replied(1, Reply(Outcome.HANDOVER, text="Je vous passe un conseiller.")))
    assert of(m.AskDesk, done) == [m.AskDesk("asked")]
    return line


def kept(line: Line) -> list[tuple[str, str]]:
    """What was heard and what was answered, of all turns written down."""
    return [(one.turn.heard, one.turn.spoken) for one in line.commands if isinstance(one, m.KeepTurn)]


QUEUE_WORDS = f"{PROMPTS.desk_queued} Le prochain. {PROMPTS.desk_keys}"
NOBODY_WORDS = f"{PROMPTS.desk_nobody} {PROMPTS.person_requested}"


@pytest.mark.parametrize(
    ("slow", "answer", "heard_first"),
    [
        (True, queued(), PROMPTS.desk_looking),
        (False, queued(), QUEUE_WORDS),
        (False, TAKEN, PROMPTS.desk_taken),
        (False, m.DeskSaid(DeskState.REFUSED, "nobody"), NOBODY_WORDS),
        (True, m.DeskSaid(DeskState.REFUSED, "nobody"), PROMPTS.desk_looking),
    ],
)
def test_who_asks_in_words_waits_in_the_same_queue_and_the_turn_is_kept_with_what_is_said_first(
    slow: bool, answer: m.Event, heard_first: str
) -> None:
    line = asked_in_words()
    if slow:
        line.wait(PATIENCE.desk_word_seconds)
    line(answer)
    line.finish_speaking()
    assert kept(line) == [("Comment adhérer ?", heard_first)]


def test_the_turn_of_who_is_joined_before_a_word_is_said_is_kept() -> None:
    line = asked_in_words()
    line(m.AgentOnLine(FakeAgentLeg()))
    assert kept(line) == [("Comment adhérer ?", "")]


def test_a_caller_who_falls_silent_is_put_into_the_queue() -> None:
    line = Line(DESK).speaking()
    line.finish_speaking()
    for _ in range(3):
        line.wait(8)
        line.finish_speaking()
    assert of(m.AskDesk, line.commands) == [m.AskDesk("silence")]


@pytest.mark.parametrize("possible", [DESK, WITH_CALLBACK, Possible(can_transfer=True)])
def test_a_silent_caller_for_whom_nobody_comes_is_asked_for_once_and_then_hears_goodbye(possible: Possible) -> None:
    line = Line(possible).speaking()
    line.finish_speaking()
    for _ in range(20):
        line.wait(8)
        line.finish_speaking()
        line(m.DeskSaid(DeskState.REFUSED, "nobody"), m.TransferRefused("486"))
        line.finish_speaking()
    assert len(of(m.AskDesk, line.commands) + of(m.Transfer, line.commands)) == 1
    assert said(line.commands)[-1] == PROMPTS.silence_goodbye
    assert line.call.phase is Phase.ENDED


@pytest.mark.parametrize(
    ("back", "first_word"),
    [
        (m.KeyPressed("*"), PROMPTS.silence[0]),
        (m.KeyPressed("1"), PROMPTS.callback_offer),
        (m.DeskSaid(DeskState.RETURNED), PROMPTS.silence[0]),
    ],
)
def test_who_comes_back_from_the_queue_is_silent_for_the_first_time(back: m.Event, first_word: str) -> None:
    line = Line(WITH_CALLBACK).speaking()
    line.finish_speaking()
    for _ in range(3):
        line.wait(8)
        line.finish_speaking()
    line(queued(1), back)
    line.finish_speaking()
    assert said(line.wait(8)) == [first_word]
    line.finish_speaking()
    assert said(line.wait(8)) == [PROMPTS.silence[1]]


@pytest.mark.parametrize(
    ("place", "wait", "words"),
    [
        (1, None, ["Le prochain."]),
        (2, 40, ["Une personne avant.", "Moins d'une minute."]),
        (3, 60, ["2 personnes avant.", "Moins d'une minute."]),
        (12, 61, ["11 personnes avant.", "2 minutes."]),
        (None, None, []),
    ],
)
def test_the_place_and_the_wait_are_said_as_far_as_they_are_known(
    place: int | None, wait: int | None, words: list[str]
) -> None:
    done = asking()(queued(place, wait))
    assert said(done) == [PROMPTS.desk_queued, *words, PROMPTS.desk_keys]
    assert done[-1] == MUSIC


def test_a_callback_is_offered_on_a_key_only_where_it_can_be_promised() -> None:
    assert said(asking(WITH_CALLBACK)(queued()))[-1] == PROMPTS.desk_keys_callback
    assert said(asking()(queued()))[-1] == PROMPTS.desk_keys


def test_every_half_minute_the_caller_hears_where_they_are_and_now_and_then_the_keys() -> None:
    line = waiting(WITH_CALLBACK)
    heard = [said(line.wait(PATIENCE.queue_word_seconds)) for _ in range(4)]
    word = ["2 personnes avant.", PROMPTS.desk_patience]
    assert heard == [word, word, word, [*word, PROMPTS.desk_keys_callback]]
    assert line.commands[-1] == MUSIC


def test_a_better_place_is_told_sooner_but_not_at_every_step() -> None:
    line = waiting(place=5)
    line.now += 2
    assert said(line(queued(4)) + line.wait(5)) == []
    line(queued(3))
    assert said(line.wait(PATIENCE.queue_better_seconds - 6)) == ["2 personnes avant.", PROMPTS.desk_patience]
    line.now += PATIENCE.queue_better_seconds
    assert said(line(queued(2)) + line.wait(0.1)) == ["Une personne avant.", PROMPTS.desk_patience]
    line.now += PATIENCE.queue_better_seconds
    assert said(line(queued(3)) + line.wait(1)) == []  # a worse one is in no hurry


def test_while_waiting_nobody_listens_and_silence_is_no_reason_to_hang_up() -> None:
    line = waiting()
    assert line(Started(0.5), Paused(0.5)) == []
    done = line.wait(PATIENCE.silence_seconds * 4)
    assert not of(m.Transcribe, done)
    assert not of(m.HangUp, done)
    assert PROMPTS.silence[0] not in said(done)


@pytest.mark.parametrize("key", "023456789#")
def test_keys_that_mean_nothing_while_waiting_are_harmless(key: str) -> None:
    assert [waiting()(m.KeyPressed(key)) for _ in range(3)] == [[]] * 3


def test_star_leads_back_to_the_bot() -> None:
    line = waiting()
    done = line(m.KeyPressed("*"))
    assert of(m.LeaveDesk, done) == [m.LeaveDesk()]
    assert said(done) == [PROMPTS.desk_left]
    line.finish_speaking()
    assert of(m.Ask, line.caller_says(QUESTION))


def test_key_1_leaves_the_queue_for_a_promised_callback_and_the_request_stays_listed() -> None:
    line = waiting(WITH_CALLBACK)
    done = line(m.KeyPressed("1"))
    assert [one for one in done if isinstance(one, m.LeaveDesk | m.RequestPerson)] == [
        m.LeaveDesk(listed=True),
        m.RequestPerson("key"),
    ]
    assert said(done) == [PROMPTS.callback_offer]
    assert of(m.PromiseCallback, line(m.KeyPressed("1"))) == [m.PromiseCallback("+33612345678")]
    line.finish_speaking()
    line(m.KeyPressed("0"))
    assert said(line(queued()))[-1] == PROMPTS.desk_keys  # promised once


def test_key_1_means_nothing_where_nobody_calls_back() -> None:
    assert waiting()(m.KeyPressed("1")) == []


def test_who_has_waited_too_long_is_offered_a_callback() -> None:
    line = waiting(WITH_CALLBACK)
    done = line.wait(PATIENCE.call_wait_seconds)
    assert said(done)[-2:] == [PROMPTS.desk_waited, PROMPTS.callback_offer]
    assert of(m.LeaveDesk, done) == [m.LeaveDesk(listed=True)]  # listed though the store be away: they were told so
    assert of(m.RequestPerson, done) == [m.RequestPerson("key")]


def test_who_has_waited_too_long_is_passed_on_by_the_line_where_there_is_one() -> None:
    line = waiting(replace(WITH_CALLBACK, can_transfer=True))
    assert said(line.wait(PATIENCE.call_wait_seconds))[-1] == PROMPTS.transferring
    assert of(m.Transfer, line.finish_speaking()) == [m.Transfer()]


# Nobody there


def test_when_nobody_is_there_a_callback_is_offered_and_the_desk_keeps_its_request() -> None:
    line = asking(WITH_CALLBACK)
    assert said(line(m.DeskSaid(DeskState.REFUSED, "nobody"))) == [PROMPTS.desk_nobody, PROMPTS.callback_offer]
    assert not of(m.RequestPerson, line.commands)
    assert not of(m.LeaveDesk, line.commands)


def test_when_nobody_is_there_the_line_passes_the_call_on_if_it_can() -> None:
    line = asking(replace(DESK, can_transfer=True))
    assert said(line(m.DeskSaid(DeskState.REFUSED, "full"))) == [PROMPTS.transferring]
    assert of(m.Transfer, line.finish_speaking()) == [m.Transfer()]
    assert said(line(m.TransferRefused("486")))[0] == PROMPTS.transfer_failed


def test_when_the_desk_ends_the_wait_the_caller_is_told_and_stays_listed() -> None:
    line = waiting()
    done = line(m.DeskSaid(DeskState.REFUSED, "nobody"))
    assert said(done) == [PROMPTS.desk_waited, PROMPTS.person_requested]
    assert not of(m.RequestPerson, done)
    assert not of(m.LeaveDesk, done)


def test_while_closed_the_desk_is_not_asked() -> None:
    line = Line(replace(WITH_CALLBACK, closed=lambda: SHUT)).listening()
    done = line(m.KeyPressed("0"))
    assert said(done)[0] == PROMPTS.closed
    assert not of(m.AskDesk, done)
    assert of(m.RequestPerson, done)


def test_who_waits_at_closing_time_hears_the_hours_and_not_that_nobody_is_free() -> None:
    is_closed = False
    line = waiting(replace(WITH_CALLBACK, closed=lambda: SHUT if is_closed else None))
    is_closed = True
    heard = said(line(m.DeskSaid(DeskState.REFUSED, "closed")))
    assert heard[0] == PROMPTS.closed
    assert PROMPTS.desk_nobody not in heard


@pytest.mark.parametrize("silent", [True, False])
def test_a_desk_that_does_not_answer_is_given_up_and_the_request_is_made_all_the_same(silent: bool) -> None:
    line = asking(WITH_CALLBACK)
    line.wait(PATIENCE.desk_word_seconds)
    line.finish_speaking()
    unavailable = m.DeskSaid(DeskState.REFUSED, "unavailable")
    done = line.wait(PATIENCE.desk_seconds) if silent else line(unavailable)
    assert said(done) == [PROMPTS.desk_nobody, PROMPTS.callback_offer]
    assert of(m.RequestPerson, done) == [m.RequestPerson("key")]
    # A late answer must not find a caller who waits no more.
    assert of(m.LeaveDesk, done) == [m.LeaveDesk(listed=True)] * silent
    assert line(queued(), TAKEN) == []


def test_what_the_desk_says_of_an_earlier_request_ends_nothing() -> None:
    line = asking()
    for state in (DeskState.GONE, DeskState.RETURNED, DeskState.CLOSED):
        assert line(m.DeskSaid(state)) == []
    assert said(line(queued()))[0] == PROMPTS.desk_queued


# A person


def test_who_is_taken_hears_so_at_once_and_then_the_person() -> None:
    line, leg = waiting(), FakeAgentLeg()
    done = line(TAKEN)
    assert done[0] == m.StopTalking()
    assert said(done) == [PROMPTS.desk_taken]
    done = line(m.AgentOnLine(leg))
    assert [one for one in done if not isinstance(one, m.Note)] == [
        m.StopTalking(),
        m.Join(leg),
        m.TellDesk(DeskNews.JOINED),
    ]
    assert line.call.phase is Phase.WITH_AGENT


def test_a_person_who_is_quicker_than_the_desk_s_word_is_joined() -> None:
    line, leg = waiting(), FakeAgentLeg()
    assert of(m.Join, line(m.AgentOnLine(leg)))
    assert line(TAKEN) == []
    assert line(m.AgentOnLine(leg)) == []  # told twice


def test_a_person_who_never_comes_on_the_line_is_reported_and_the_caller_keeps_waiting() -> None:
    line = waiting()
    line(TAKEN)
    line.finish_speaking()
    done = line.wait(PATIENCE.agent_seconds)
    assert told(done) == [DeskNews.ABSENT]
    assert said(done) == [PROMPTS.desk_again, PROMPTS.desk_keys]
    line.now += PATIENCE.queue_better_seconds
    assert said(line(queued(1)) + line.wait(0.1)) == ["Le prochain.", PROMPTS.desk_patience]
    assert said(line(TAKEN)) == [PROMPTS.desk_taken]


def test_a_person_who_chooses_another_way_to_come_has_as_long_again() -> None:
    line = waiting()
    line(TAKEN)
    line.finish_speaking()
    assert line.wait(PATIENCE.agent_seconds - 5) == []
    assert line(TAKEN) == []
    assert line.wait(PATIENCE.agent_seconds - 5) == []
    assert told(line.wait(5)) == [DeskNews.ABSENT]


def test_when_nobody_comes_after_the_longest_wait_the_caller_is_not_kept() -> None:
    line = waiting(WITH_CALLBACK)
    line.wait(PATIENCE.call_wait_seconds - 20)
    line(TAKEN)
    done = line.wait(PATIENCE.agent_seconds)
    assert told(done) == [DeskNews.ABSENT]
    assert said(done) == [PROMPTS.desk_waited, PROMPTS.callback_offer]


def test_with_a_person_keys_and_speech_are_theirs() -> None:
    line, _ = joined()
    assert [line(m.KeyPressed(key)) for key in "0123456789*#"] == [[]] * 12
    assert line(Started(0.5), Paused(0.5), m.Tick()) == []


def test_a_conversation_with_a_person_is_as_long_as_it_takes() -> None:
    line, _ = joined()
    assert line.wait(PATIENCE.call_seconds * 2) == []
    line(m.DeskSaid(DeskState.RETURNED))
    line.finish_speaking()
    assert said(line.wait(PATIENCE.silence_seconds)) == [PROMPTS.silence[0]]  # a person's time is not the bot's


def test_the_time_with_a_person_and_in_the_queue_is_not_the_bot_s_however_it_ends() -> None:
    line, _ = joined()
    line.wait(PATIENCE.call_seconds)
    line(queued(1))
    line.wait(PATIENCE.call_wait_seconds / 2)
    line(m.KeyPressed("*"))
    line.finish_speaking()
    assert said(line.wait(PATIENCE.silence_seconds)) == [PROMPTS.silence[0]]


@pytest.mark.parametrize("back", [m.KeyPressed("*"), m.DeskSaid(DeskState.RETURNED)])
def test_the_bot_s_own_time_is_limited_however_often_a_person_is_asked_for(back: m.Event) -> None:
    line = Line(DESK).listening()
    for _ in range(2):
        line.now += PATIENCE.call_seconds / 2 + 1
        assert line.call.phase is Phase.LISTENING
        line(m.KeyPressed("0"), queued(1), back)
        line.finish_speaking()
    assert said(line(m.Tick())) == [PROMPTS.goodbye]
    assert line.call.end_reason == "too_long"


def test_a_call_that_everybody_has_forgotten_ends() -> None:
    line, _ = joined()
    done = line.wait(PATIENCE.with_agent_seconds)
    assert of(m.Part, done)
    assert of(m.HangUp, done)
    assert line.call.end_reason == "too_long"


def test_on_hold_the_caller_hears_music_and_then_the_person_again() -> None:
    line, leg = joined()
    done = line(m.HoldAsked(True))
    assert done[:2] == [m.Part(hang_up=False), MUSIC]
    assert told(done) == [DeskNews.HELD]
    assert line(m.HoldAsked(True)) == []
    done = line(m.HoldAsked(False))
    assert done[:2] == [m.StopTalking(), m.Join(leg)]
    assert told(done) == [DeskNews.JOINED]


def test_an_agent_s_page_that_is_loaded_anew_leaves_the_caller_where_they_were() -> None:
    line, _ = joined()
    again = FakeAgentLeg()
    assert of(m.Join, line(m.AgentOnLine(again))) == [m.Join(again)]
    line(m.HoldAsked(True))
    third = FakeAgentLeg()
    assert line(m.AgentOnLine(third)) == [m.Join(third), m.Part(hang_up=False)]
    assert of(m.Join, line(m.HoldAsked(False))) == [m.Join(third)]


def test_given_back_to_the_bot_the_caller_is_told_and_heard() -> None:
    line, _ = joined()
    done = line(m.DeskSaid(DeskState.RETURNED))
    assert of(m.Part, done) == [m.Part()]
    assert said(done) == [PROMPTS.desk_returned]
    line.finish_speaking()
    assert of(m.Ask, line.caller_says(QUESTION))


def test_when_the_person_has_finished_the_call_ends() -> None:
    line, _ = joined()
    done = line(m.DeskSaid(DeskState.CLOSED))
    assert [one for one in done if not isinstance(one, m.Note)] == [m.Part(), m.HangUp()]
    assert line.call.end_reason == "agent"


def test_a_person_who_puts_the_telephone_down_ends_the_call() -> None:
    line, leg = joined()
    done = line(m.AgentGone(leg, "hung_up"))
    assert told(done) == [DeskNews.HUNG_UP]
    assert of(m.HangUp, done)
    assert line.call.end_reason == "agent"


def test_a_person_who_is_cut_off_is_waited_for_and_goes_on() -> None:
    line, leg = joined()
    done = line(m.AgentGone(leg, "lost"))
    assert said(done) == [PROMPTS.desk_lost]
    assert done[-1] == MUSIC
    line.now += 5
    back = FakeAgentLeg()
    assert of(m.Join, line(m.AgentOnLine(back))) == [m.Join(back)]
    assert line(m.AgentGone(leg, "hung_up")) == []  # of the leg that is no longer


def test_a_person_who_stays_cut_off_is_reported_and_another_one_is_looked_for() -> None:
    line, leg = joined()
    line.wait(PATIENCE.call_wait_seconds)
    line(m.AgentGone(leg, "lost"))
    line.finish_speaking()
    done = line.wait(PATIENCE.agent_back_seconds)
    assert told(done) == [DeskNews.LOST]
    assert said(done)[0] == PROMPTS.desk_again
    assert line.call.phase is Phase.WAITING
    assert not of(m.HangUp, line.wait(PATIENCE.call_wait_seconds / 2))  # the wait counts anew


def test_handed_on_to_somebody_else_the_caller_waits_again_and_is_taken_again() -> None:
    line, _ = joined()
    done = line(queued(1))
    assert of(m.Part, done) == [m.Part()]
    assert said(done)[:2] == [PROMPTS.desk_again, "Le prochain."]
    second = FakeAgentLeg()
    line(m.DeskSaid(DeskState.TAKEN, agent="Paul"))
    assert of(m.Join, line(m.AgentOnLine(second))) == [m.Join(second)]


def test_somebody_else_at_once_parts_from_the_first() -> None:
    line, _ = joined()
    done = line(m.DeskSaid(DeskState.TAKEN, agent="Paul"))
    assert of(m.Part, done) == [m.Part()]
    assert said(done) == [PROMPTS.desk_taken]
    assert line.call.phase is Phase.WAITING


def test_it_works_a_second_and_a_third_time() -> None:
    line = Line(DESK).listening()
    for _ in range(3):
        line(m.KeyPressed("0"), queued(1), TAKEN, m.AgentOnLine(FakeAgentLeg()))
        assert line.call.phase is Phase.WITH_AGENT
        line(m.DeskSaid(DeskState.RETURNED))
        line.finish_speaking()
        line.caller_says(QUESTION)
        line(m.Replied(line.call.turn, ANSWER))
        line.finish_speaking()
        assert line.call.phase is Phase.LISTENING
    assert len(of(m.AskDesk, line.commands)) == 3


def test_an_answer_of_the_bot_that_comes_while_the_caller_waits_is_not_spoken() -> None:
    line = Line(DESK).listening()
    line.caller_says(QUESTION)
    turn = line.call.turn
    line(m.KeyPressed("0"))
    line(m.KeyPressed("*"))
    line.finish_speaking()
    assert line(m.Replied(turn, ANSWER)) == []


# Passed on by the line to whoever took it


def test_the_line_passes_the_call_on_to_whoever_took_it_once_the_words_are_said() -> None:
    line = waiting()
    line(TAKEN)
    assert not of(m.Transfer, line(m.TransferAsked("sip:12@pbx")))
    assert of(m.Transfer, line.finish_speaking()) == [m.Transfer("sip:12@pbx")]
    done = line(m.HungUp("transferred"))
    assert told(done) == [DeskNews.TRANSFERRED]
    assert line.call.end_reason == "transferred"


def test_a_person_who_is_on_the_line_passes_the_call_on_at_once() -> None:
    line = waiting()
    line(TAKEN, m.AgentOnLine(FakeAgentLeg()))  # the words were cut off by the person's own
    done = line(m.TransferAsked("sip:12@pbx"))
    assert of(m.Part, done) == [m.Part()]
    assert of(m.Transfer, done) == [m.Transfer("sip:12@pbx")]


@pytest.mark.parametrize("answer", [m.TransferRefused("486"), None])
def test_a_telephone_that_does_not_take_it_is_reported_and_the_caller_keeps_waiting(answer: m.Event | None) -> None:
    line, _ = joined()
    line.wait(PATIENCE.call_wait_seconds)
    line(m.TransferAsked("sip:12@pbx"))
    done = line(answer) if answer else line.wait(PATIENCE.transfer_seconds)
    assert told(done) == [DeskNews.TRANSFER_FAILED]
    assert PROMPTS.desk_again in said(done)
    assert line.call.phase is Phase.WAITING


def test_a_caller_who_hangs_up_while_being_passed_on_was_not_passed_on() -> None:
    line, _ = joined()
    line(m.TransferAsked("sip:12@pbx"))
    assert told(line(m.HungUp("caller"))) == []


# Hanging up, hold, a lost voice, and a full house


@pytest.mark.parametrize("stage", ["asking", "waiting", "taken", "joined", "on_hold", "lost"])
def test_a_caller_may_hang_up_at_any_moment(stage: str) -> None:
    line, leg = (asking(), None) if stage == "asking" else (waiting(), None) if stage == "waiting" else joined()
    if stage == "taken":
        line = waiting()
        line(TAKEN)
    if stage == "on_hold":
        line(m.HoldAsked(True))
    if stage == "lost" and leg is not None:
        line(m.AgentGone(leg, "lost"))
    done = line(m.HungUp("caller"))
    assert not of(m.LeaveDesk, done)  # it becomes a missed call, not a withdrawn one
    assert line.call.phase is Phase.ENDED
    assert line.call.end_reason == "caller"
    assert line(m.AgentOnLine(FakeAgentLeg()), queued(), m.Tick()) == []


def test_a_caller_who_puts_us_on_hold_keeps_their_place() -> None:
    line = waiting()
    assert of(m.StopTalking, line(m.PutOnHold())) == []
    assert said(line(TAKEN)) == [PROMPTS.desk_taken]
    assert of(m.Join, line(m.AgentOnLine(FakeAgentLeg())))
    line(m.TakenBack())
    assert line.call.phase is Phase.WITH_AGENT


def test_a_caller_who_comes_back_hears_the_latest_word_and_not_all_of_them() -> None:
    line = waiting()
    line(m.PutOnHold())
    done = line.wait(PATIENCE.queue_word_seconds * 3)
    assert [type(one) for one in done] == [m.StopTalking, m.Say, m.PlayMusic] * 3


def test_what_is_to_be_said_at_the_end_of_the_wait_is_said_when_the_caller_is_back() -> None:
    line = waiting(WITH_CALLBACK)
    line(m.PutOnHold())
    line(m.DeskSaid(DeskState.REFUSED, "nobody"))
    assert said(line.wait(PATIENCE.silence_seconds * 5)) == []
    assert said(line(m.TakenBack())) == [PROMPTS.desk_waited, PROMPTS.callback_offer]


def test_a_bot_that_has_lost_its_voice_still_finds_a_person() -> None:
    line = Line(DESK).speaking()
    done = line(m.Said(line.call.serial, failed=True))
    assert of(m.AskDesk, done) == [m.AskDesk("speech_unavailable")]
    line(m.Said(line.call.serial, failed=True), queued(1), m.Said(line.call.serial, failed=True))
    assert of(m.Join, line(m.AgentOnLine(FakeAgentLeg())))


def test_a_bot_that_has_lost_its_voice_and_finds_nobody_hangs_up() -> None:
    line = Line(DESK).speaking()
    line(m.Said(line.call.serial, failed=True), m.DeskSaid(DeskState.REFUSED, "nobody"))
    assert of(m.HangUp, line(m.Said(line.call.serial, failed=True)))


def test_when_all_places_are_taken_the_desk_s_queue_is_no_way_around() -> None:
    line = Line(DESK)
    assert said(line(m.CallAnswered(m.Opening.BUSY))) == [PROMPTS.all_busy]
    assert not of(m.AskDesk, line.commands)


@given(st.lists(st.tuples(EVENTS | DESK_EVENTS, st.floats(0, 20)), max_size=60), st.booleans())
@settings(max_examples=500, deadline=None)
def test_whatever_happens_a_caller_with_a_person_hears_nobody_else_and_is_never_left_alone(
    events: list[tuple[m.Event, float]], can_call_back: bool
) -> None:
    """Nothing is said or played over a person who is on the line: they are parted from first."""
    line = waiting(replace(WITH_CALLBACK, can_call_back=can_call_back))
    person: AgentLeg | None = None
    for event, seconds in events:
        line.now += seconds
        if isinstance(event, m.AgentGone) and event.leg is person:
            person = None
        for command in line(event):
            match command:
                case m.Join(leg=leg):
                    person = leg
                case m.Part() | m.HangUp():
                    person = None
                case m.Say() | m.PlayMusic() | m.Listen():
                    assert person is None
        assert line.call.phase is Phase.ENDED or line.call.wake_at is not None
    for _ in range(50):
        if line.call.phase not in (Phase.WAITING, Phase.WITH_AGENT):
            break
        line.wait(PATIENCE.with_agent_seconds)
        line.finish_speaking()
    assert line.call.phase not in (Phase.WAITING, Phase.WITH_AGENT)
