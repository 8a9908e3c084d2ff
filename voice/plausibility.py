"""Did anyone say this? Whisper writes sentences for silence, noise and dial tones; they must never become words.

What it invents comes from the subtitles it was trained on, so it is known in advance; and its own figures give the
rest away. The last guard compares the number of words with the time in which somebody was speaking at all.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Protocol

from voice.transcript import no_speech, unlikely

_WORDS_PER_SECOND = 7.0
"""French radio journalists reach 5."""
_UNSEEN_SECONDS = 0.3
"""What a voice detector misses of an utterance: it hears its beginning and end 80 to 150 ms late."""
_SEEN_AT_LEAST = 0.5
"""On a bad line it sees little more than a third of the speech, so no less than this share of the sound counts."""
FEWEST_VOICED_SECONDS = 0.06

_INVENTED = re.compile(
    "|".join(
        (
            r"\bsous[- ]?titr(?:es?|age|eur)\b",
            r"\bamara ?\.? ?org\b",
            r"\bmerci d ?avoir (?:regarde|visionne|suivi)",
            r"\bmerci (?:de|pour) (?:votre|ton) (?:visionnage|abonnement)",
            r"\b(?:abonnez|abonne)[- ](?:vous|toi)\b",
            r"\bvous abonner\b",
            r"\b(?:likez|like) (?:cette|la) video\b",
            r"\b(?:cette|prochaine) video\b",
            r"\bradio[- ]canada\b",
            r"\b(?:st|soustitrage) ?501\b",
            r"\bla chaine youtube\b",
            r"\btranscription (?:par|realisee)\b",
            r"\bsous ?titreur\b",
        )
    )
)

_STAGE_DIRECTION = re.compile(r"[\[(*♪♫][^\])*♪♫]*[\])*♪♫]?")


class Reason(StrEnum):
    """Why a transcript is not to be believed."""

    NO_WORDS = "no_words"
    NO_VOICE = "no_voice"
    NO_SPEECH = "no_speech"
    UNLIKELY = "unlikely"
    INVENTED = "invented"
    TOO_FAST = "too_fast"


class Judged(Protocol):
    """What is looked at of a transcript."""

    @property
    def text(self) -> str: ...
    @property
    def avg_logprob(self) -> float: ...
    @property
    def no_speech_probability(self) -> float: ...
    @property
    def duration_seconds(self) -> float: ...


def plausible(transcript: Judged, speech_seconds: float) -> bool:
    """Whether the words may be acted on; `speech_seconds` is how long the voice detector heard a voice."""
    return why_implausible(transcript, speech_seconds) is None


def why_implausible(transcript: Judged, speech_seconds: float) -> Reason | None:
    """None when the transcript may be believed."""
    words = words_of(transcript.text)
    if not words:
        return Reason.NO_WORDS
    if speech_seconds < FEWEST_VOICED_SECONDS:
        return Reason.NO_VOICE
    if no_speech(transcript.text, transcript.avg_logprob, transcript.no_speech_probability):
        return Reason.NO_SPEECH
    if unlikely(transcript.text, transcript.avg_logprob):
        return Reason.UNLIKELY
    if _INVENTED.search(_folded(transcript.text)):
        return Reason.INVENTED
    seconds = max(speech_seconds + _UNSEEN_SECONDS, _SEEN_AT_LEAST * transcript.duration_seconds)
    if len(words) > 2 and len(words) / seconds > _WORDS_PER_SECOND:
        return Reason.TOO_FAST
    return None


def words_of(text: str) -> list[str]:
    """The words in a text as they are breathed ("est-ce", "l'adhésion"), without stage directions ("[Musique]")."""
    return re.findall(r"\w+(?:['’-]\w+)*", _STAGE_DIRECTION.sub(" ", text))


def _folded(text: str) -> str:
    """Lower case, no accents, one space or hyphen between words."""
    plain = unicodedata.normalize("NFD", text.lower().replace("œ", "oe"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^\w.-]+", " ", letters)
