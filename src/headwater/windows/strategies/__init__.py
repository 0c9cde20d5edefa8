"""Ways to the same values of windows; `choice` says which is the cheapest."""
