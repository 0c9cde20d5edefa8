"""Models: the card of each, the list of all, and how they do."""
