"""What runs inside the jail: it opens the document, says what it is and turns it into something a printer takes.

Nothing here is trusted once the first byte of a document has been read.
"""
