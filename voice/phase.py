"""What a call may be doing (`voice/call.py`). Pure."""

from __future__ import annotations

from enum import StrEnum

from voice.waiting import Outcome


class Phase(StrEnum):
    """What the call is doing. In GREETING the bot reads the notice, which speech does not interrupt."""

    RINGING = "ringing"
    GREETING = "greeting"
    SPEAKING = "speaking"
    LISTENING = "listening"
    THINKING = "thinking"
    WAITING = "waiting"
    WITH_AGENT = "with_agent"
    TRANSFERRING = "transferring"
    HELD = "held"
    LEAVING = "leaving"
    ENDED = "ended"


AT_DESK = frozenset({Phase.WAITING, Phase.WITH_AGENT})
BACK_WITH_THE_BOT = frozenset({Outcome.LEFT, Outcome.CALLBACK, Outcome.RETURNED, Outcome.ABANDONED})
NOT_HELD = frozenset({Phase.RINGING, Phase.TRANSFERRING, Phase.HELD, Phase.LEAVING, Phase.ENDED, *AT_DESK})
