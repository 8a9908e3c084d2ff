"""One call as a text that reads from top to bottom: what happened when, what was heard, why it was answered so.

Turns and notes share one time line. A turn stands where it was over, its answer spoken; its wait is drawn as the
contiguous segments that add up to it. Pure: the zone, the width and the colours come from outside.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from enum import Enum, auto

from bot.store import CallSummary, ConversationRecord, HandoverRecord, NoteKind, NoteRecord, TurnRecord

RANKING_SHOWN = 3
_NAME_CHARS = 10
_BAR_CHARS = 24
_INDENT = " " * 12
_SHORT_ID_CHARS = 8
_NOTED = {
    NoteKind.GREETED: "the greeting begins",
    NoteKind.SILENCE: "the caller stays silent",
    NoteKind.MISHEARD: "not understood",
    NoteKind.INTERRUPTED: "the caller interrupts the bot",
    NoteKind.RESUMED: "it was nothing: the bot goes on where it was",
    NoteKind.WENT_ON: "the caller goes on: one question, asked anew as a whole",
    NoteKind.WAITING_WORD: "a word to wait by",
    NoteKind.HELD: "the caller puts the bot on hold",
    NoteKind.RETRIEVED: "the caller is back",
    NoteKind.KEY: "key",
    NoteKind.TRANSFER: "transfer to a person",
    NoteKind.TRANSFER_FAILED: "the transfer failed",
    NoteKind.CALLBACK_PROMISED: "a callback is promised",
    NoteKind.LINK_SENT: "a link is sent",
    NoteKind.BUSY_REFUSED: "all places taken: politely refused",
    NoteKind.LINE_FAULT: "the line is at fault",
    NoteKind.RECOGNITION_FAILED: "the recogniser failed",
    NoteKind.DIALOGUE_FAILED: "the dialogue did not answer",
    NoteKind.SPEECH_FAILED: "the voice failed",
    NoteKind.QUEUED: "the caller waits in the desk's queue",
    NoteKind.JOINED: "a person is on the line",
    NoteKind.PARTED: "the person is off the line",
}


class Role(Enum):
    """What a piece of the text is, for whoever colours it."""

    TITLE = auto()
    WORDS = auto()
    FAINT = auto()
    TROUBLE = auto()


Paint = Callable[[str, Role], str]
_TROUBLES = frozenset(
    {
        NoteKind.TRANSFER_FAILED,
        NoteKind.BUSY_REFUSED,
        NoteKind.LINE_FAULT,
        NoteKind.RECOGNITION_FAILED,
        NoteKind.DIALOGUE_FAILED,
        NoteKind.SPEECH_FAILED,
    }
)


def plain(text: str, _role: Role) -> str:
    """No colours."""
    return text


def call_list(calls: Sequence[CallSummary], zone: tzinfo | None, paint: Paint = plain) -> list[str]:
    """One line a call, under a line of headings."""
    lines = [paint(f"{'call':8}  {'began':19}  {'lasted':>7}  turns  answered  {'person':<20}  ended", Role.FAINT)]
    for call in calls:
        lasted = "on" if call.seconds is None else clock(call.seconds * 1000)
        lines.append(
            f"{call.id[:_SHORT_ID_CHARS]}  {call.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {lasted:>7}"
            f"  {call.turns:5}  {call.answered:8}  {call.person or '':<20}  {shown(call.ended_reason or '')}".rstrip()
        )
    return lines


def timeline(
    call: ConversationRecord,
    handover: HandoverRecord | None = None,
    *,
    zone: tzinfo | None = None,
    width: int = 100,
    paint: Paint = plain,
) -> list[str]:
    """The lines of `guichet calls show`."""
    moments: list[tuple[float, int, list[str]]] = [
        (turn_ms(call, turn), 1, _turn(call, turn, width, paint)) for turn in call.turns
    ]
    moments += [(note.at_ms, 0, [_note(note, paint)]) for note in call.notes]
    moments.sort(key=lambda moment: moment[:2])
    return [*_heading(call, handover, zone, paint), "", *(line for *_, lines in moments for line in lines)]


def turn_ms(call: ConversationRecord, turn: TurnRecord) -> float:
    """When a turn was over, in milliseconds from the beginning of the call."""
    return max(0.0, (turn.at - call.started_at).total_seconds() * 1000)


def shown(text: str) -> str:
    """Text from outside, with nothing in it that a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def clock(milliseconds: float) -> str:
    """1:02.3 is a minute and 2.3 seconds."""
    tenths = round(milliseconds / 100)
    return f"{tenths // 600}:{tenths % 600 // 10:02}.{tenths % 10}"


def _heading(
    call: ConversationRecord, handover: HandoverRecord | None, zone: tzinfo | None, paint: Paint
) -> Iterator[str]:
    yield paint(f"Call {call.id}", Role.TITLE) + (
        paint(f"  line {shown(call.line_id)}", Role.FAINT) if call.line_id else ""
    )
    began = f"{call.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
    if call.ended_at is None:
        yield f"Began {began}, still on or cut off, {_count(call)}."
    else:
        lasted = clock((call.ended_at - call.started_at).total_seconds() * 1000)
        yield f"Began {began}, lasted {lasted}, {_count(call)}, ended: {shown(call.ended_reason or 'unknown')}."
    if handover:
        promised = ", a callback is promised" if handover.callback_number else ""
        yield f"A person was asked for: {handover.reason}, {handover.state}{promised}."


def _count(call: ConversationRecord) -> str:
    return f"{len(call.turns)} turn{'s' if len(call.turns) != 1 else ''}"


def _note(note: NoteRecord, paint: Paint) -> str:
    text = _NOTED[note.kind] + (f" ({shown(note.detail)})" if note.detail else "")
    return f"{clock(note.at_ms):>8}  {paint(text, Role.TROUBLE if note.kind in _TROUBLES else Role.FAINT)}"


def _turn(call: ConversationRecord, turn: TurnRecord, width: int, paint: Paint) -> list[str]:
    at = clock(turn_ms(call, turn))
    cut = paint(", cut short by the caller", Role.TROUBLE) if turn.interrupted else ""
    lines = [f"{at:>8}  {paint(f'turn {turn.number}', Role.TITLE)}{cut}"]
    if turn.key:
        lines.append(_field("key", shown(turn.key)))
    else:
        sure = "" if turn.heard_confidence is None else f"  {turn.heard_confidence:.2f}"
        heard = paint(f"« {shown(turn.heard)} »", Role.WORDS) if turn.heard else paint("(no words)", Role.TROUBLE)
        lines.append(_field("heard", heard + sure))
        lines += [_field("or", f"« {shown(one.text)} »  {one.confidence:.2f}") for one in turn.readings]
    if turn.intent:
        lines.append(_field("subject", f"{turn.intent}  {turn.confidence:.2f}"))
    if len(turn.ranking) > 1:
        best = ", ".join(f"{one.intent} {one.confidence:.2f}" for one in turn.ranking[:RANKING_SHOWN])
        lines.append(_field("ranking", best))
    lines.append(_field("decision", turn.outcome or "none"))
    if turn.choices:
        lines.append(_field("choices", ", ".join(choice.intent for choice in turn.choices)))
    lines += _said(turn.spoken, width, paint)
    return [*lines, *_wait(turn, paint)]


def _said(spoken: str, width: int, paint: Paint) -> list[str]:
    room = max(30, width - len(_INDENT) - _NAME_CHARS - 1)
    wrapped = textwrap.wrap(shown(" ".join(spoken.split())), room) or ["(nothing)"]
    return [_field("" if number else "said", paint(line, Role.WORDS)) for number, line in enumerate(wrapped)]


def _wait(turn: TurnRecord, paint: Paint) -> list[str]:
    if not turn.segments:
        return []
    total = sum(turn.segments.values())
    name_chars = max(map(len, turn.segments))
    lines = [_field("wait", f"{total:.0f} ms")]
    for name, milliseconds in turn.segments.items():
        bar = "▇" * max(1, round(_BAR_CHARS * milliseconds / total)) if milliseconds and total else ""
        lines.append(_field("", f"{name:{name_chars}} {milliseconds:6.0f} {paint(bar, Role.FAINT)}".rstrip()))
    return lines


def _field(name: str, text: str) -> str:
    return f"{_INDENT}{name:{_NAME_CHARS}} {text}"
