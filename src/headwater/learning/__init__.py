"""Learning from labelled rows: fit, calibrate, evaluate, explain, audit, score."""
