"""Features asked for by hand: of entities at moments, and the rows that models learn from."""
