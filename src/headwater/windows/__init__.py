"""Point-in-time joins and exact windows: what was known of something at a moment, and no more."""
