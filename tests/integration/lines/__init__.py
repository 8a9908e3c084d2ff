"""The lines beside SIP, against captures of Asterisk and doubles of it and of the providers."""
