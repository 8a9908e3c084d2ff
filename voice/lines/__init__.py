"""The lines beside SIP, in one process (`python -m voice.lines`): AudioSocket, chan_websocket, media streams.

Each protocol is a pure module that turns messages into events and back (`audiosocket`, `chan_websocket`,
`media_streams`); a thin server carries it (`audiosocket_server`, `web`); `bridge` joins a call to the gateway with
the frames of `voice.framing`, as the SIP process does.
"""
