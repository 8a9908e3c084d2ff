"""What a call tells whoever counts: metrics implement this, and tests do."""

from __future__ import annotations

from typing import Protocol

from voice.turn import TurnKept


class CallObserver(Protocol):
    """Called from the event loop; must return at once. All text arguments come from bounded sets."""

    def call_started(self, protocol: str) -> None: ...

    def call_refused(self, reason: str) -> None: ...

    def call_ended(self, reason: str, seconds: float) -> None: ...

    def turn_kept(self, turn: TurnKept) -> None: ...

    def noted(self, kind: str) -> None: ...


class NoObserver:
    """Counts nothing."""

    def call_started(self, protocol: str) -> None: ...

    def call_refused(self, reason: str) -> None: ...

    def call_ended(self, reason: str, seconds: float) -> None: ...

    def turn_kept(self, turn: TurnKept) -> None: ...

    def noted(self, kind: str) -> None: ...
