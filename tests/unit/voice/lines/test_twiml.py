"""What Twilio does after the stream."""

from __future__ import annotations

from voice.lines.ledger import Ending, Next
from voice.lines.twiml import after_the_stream

HANG_UP = "<Response><Hangup/></Response>"


def test_after_a_goodbye_the_call_ends() -> None:
    assert after_the_stream(Ending(Next.END, "bot"), "sip:people@pbx.example") == HANG_UP


def test_who_asked_for_a_person_is_passed_on() -> None:
    ending = Ending(Next.PERSON, "transferred", "sip:200@pbx.example;transport=tls?a=1&b=2")
    assert after_the_stream(ending, "") == (
        "<Response><Dial><Sip>sip:200@pbx.example;transport=tls?a=1&amp;b=2</Sip></Dial></Response>"
    )
    assert after_the_stream(Ending(Next.PERSON, "transferred", "tel:+33199001234"), "") == (
        "<Response><Dial><Number>+33199001234</Number></Dial></Response>"
    )


def test_after_a_fault_the_caller_goes_to_people_where_there_are_any() -> None:
    assert "sip:people@pbx.example" in after_the_stream(Ending(Next.FAILED, "gateway_lost"), "sip:people@pbx.example")
    assert after_the_stream(Ending(Next.FAILED, "gateway_lost"), "") == HANG_UP
