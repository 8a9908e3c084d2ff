"""The head of a WAV file that says in itself, to programs, that its voice is synthetic. Pure.

Article 50(2) of the European regulation on artificial intelligence asks for synthetic sound to be marked in a machine-
readable way. Two marks are made, for the two kinds of reader there are: an INFO list, which every player and FFmpeg
show, and XMP with the IPTC's term for what a trained model made (`trainedAlgorithmicMedia`), which picture and sound
archives look for. Together 0.8 KiB, before the sound so that they survive a file that is cut short.
"""

from __future__ import annotations

import struct

_UNKNOWN = 0xFFFFFFFF
"""The length of what is still being made (players read to the end of it)."""
_SOFTWARE = "Guichet"
_COMMENT = "Voix de synthèse : parole produite par un système d'intelligence artificielle. AI-generated speech."
DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'Iptc4xmpExt:DigitalSourceType="{DIGITAL_SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta>'
)


def wav_head(rate_hz: int, sound_bytes: int | None) -> bytes:
    """Everything before the sound (PCM, 16 bits, mono). `sound_bytes` is None while nobody knows the length."""
    sound_format = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate_hz, rate_hz * 2, 2, 16))
    info = _chunk(b"LIST", b"INFO" + _chunk(b"ISFT", _text(_SOFTWARE)) + _chunk(b"ICMT", _text(_COMMENT)))
    xmp = _chunk(b"_PMX", _XMP.encode())
    before = b"WAVE" + sound_format + info + xmp
    whole = _UNKNOWN if sound_bytes is None else len(before) + 8 + sound_bytes
    sound = _UNKNOWN if sound_bytes is None else sound_bytes
    return b"RIFF" + struct.pack("<I", whole) + before + b"data" + struct.pack("<I", sound)


def _text(text: str) -> bytes:
    return text.encode() + b"\0"


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
