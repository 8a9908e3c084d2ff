"""Every error of Guichet, by who must act.

    GuichetError
    ├── Unavailable      a part does not answer: try again later, or hand over
    │   ├── DialogueUnavailable     Rasa is down, still starting, or too slow
    │   ├── SpeechUnavailable       a speech engine failed or is not loaded
    │   ├── LineUnavailable         the telephone line's process is gone
    │   └── StoreUnavailable        the database does not answer, or the disk is full
    ├── Busy             we are full: say so politely
    ├── BadRequest       the other side sent nonsense: refuse it, count it
    │   ├── BadMessage              an empty, oversized or malformed message
    │   ├── BadAudio                a file or stream that is not the sound it should be
    │   ├── ProtocolError           a peer broke its line protocol
    │   └── UnknownConversation     there is no such conversation, or it has been erased
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


class StoreUnavailable(Unavailable):
    """The database does not answer, or refuses to write."""


class Busy(GuichetError):
    """All places are taken."""


class BadRequest(GuichetError):
    """The other side sent something that cannot be used."""

    exit_status = 2


class BadMessage(BadRequest):
    """A message that is empty, too long or malformed."""


class BadAudio(BadRequest):
    """Sound that cannot be decoded, or is not what the receiver needs."""


class ProtocolError(BadRequest):
    """A peer broke its line protocol."""


class UnknownConversation(BadRequest):
    """A conversation that does not exist, or no more."""


class Misconfigured(GuichetError):
    """The operator must change something before this can run."""

    exit_status = 2


class BadSettings(Misconfigured):
    """A setting has a wrong value; the message names it."""


class BadKnowledge(Misconfigured):
    """A knowledge file has a mistake; the message names file, subject and field."""


class ModelMissing(Misconfigured):
    """A model is absent, incomplete or not the expected file; the message names the command that installs it."""
