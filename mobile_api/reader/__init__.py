"""The reader agent: a small program beside a card reader that speaks the terminal protocol (docs/terminals.md)."""
