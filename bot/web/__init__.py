"""HTTP and WebSocket handlers: parse, call one function, reply. No decision is taken here."""
