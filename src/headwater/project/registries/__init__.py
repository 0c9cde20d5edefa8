"""Versions of models in registries of others."""
