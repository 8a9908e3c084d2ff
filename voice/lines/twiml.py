"""What Twilio does after the stream: TwiML for `<Redirect>` behind `<Connect><Stream>`. Pure.

Closing the WebSocket does not end a call at Twilio, it goes on with the next instruction; so that one must ask us.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from voice.lines.ledger import Ending, Next


def after_the_stream(ending: Ending, transfer_to: str) -> str:
    """Hangs up after a goodbye; in every other case dials `Ending.target`, or else `transfer_to`, when there is one."""
    target = ending.target or transfer_to
    if ending.next is Next.END or not target:
        return "<Response><Hangup/></Response>"
    return f"<Response><Dial>{_noun(target)}</Dial></Response>"


def _noun(target: str) -> str:
    """A SIP URI for Twilio's SIP, or a number of `tel:+33…`."""
    bare = target.strip().strip("<>")
    if bare.lower().startswith(("sip:", "sips:")):
        return f"<Sip>{escape(bare)}</Sip>"
    return f"<Number>{escape(bare.removeprefix('tel:'))}</Number>"
