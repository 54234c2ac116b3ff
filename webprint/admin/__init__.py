"""Pages for those who run the house, below /admin: one frame, a menu, and the pages that each area puts into it."""
