"""Pure mathematics over numbers: what to expect of a series, and what is unusual."""
