"""The SIP line: a process of its own (`python -m voice.sip`) that holds SIP, RTP and the play queue.

baresip allows one stack per process and cannot be restarted in it, so a fault of the telephone never
takes the gateway down; the two speak `voice.framing` over a Unix socket. The only package that imports baresip.
"""
