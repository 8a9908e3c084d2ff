"""What the desk refuses to an agent, each with the `code` of docs/desk.md. The texts are in the pack."""

from __future__ import annotations

from bot.errors import BadMessage, Conflict, UnknownConversation


class NotNow(Conflict):
    """It does not fit how things stand."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The desk refuses this now: {code}.")
        self.code = code


class AgentBusy(NotNow):
    """The agent has been given something else meanwhile: a caller ("on_a_call"), or what their capacity allows."""


class BadWay(BadMessage):
    """An agent may not take a call in this way here."""

    def __init__(self) -> None:
        super().__init__("desk.call_ways does not have this way to take a call.")
        self.code = "bad_way"


class NotThere(UnknownConversation):
    """There is no such thing, or it has been erased."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Nothing of that id: {code}.")
        self.code = code


class Unusable(BadMessage):
    """What was written cannot be used: a number that is none, an empty or too long text."""

    def __init__(self, code: str = "bad_request") -> None:
        super().__init__(f"The desk cannot use this: {code}.")
        self.code = code
