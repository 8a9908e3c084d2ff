"""Sound and the telephone: pure cores (call, endpointing, audio), thin adapters, one module per line protocol."""
