"""The algorithms, one module each, behind the protocol of `algorithms.protocol`."""
