"""The gateway: what happens to a document between the phone that sends it and the paper that comes out."""
