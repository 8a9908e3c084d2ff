"""What was unusual in a call, and what an operator can do about it. Pure: the rules of `guichet calls explain`.

A finding is made from what was measured and written down, never from what a caller said. The limits are those a
caller notices: from 0.8 s on people feel a wait as slow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.call_timeline import clock
from bot.store import ConversationRecord, HandoverRecord, NoteKind, TurnRecord
from bot.store.records import WAITING_STATES

SLOW_WAIT_MS = 1100
UNSURE = 0.5
# From how many milliseconds a step is slow, and what makes it so.
SLOW_STEPS = {
    "endpoint": (
        900,
        "the caller hesitated, or noise hid the end of the sentence: see conversation.turn_over_seconds",
    ),
    "transcription": (
        500,
        "others were waiting for the recogniser, or the machine is too slow for it: see guichet_speech_waiting in "
        "/metrics, speech.recogniser_workers, phone.max_calls and `guichet bench load`",
    ),
    "dialogue": (300, "Rasa is slow: see the load of the machine and `guichet bench latency`"),
    "synthesis": (
        400,
        "the sentence was not in the cache and had to be made: leave speech.prerender on, and let it finish before "
        "calls come (prerender.done in the log)",
    ),
}
_FAILURES = {
    NoteKind.RECOGNITION_FAILED: "the recogniser: `guichet models verify`, then call.recognition_failed in the log",
    NoteKind.DIALOGUE_FAILED: "no answer within dialogue.answer_timeout_seconds: /health names the part that is down, "
    "call.dialogue_failed in the log says why",
    NoteKind.SPEECH_FAILED: "the voice: `guichet voices verify`, then call.speech_failed in the log",
    NoteKind.TRANSFER_FAILED: "the person's line did not take the call: check phone.transfer_to (or the "
    "number of the agent who took it), and who answers there",
    NoteKind.BUSY_REFUSED: "all places were taken: raise phone.max_calls if `guichet bench load` says it can be borne",
    NoteKind.LINE_FAULT: "see sip.sound_gap in the log: the machine is too busy, or the network loses packets",
}
_ENDINGS = {
    "no_sound_received": "nothing came from the caller: open the UDP ports of phone.rtp_ports, and check what NAT does",
    "gateway_lost": "the service was lost during the call: see its log at that time",
    "line_lost": "the line's process was lost: see /health and the log",
    "line_stuck": "the line took no more sound: see loop.blocked in the log, and the load of the machine",
    "line_error": "the line failed: see the log at that time",
    "protocol_error": "the other side broke its protocol: see line.protocol_error in the log",
    "interrupted": "the service stopped, or was killed, during the call",
    "speech_unavailable": "the bot had lost its voice: `guichet doctor`",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One unusual thing: where in the call (empty: all of it), what it was, and the remedy (empty: none needed)."""

    where: str
    what: str
    remedy: str = ""


def findings(call: ConversationRecord, handover: HandoverRecord | None = None) -> list[Finding]:
    """The slowest step first (whenever a wait was measured), then whatever was unusual."""
    return [
        *_waits(call),
        *_misunderstandings(call),
        *_interruptions(call),
        *_failures(call),
        *_queue(call),
        *_ending(call, handover),
    ]


def _waits(call: ConversationRecord) -> Iterator[Finding]:
    """The slowest step of the call, slow or not; then every other turn whose wait a caller minds."""
    slowest = max(
        ((ms, name, turn) for turn in call.turns for name, ms in turn.segments.items()), default=None, key=_ms
    )
    if slowest is None:
        return
    ms, name, slowest_turn = slowest
    wait = sum(slowest_turn.segments.values())
    what = f"the slowest step of the call is {name}, {ms:.0f} ms of a wait of {wait:.0f} ms"
    yield Finding(f"turn {slowest_turn.number}", what, _causes(slowest_turn))
    for turn in call.turns:
        wait = sum(turn.segments.values())
        if wait > SLOW_WAIT_MS and turn is not slowest_turn:
            yield Finding(f"turn {turn.number}", f"the caller waited {wait:.0f} ms", _causes(turn))


def _ms(step: tuple[float, str, TurnRecord]) -> float:
    return step[0]


def _causes(turn: TurnRecord) -> str:
    return "; ".join(cause for name, (limit, cause) in SLOW_STEPS.items() if turn.segments.get(name, 0) > limit)


def _misunderstandings(call: ConversationRecord) -> Iterator[Finding]:
    silences = _times(call, NoteKind.SILENCE)
    if silences:
        yield Finding(
            ", ".join(silences),
            f"the caller stayed silent {_often(silences)}",
            "if it happens in many calls, one side does not hear the other: phone.rtp_ports open both ways? "
            "`guichet call --record` lets you listen",
        )
    misheard = _times(call, NoteKind.MISHEARD)
    if misheard:
        yield Finding(
            ", ".join(misheard),
            f"not understood {_often(misheard)}",
            "noise, a bad line, or words the recogniser lacks: add them to the pack (docs/speech.md)",
        )
    unsure = [
        turn
        for turn in call.turns
        if turn.heard and turn.heard_confidence is not None and turn.heard_confidence < UNSURE
    ]
    if unsure:
        yield Finding(_turns(unsure), "heard with little confidence", "compare what was heard with the other readings")
    lost = [turn for turn in call.turns if turn.outcome in ("abstained", "clarify") and turn.ranking]
    if len(lost) > 1:
        yield Finding(
            _turns(lost),
            "several questions were not answered at once",
            "if the subject exists, add these ways of asking to data/nlu and `guichet train`",
        )


def _interruptions(call: ConversationRecord) -> Iterator[Finding]:
    interrupted, resumed = _times(call, NoteKind.INTERRUPTED), _times(call, NoteKind.RESUMED)
    if len(interrupted) > 1:
        yield Finding(
            ", ".join(interrupted), f"the caller interrupted {_often(interrupted)}", "the answers may be too long"
        )
    if resumed:
        yield Finding(
            ", ".join(resumed),
            f"the bot stopped for nothing {_often(resumed)}",
            "echo or noise on the line was taken for speech",
        )


def _failures(call: ConversationRecord) -> Iterator[Finding]:
    for kind, remedy in _FAILURES.items():
        times = _times(call, kind)
        if times:
            yield Finding(", ".join(times), f"{kind.value.replace('_', ' ')} {_often(times)}", remedy)
    waited = _times(call, NoteKind.WAITING_WORD)
    if waited:
        yield Finding(", ".join(waited), f"something took so long that a word was said to wait by {_often(waited)}")


def _queue(call: ConversationRecord) -> Iterator[Finding]:
    queued, joined = _times(call, NoteKind.QUEUED), _times(call, NoteKind.JOINED)
    if queued and not joined and call.ended_reason != "transferred":
        yield Finding(
            queued[0],
            "the caller waited in the queue and no agent came on the line",
            "agents who take calls say so in the console; desk.call_wait_minutes is the longest wait",
        )
    lost = [clock(note.at_ms) for note in call.notes if note.kind is NoteKind.PARTED and note.detail == "lost"]
    if lost:
        yield Finding(
            ", ".join(lost),
            f"the agent was cut off {_often(lost)}",
            "the network between the agent's browser or telephone and the service",
        )


def _ending(call: ConversationRecord, handover: HandoverRecord | None) -> Iterator[Finding]:
    reason = call.ended_reason or ""
    if reason in _ENDINGS:
        yield Finding("the end", f"the call ended with {reason}", _ENDINGS[reason])
    elif reason == "silence":
        yield Finding("the end", "the bot hung up because nobody spoke")
    if handover and handover.state in WAITING_STATES:
        yield Finding("", f"a person was asked for ({handover.reason}) and nobody has taken it", "see GET /api/desk")


def _times(call: ConversationRecord, kind: NoteKind) -> list[str]:
    return [clock(note.at_ms) for note in call.notes if note.kind is kind]


def _turns(turns: list[TurnRecord]) -> str:
    return "turn" + ("s " if len(turns) > 1 else " ") + ", ".join(str(turn.number) for turn in turns)


def _often(times: list[str]) -> str:
    return "once" if len(times) == 1 else f"{len(times)} times"
