"""The catalogues: one .po file for each language but English, and `python -m gateway.locales`, which renews them."""
