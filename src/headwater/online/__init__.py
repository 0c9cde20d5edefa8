"""Online values of features: stores that answer by key, derived, rebuildable at any time."""
