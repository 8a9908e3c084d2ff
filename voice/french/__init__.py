"""Kinds of French writing, each turned into what is said. `voice.spoken_french` puts them in order. Pure."""
