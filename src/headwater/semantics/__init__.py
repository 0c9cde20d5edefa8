"""What a number means: metrics, the queries that ask them, and why they moved."""
