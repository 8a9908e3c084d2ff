"""Every error of Guichet, by who must act.

    GuichetError
    ├── Unavailable      a part does not answer: try again later, or hand over
    │   ├── DialogueUnavailable     Rasa is down, still starting, or too slow
    │   ├── SpeechUnavailable       a speech engine failed or is not loaded
    │   ├── LineUnavailable         the telephone line's process is gone
    │   │   └── SoftphoneUnavailable    an agent's browser cannot be joined to a call: no address, no port, switched off
    │   ├── ProviderUnavailable     the OpenID provider does not answer, or not as it must
    │   └── StoreUnavailable        the database does not answer, or the disk is full
    │       └── Unwritable              the database refuses what is to be written: nothing of its transaction is kept
    ├── Busy             we are full: say so politely
    │   ├── TooManyTries            passwords or codes are being tried: wait
    │   ├── TooFast                 one conversation or address asks too often: it may ask again in a while
    │   └── TooManyWindows          one conversation is open in too many windows
    ├── AuditBroken      the audit log is not as it was written: find out who changed it
    ├── BadRequest       the other side sent nonsense: refuse it, count it
    │   ├── BadMessage              an empty, oversized or malformed message
    │   │   ├── TooLong             it has more characters than are taken
    │   │   ├── Malformed           it is not JSON, lacks a field, or has one of another type
    │   │   └── BadContact          a number nobody can be called at, a way to answer that is none
    │   ├── BadAudio                a file or stream that is not the sound it should be
    │   ├── ProtocolError           a peer broke its line protocol
    │   ├── UnknownConversation     there is no such conversation, or it has been erased
    │   ├── NotAllowed              a number that may not be dialled
    │   ├── Conflict                what is asked does not fit how things stand: nothing promised, already under way
    │   │   └── SlotFull                as many callbacks are promised in this slot as there may be
    │   ├── UnknownAccount          there is no such account, or it has been removed
    │   ├── WeakPassword            a new password that everybody would guess
    │   ├── Unauthorized            nobody is signed in, or the session has ended
    │   └── Forbidden               the person signed in may not do that, or did not prove the request to be theirs
    └── Misconfigured    the operator must act: refuse to start and name the setting
        ├── BadSettings             a setting is wrong
        ├── BadKnowledge            a file of `data/` cannot be used
        └── ModelMissing            a model file is absent, incomplete or has another digest

The text of an error is one sentence for the operator, naming the remedy; it never holds
what a person said or typed, nor who they are.
"""

from __future__ import annotations


class GuichetError(Exception):
    """The root; `exit_status` is what a command returns when it ends with this error."""

    exit_status = 1


class Unavailable(GuichetError):
    """A part does not answer."""


class DialogueUnavailable(Unavailable):
    """Rasa is down, still starting, or did not answer in time."""


class SpeechUnavailable(Unavailable):
    """A speech engine failed or is not loaded."""


class LineUnavailable(Unavailable):
    """The process that holds the telephone line is gone."""


class SoftphoneUnavailable(LineUnavailable):
    """An agent's browser cannot be joined to a call here."""

    code = "no_softphone"


class ProviderUnavailable(Unavailable):
    """The OpenID provider does not answer, or not as OpenID Connect has it."""


class StoreUnavailable(Unavailable):
    """The database does not answer, or refuses to write."""


class Unwritable(StoreUnavailable):
    """A database that works refuses what is to be written. Nothing of its transaction has been."""


class Busy(GuichetError):
    """All places are taken."""


class TooFast(Busy):
    """Too many requests in a while; `retry_seconds` says when to try again."""

    def __init__(self, message: str, retry_seconds: float) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class TooManyWindows(Busy):
    """One conversation is open in too many windows."""


class TooManyTries(Busy):
    """Passwords or codes are being tried: the next try must wait."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__("Too many tries: wait a moment.")
        self.wait_seconds = wait_seconds


class AuditBroken(GuichetError):
    """An entry of the audit log was changed, removed or put in; the message names the first."""


class BadRequest(GuichetError):
    """The other side sent something that cannot be used."""

    exit_status = 2


class BadMessage(BadRequest):
    """A message that is empty, too long or malformed."""


class TooLong(BadMessage):
    """A message of more characters than are taken."""


class Malformed(BadMessage):
    """Not JSON, or not the fields that are wanted."""


class BadContact(BadMessage):
    """A number nobody can be called at, or a written message that could not be answered."""


class BadAudio(BadRequest):
    """Sound that cannot be decoded, or is not what the receiver needs."""


class ProtocolError(BadRequest):
    """A peer broke its line protocol."""


class UnknownConversation(BadRequest):
    """A conversation that does not exist, or no more."""


class NotAllowed(BadRequest):
    """A telephone number that may not be dialled."""


class Conflict(BadRequest):
    """What is asked does not fit how things stand: no callback was promised, or one is under way."""

    def __init__(self, message: str, code: str = "conflict") -> None:
        super().__init__(message)
        self.code = code


class SlotFull(Conflict):
    """As many callbacks are promised in this slot as there may be."""

    def __init__(self) -> None:
        super().__init__("As many callbacks are promised in this slot as there may be.", "slot_gone")


class UnknownAccount(BadRequest):
    """An account or a session that does not exist, or no more."""

    def __init__(self, message: str, code: str = "unknown_user") -> None:
        super().__init__(message)
        self.code = code


class WeakPassword(BadRequest):
    """A new password that is refused; `code` says why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Unauthorized(BadRequest):
    """Nobody is signed in: no session, one that has ended, or a wrong name, password or code."""

    def __init__(self, message: str, code: str = "unauthorized") -> None:
        super().__init__(message)
        self.code = code


class Forbidden(BadRequest):
    """The person signed in may not do that, or the request does not prove that it comes from their console."""

    def __init__(self, message: str, code: str = "forbidden") -> None:
        super().__init__(message)
        self.code = code


class Misconfigured(GuichetError):
    """The operator must change something before this can run."""

    exit_status = 2


class BadSettings(Misconfigured):
    """A setting has a wrong value; the message names it."""


class BadKnowledge(Misconfigured):
    """A knowledge file has a mistake; the message names file, subject and field."""


class ModelMissing(Misconfigured):
    """A model is absent, incomplete or not the expected file; the message names the command that installs it."""
