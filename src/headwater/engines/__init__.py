"""Engines read data files, run SQL over them and write new ones; see `protocol`."""
