"""How long each wait of a call may last. Seconds, counted by whoever drives the call.

The silence that ends a turn is not one number: who has just said "oui" is done, who dictates a Siret breathes between
its groups. `voice/endpointing.py` chooses among the `turn_over_*` values.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Every limit of a call. `pause_seconds` starts a transcription that is still revocable."""

    pause_seconds: float = 0.13
    turn_over_seconds: float = 0.55
    turn_over_complete_seconds: float = 0.5
    turn_over_short_seconds: float = 0.4
    turn_over_unfinished_seconds: float = 1.0
    turn_over_digits_seconds: float = 1.3
    goes_on_seconds: float = 1.2
    """Who speaks again within so long of their last sound goes on with their question, also over its answer."""
    reacts_seconds: float = 0.5
    """So long after the first sound of an answer nobody reacts to it yet: who speaks was about to go on."""
    answer_waits_seconds: float = 4.0
    """An answer that is there waits so long for the end of other sound; then it is found out whether that is speech."""
    max_utterance_seconds: float = 20.0
    silence_seconds: float = 7.0
    silences_before_goodbye: int = 3
    misheard_before_person: int = 2
    transcription_seconds: float = 15.0
    dialogue_seconds: float = 6.0
    waiting_word_seconds: float = 2.0
    waiting_word_again_seconds: float = 6.0
    speaking_seconds: float = 180.0
    attendez_seconds: float = 60.0
    transfer_seconds: float = 45.0
    transfer_word_seconds: float = 12.0
    hold_seconds: float = 600.0
    desk_seconds: float = 8.0
    """Until the desk says anything of a request for a person."""
    desk_word_seconds: float = 0.4
    """Of that, until the caller is told that it is being asked: most often it has answered by then."""
    queue_word_seconds: float = 30.0
    queue_better_seconds: float = 15.0
    """From one word to the next when the place in the queue has got better."""
    call_wait_seconds: float = 600.0
    """In the queue of the desk."""
    agent_seconds: float = 45.0
    """Until whoever took the call is on the line."""
    agent_back_seconds: float = 15.0
    """Until whoever was cut off is on the line again."""
    announce_seconds: float = 15.0
    """Until who is called back by an agent has been told so; then the two are joined all the same."""
    with_agent_seconds: float = 4 * 3600.0
    """A conversation with a person that both have forgotten to end."""
    key_seconds: float = 6.0
    """Between two keys of a number."""
    interrupt_seconds: float = 0.12
    """Of speech, after which the bot stops talking to find out what it is; the onset of a clear voice is enough."""
    onset_seconds: float = 0.3
    """An onset after which nothing follows for so long was none: either follows within a frame."""
    nothing_below_seconds: float = 0.22
    """Shorter sounds over the bot's voice are coughs: it goes on without having them transcribed."""
    caller_above_db: float = -35.0
    """Level of the loudest frame (RMS, dBFS): whoever speaks into the telephone reaches -27."""
    echo_margin_db: float = 4.0
    """The loudest frame of the notice has -12.1 dB, those of 431 sentences of the bundled pack up to -8.2."""
    caller_surely_above_db: float = -20.0
    """No echo makes the bot deaf to a caller as loud as this."""
    call_seconds: float = 3600.0
