"""What the gateway knows, as pure values and rules: standard library only, no clock, no input or output.

Points in time are `float` seconds since the epoch (UTC); lengths of paper are `int` hundredths of a millimetre.
"""
