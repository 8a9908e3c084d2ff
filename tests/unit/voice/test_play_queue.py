"""What the caller is going to hear, and how far it has been played."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProtocolError
from voice.sip.play_queue import MAX_MARKS, MAX_QUEUED_BYTES, PlayQueue


def test_sound_comes_out_in_order_and_no_more_than_there_is() -> None:
    queue = PlayQueue()
    queue.add(b"abcd")
    queue.add(b"ef")
    assert [queue.take(4), queue.take(4), queue.take(4)] == [b"abcd", b"ef", b""]


def test_a_mark_is_due_only_when_the_sound_before_it_has_left_the_stack_too() -> None:
    queue = PlayQueue()
    queue.add(b"abcd")
    queue.mark("end")
    assert queue.due(0) == []
    queue.take(4)
    assert queue.due(unsent_bytes=2) == []
    assert queue.due(unsent_bytes=0) == ["end"]
    assert queue.due(unsent_bytes=0) == []


def test_a_mark_does_not_wait_for_sound_that_was_queued_after_it() -> None:
    queue = PlayQueue()
    queue.add(b"ab")
    queue.mark("first")
    queue.add(b"cd")
    queue.mark("second")
    queue.take(4)
    assert queue.due(unsent_bytes=2) == ["first"]
    assert queue.due(unsent_bytes=0) == ["second"]


def test_a_mark_with_nothing_before_it_is_due_at_once() -> None:
    queue = PlayQueue()
    queue.mark("nothing")
    assert queue.due(0) == ["nothing"]


def test_a_flush_forgets_the_sound_and_returns_every_mark() -> None:
    queue = PlayQueue()
    queue.add(b"abcd")
    queue.mark("one")
    queue.add(b"ef")
    queue.mark("two")
    queue.take(2)
    assert queue.flush() == ["one", "two"]
    assert queue.take(100) == b""
    assert queue.due(0) == []


def test_after_a_flush_new_marks_wait_for_new_sound() -> None:
    queue = PlayQueue()
    queue.add(b"abcd")
    queue.take(2)
    queue.flush()
    queue.add(b"xy")
    queue.mark("new")
    assert queue.due(0) == []
    assert queue.take(2) == b"xy"
    assert queue.due(0) == ["new"]


def test_a_sender_that_never_stops_is_a_protocol_error() -> None:
    queue = PlayQueue()
    queue.add(bytes(MAX_QUEUED_BYTES))
    with pytest.raises(ProtocolError):
        queue.add(b"xx")
    for number in range(MAX_MARKS):
        queue.mark(str(number))
    with pytest.raises(ProtocolError):
        queue.mark("one too many")


operations = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 50)),
    st.tuples(st.just("mark"), st.just(0)),
    st.tuples(st.just("take"), st.integers(1, 40)),
    st.tuples(st.just("flush"), st.just(0)),
)


@given(st.lists(operations, max_size=40))
def test_whatever_happens_every_mark_comes_back_once_and_in_order(script: list[tuple[str, int]]) -> None:
    queue, given_names, back = PlayQueue(), [], []
    for operation, amount in script:
        match operation:
            case "add":
                queue.add(bytes(amount))
            case "mark":
                given_names.append(str(len(given_names)))
                queue.mark(given_names[-1])
            case "take":
                queue.take(amount)
                back += queue.due(0)
            case "flush":
                back += queue.flush()
    while queue.take(100):
        pass
    assert back + queue.due(0) == given_names
