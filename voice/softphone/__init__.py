"""The console's softphone: a browser's headset as an `AgentLeg`, by WebRTC (docs/telephone.md, decision 0018).

`offer` reads what the browser offers, `peer` and `addresses` alone know aiortc and its aioice, and `softphones` has
one browser for each call. G.711 only, so that nothing is transcoded on the way to a telephone; no STUN and
no TURN server: consoles are on the administration's own network, or reach it by a VPN.
"""
