"""How far ahead a line is sent sound, and when it has played it."""

from __future__ import annotations

from voice.lines.playout import AHEAD_SECONDS, ECHO_SECONDS, Ask, Playout, Say
from voice.sip.play_queue import PlayQueue

SECOND = bytes(16000)


def said_seconds(steps: list[Say | Ask]) -> float:
    return sum(len(step.pcm) for step in steps if isinstance(step, Say)) / 16000


def test_no_more_than_five_seconds_ahead() -> None:
    queue, playout = PlayQueue(), Playout()
    queue.add(20 * SECOND)
    first = said_seconds(list(playout.steps(queue, now=100)))
    assert AHEAD_SECONDS <= first < AHEAD_SECONDS + 0.3
    assert said_seconds(list(playout.steps(queue, now=100.02))) <= 0.2
    assert 0.7 < said_seconds(list(playout.steps(queue, now=101.02))) < 1.3


def test_a_short_end_becomes_a_whole_frame() -> None:
    queue, playout = PlayQueue(), Playout()
    queue.add(bytes(330))
    (step,) = playout.steps(queue, now=0)
    assert step == Say(bytes(640))


def test_a_mark_is_asked_for_after_its_sound_and_returned_by_its_echo() -> None:
    queue, playout = PlayQueue(), Playout()
    queue.add(SECOND)
    queue.mark("a name of any length that the session likes")
    *sound, ask = playout.steps(queue, now=0)
    assert said_seconds(sound) == 1
    assert isinstance(ask, Ask)
    assert len(ask.mark_id) < 10
    assert playout.overdue(now=1.5) == []
    assert playout.echoed("somebody else's") is None
    assert playout.echoed(ask.mark_id) == "a name of any length that the session likes"
    assert playout.echoed(ask.mark_id) is None
    assert playout.overdue(now=1000) == []


def test_a_lost_echo_is_not_waited_for_for_ever() -> None:
    queue, playout = PlayQueue(), Playout()
    queue.add(SECOND)
    queue.mark("m")
    list(playout.steps(queue, now=0))
    assert playout.overdue(now=1 + ECHO_SECONDS - 0.01) == []
    assert playout.overdue(now=1 + ECHO_SECONDS) == ["m"]


def test_a_line_without_marks_is_believed_to_play_on_time() -> None:
    queue, playout = PlayQueue(), Playout(echoes=False)
    queue.add(SECOND)
    queue.mark("m")
    list(playout.steps(queue, now=0))
    assert playout.overdue(now=0.99) == []
    assert playout.overdue(now=1.0) == ["m"]


def test_a_flush_forgets_the_far_buffer_and_returns_what_was_waited_for() -> None:
    queue, playout = PlayQueue(), Playout()
    queue.add(SECOND)
    queue.mark("first")
    queue.mark("second")
    *_, ask = playout.steps(queue, now=0)
    assert isinstance(ask, Ask)
    assert playout.flush() == ["first", "second"]
    assert playout.echoed(ask.mark_id) is None, "Twilio still echoes it"
    queue.add(bytes(320))
    queue.mark("third")
    list(playout.steps(queue, now=0.1))
    assert playout.overdue(now=0.1 + 0.02 + ECHO_SECONDS) == ["third"]


def test_silence_fills_the_time_between_sentences_where_it_must() -> None:
    queue, playout = PlayQueue(), Playout(fills_silence=True)
    ticks = [list(playout.steps(queue, now=5 + 0.02 * number)) for number in range(50)]
    assert 0.9 < said_seconds([step for steps in ticks for step in steps]) <= 1.02
    queue.add(SECOND)
    assert said_seconds(list(playout.steps(queue, now=6.1))) == 1, "no silence in the sentence"
    assert list(playout.steps(queue, now=6.5)) == []
    assert list(Playout().steps(queue, now=5)) == []
