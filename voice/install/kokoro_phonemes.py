"""Kokoro's phonemes as a Piper configuration: which symbol of espeak-ng is which row of the network's table.

The numbers are the `vocab` of Kokoro-82M's own config.json. Piper looks phonemes up by the symbols that
espeak-ng writes, one code point each, so what Kokoro writes as one symbol (tʃ, dʒ) is named as a cluster, and
marks that Kokoro does not know map to nothing.
"""

from __future__ import annotations

from typing import Any

SAMPLE_RATE_HZ = 24000
_TABLE_ROWS = 178

_PUNCTUATION = {
    ";": 1, ":": 2, ",": 3, ".": 4, "!": 5, "?": 6, "—": 9, "…": 10, '"': 11, "(": 12, ")": 13,
    "“": 14, "”": 15, " ": 16,
}  # fmt: skip

_SYMBOLS = (
    "\u0303:17 ʣ:18 ʥ:19 ʦ:20 ʨ:21 ᵝ:22 ꭧ:23 A:24 I:25 O:31 Q:33 S:35 T:36 W:39 Y:41 ᵊ:42 a:43 b:44 c:45 d:46 e:47 "
    "f:48 h:50 i:51 j:52 k:53 l:54 m:55 n:56 o:57 p:58 q:59 r:60 s:61 t:62 u:63 v:64 w:65 x:66 y:67 z:68 ɑ:69 ɐ:70 "
    "ɒ:71 æ:72 β:75 ɔ:76 ɕ:77 ç:78 ɖ:80 ð:81 ʤ:82 ə:83 ɚ:85 ɛ:86 ɜ:87 ɟ:90 ɡ:92 ɥ:99 ɨ:101 ɪ:102 ʝ:103 ɯ:110 ɰ:111 "
    "ŋ:112 ɳ:113 ɲ:114 ɴ:115 ø:116 ɸ:118 θ:119 œ:120 ɹ:123 ɾ:125 ɻ:126 ʁ:128 ɽ:129 ʂ:130 ʃ:131 ʈ:132 ʧ:133 ʊ:135 "
    "ʋ:136 ʌ:138 ɣ:139 ɤ:140 χ:142 ʎ:143 ʒ:147 ʔ:148 ˈ:156 ˌ:157 ː:158 ʰ:162 ʲ:164 ↓:169 →:171 ↗:172 ↘:173 ᵻ:177"
)

_SAME_SOUND = {"g": "ɡ", "tʃ": "ʧ", "dʒ": "ʤ", "«": "“", "»": "”"}

# Padding, beginning and end: the network drops these zeros and adds its own.
_PIPER_MARKS = ("_", "^", "$")

# Liaison, syllabic, dental and tie marks, apostrophe, zero-width joiner, Spanish openings.
_SILENT = "-\u0329\u032a\u0361'\u200d¿¡"


def phoneme_ids() -> dict[str, list[int]]:
    """Phoneme to table rows, for Piper's `phoneme_id_map`."""
    table = {symbol: [row] for symbol, row in _PUNCTUATION.items()}
    for entry in _SYMBOLS.split(" "):
        symbol, row = entry.rsplit(":", 1)
        table[symbol] = [int(row)]
    table |= {symbol: table[same] for symbol, same in _SAME_SOUND.items()}
    table["ɝ"] = table["ɜ"] + table["ɹ"]
    table |= {mark: [0] for mark in _PIPER_MARKS}
    table |= {mark: [] for mark in _SILENT}
    return table


def piper_configuration(name: str) -> dict[str, Any]:
    """The .onnx.json of a French voice called `name`."""
    return {
        "audio": {"sample_rate": SAMPLE_RATE_HZ, "quality": "high"},
        "espeak": {"voice": "fr"},
        "language": {
            "code": "fr_FR",
            "family": "fr",
            "region": "FR",
            "name_native": "Français",
            "name_english": "French",
            "country_english": "France",
        },
        "dataset": name,
        "inference": {"noise_scale": 0.0, "length_scale": 1.0, "noise_w": 0.0},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": phoneme_ids(),
        "vowel_clusters": [["t", "ʃ"], ["d", "ʒ"]],
        "num_symbols": _TABLE_ROWS,
        "num_speakers": 1,
        "speaker_id_map": {},
        "piper_version": "1.8.0",
        "hop_length": 256,
    }
