"""Printing from outside: a browser's document comes through a WebRTC data channel, found through a relay or a broker.

`relay` is the meeting place. `host` runs in the gateway; it keeps the key, judges every message and takes the documents.
`peer` is a process of its own that speaks ICE, DTLS and SCTP with the outside, and knows nothing of the house.
"""
