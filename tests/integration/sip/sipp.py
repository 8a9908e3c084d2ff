"""sipp as an independent caller: scenarios put together from their steps.

Traps of sipp 3.6.1: `play_dtmf` always uses payload type 96, so keys are played from the captures that Debian
ships (101); `-min_rtp_port` does not exist (`-mp`); a message that arrives during a pause fails the scenario.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

KEY_CAPTURES = {"*": "star", "#": "pound"}

SDP = """
      v=0
      o=caller 1 {version} IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [{port}] RTP/AVP 8 0 101
      a=rtpmap:8 PCMA/8000
      a=rtpmap:0 PCMU/8000
      a=rtpmap:101 telephone-event/8000
      a=fmtp:101 0-15
      a=ptime:20
      a={direction}"""


def request(
    method: str,
    cseq: int,
    *,
    sdp: str = "",
    in_dialog: bool = True,
    user: str = "guichet",
    extra: str = "",
) -> str:
    """One request of the caller, as a <send> step."""
    to = f"To: <sip:{user}@[remote_ip]:[remote_port]>" + ("[peer_tag_param]" if in_dialog else "")
    uri = "[next_url]" if in_dialog else f"sip:{user}@[remote_ip]:[remote_port]"
    body = "Content-Type: application/sdp\n      Content-Length: [len]\n" + sdp if sdp else "Content-Length: 0"
    retransmit = "" if method == "ACK" else ' retrans="500"'
    return f"""
  <send{retransmit}><![CDATA[
      {method} {uri} SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      Max-Forwards: 70
      From: "Caller" <sip:+33199001234@[local_ip]:[local_port]>;tag=[pid]x[call_number]
      {to}
      Call-ID: [call_id]
      CSeq: {cseq} {method}
      Contact: <sip:caller@[local_ip]:[local_port]>
      {extra + chr(10) + "      " if extra else ""}{body}
  ]]></send>"""


def sdp(direction: str = "sendrecv", version: int = 1, port: str = "auto_media_port") -> str:
    """A G.711 offer or answer with telephone events."""
    return SDP.format(direction=direction, version=version, port=port)


def provisional() -> str:
    """Provisional replies, each of which may come or not."""
    return '\n  <recv response="100" optional="true"/>\n  <recv response="180" optional="true"/>'


def dial(*, late_offer: bool = False, port: str = "auto_media_port", user: str = "guichet", extra: str = "") -> str:
    """INVITE, 200, ACK."""
    offer, answer = ("", sdp(port=port)) if late_offer else (sdp(port=port), "")
    return (
        request("INVITE", 1, sdp=offer, in_dialog=False, user=user, extra=extra)
        + provisional()
        + '\n  <recv response="200" rrs="true"/>'
        + request("ACK", 1, sdp=answer)
    )


def reinvite(offer: str, cseq: int) -> str:
    """A new offer in the call: INVITE, 200, ACK."""
    return (
        request("INVITE", cseq, sdp=offer)
        + provisional()
        + '\n  <recv response="200" rrs="true"/>'
        + request("ACK", cseq)
    )


def hang_up(cseq: int = 9) -> str:
    """BYE, 200."""
    return request("BYE", cseq) + '\n  <recv response="200"/>'


def pause(milliseconds: int) -> str:
    """Nothing sent, nothing expected."""
    return f'\n  <pause milliseconds="{milliseconds}"/>'


def play(alaw: Path, times: int = 1) -> str:
    """Starts to send raw A-law; -1 plays it for ever."""
    return f'\n  <nop><action><exec rtp_stream="{alaw},{times},8,PCMA/8000"/></action></nop>'


def press(keys: str) -> str:
    """RFC 4733 events, half a second each."""
    steps = ""
    for key in keys:
        capture = f"/usr/share/sip-tester/dtmf_2833_{KEY_CAPTURES.get(key, key)}.pcap"
        steps += f'\n  <nop><action><exec play_pcap_audio="{capture}"/></action></nop>' + pause(500)
    return steps


def expect(method: str, reply: str = "200 OK") -> str:
    """A request of the bot, and our reply."""
    return f"""
  <recv request="{method}" timeout="8000" rrs="true"/>
  <send><![CDATA[
      SIP/2.0 {reply}
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:caller@[local_ip]:[local_port]>
      Content-Length: 0
  ]]></send>"""


def notify(cseq: int, outcome: str, *, final: bool) -> str:
    """How a transfer goes (RFC 3515), and the bot's 200."""
    state = "terminated;reason=noresource" if final else "active;expires=60"
    return f"""
  <send retrans="500"><![CDATA[
      NOTIFY [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      Max-Forwards: 70
      From: "Caller" <sip:+33199001234@[local_ip]:[local_port]>;tag=[pid]x[call_number]
      To: <sip:guichet@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: {cseq} NOTIFY
      Contact: <sip:caller@[local_ip]:[local_port]>
      Event: refer
      Subscription-State: {state}
      Content-Type: message/sipfrag;version=2.0
      Content-Length: [len]

      SIP/2.0 {outcome}
  ]]></send>
  <recv response="200"/>"""


def update(cseq: int) -> str:
    """A session refreshed (RFC 4028), without a new offer."""
    refresh = request("UPDATE", cseq, extra="Session-Expires: 90;refresher=uac\n      Supported: timer")
    return refresh + response(200)


def press_by_info(key: str, cseq: int) -> str:
    """A key in the signalling, as some PBXes send it."""
    body = (
        f"Content-Type: application/dtmf-relay\n      Content-Length: [len]\n\n      Signal={key}\n      Duration=160"
    )
    return request("INFO", cseq).replace("Content-Length: 0", body) + response(200)


def press_now(key: str) -> str:
    """One key, with no pause after it: the next step may be a request of the bot."""
    return press(key).removesuffix(pause(500))


def cancel() -> str:
    """CANCEL of the INVITE that is ringing: same branch, no To tag (RFC 3261 section 9.1)."""
    return request("CANCEL", 1, in_dialog=False).replace("branch=[branch]", "branch=[branch-3]")


def acknowledge_failure() -> str:
    """The ACK of a final reply that is not 200."""
    return request("ACK", 1)


def response(status: int) -> str:
    """A reply of the bot."""
    return f'\n  <recv response="{status}"/>'


def refused(status: int, *, user: str = "guichet", offer: str = "") -> str:
    """An INVITE that must be refused with this status."""
    return (
        request("INVITE", 1, sdp=offer or sdp(), in_dialog=False, user=user)
        + provisional()
        + f'\n  <recv response="{status}"/>'
        + acknowledge_failure()
    )


def accept_reinvite(direction: str = "recvonly") -> str:
    """The bot's new offer in the call, and our answer."""
    return (
        '\n  <recv request="INVITE" timeout="8000"/>'
        + _reply("200 OK", CONTACT, body=sdp(direction, version=9), to_tag=False)
        + '\n  <recv request="ACK" timeout="8000"/>'
    )


def ring() -> str:
    """The other role: a call of the bot comes and rings."""
    return '\n  <recv request="INVITE" timeout="20000" rrs="true"/>' + _reply("180 Ringing", CONTACT)


def answer() -> str:
    """The ringing call is answered."""
    return _reply("200 OK", CONTACT, body=sdp()) + '\n  <recv request="ACK" timeout="8000"/>'


def decline(status: str) -> str:
    """The ringing call is refused."""
    return _reply(status, "") + '\n  <recv request="ACK" timeout="8000"/>'


def cancelled() -> str:
    """The bot gives up before we answer: 200 to the CANCEL, 487 to the INVITE."""
    end = _reply("487 Request Terminated", "").replace("[last_CSeq:]", "CSeq: [last_cseq_number] INVITE")
    return '\n  <recv request="CANCEL" timeout="20000"/>' + _reply("200 OK", "") + end + '\n  <recv request="ACK"/>'


def registrar(user: str = "bot") -> str:
    """The other role: challenges a REGISTER, checks the digest, confirms; then sees the unregistration."""
    confirm = _reply("200 OK", "Contact: [last_Contact:];expires=300")
    challenge = _reply(
        "401 Unauthorized", 'WWW-Authenticate: Digest realm="test", nonce="[call_number]abc", algorithm=MD5'
    )
    return f"""
  <recv request="REGISTER"/>{challenge}
  <recv request="REGISTER"><action>
      <verifyauth assign_to="known" username="{user}" password="secret"/>
      <test assign_to="known" variable="known" compare="equal" value="1"/>
  </action></recv>{confirm}
  <recv request="REGISTER"/>{confirm}"""


CONTACT = "Contact: <sip:agent@[local_ip]:[local_port]>"


def _reply(status: str, extra: str, *, body: str = "", to_tag: bool = True) -> str:
    tag = ";tag=[call_number]" if to_tag else ""
    content = f"Content-Type: application/sdp\n      Content-Length: [len]\n{body}" if body else "Content-Length: 0"
    return f"""
  <send><![CDATA[
      SIP/2.0 {status}
      [last_Via:]
      [last_From:]
      [last_To:]{tag}
      [last_Call-ID:]
      [last_CSeq:]
      {extra + chr(10) + "      " if extra else ""}{content}
  ]]></send>"""


@dataclass(frozen=True)
class Outcome:
    """How sipp ended: status 0 when every call went through its scenario."""

    status: int
    output: str


def _write_scenario(directory: Path, steps: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "scenario.xml"
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="test">{steps}\n</scenario>\n')
    return path


async def run(
    directory: Path,
    steps: str,
    port: int,
    *,
    own_port: int,
    media_port: int,
    calls: int = 1,
    at_once: int = 1,
    rate: int = 20,
    address: str = "127.0.0.1",
    role_args: tuple[str, ...] = (),
    seconds: float = 60,
) -> Outcome:
    """Runs a scenario against 127.0.0.1:port."""
    scenario = _write_scenario(directory, steps)
    process = await asyncio.create_subprocess_exec(
        *("sipp", "-sf", str(scenario), f"127.0.0.1:{port}", "-i", address, "-p", str(own_port)),
        *("-mp", str(media_port), "-m", str(calls), "-l", str(at_once), "-r", str(rate)),
        *("-nostdin", "-trace_err", "-error_file", str(directory / "errors.log"), "-trace_msg"),
        *("-message_file", str(directory / "messages.log"), *role_args),
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    errors = directory / "errors.log"
    text = output.decode(errors="replace")[-3000:] + (errors.read_text(errors="replace") if errors.exists() else "")
    return Outcome(process.returncode or 0, text)
