"""Contracts: Open Data Contract Standard documents and rules, compiled to SQL.

Documents become frozen definitions (`reading`), definitions become SQL that somebody else executes
(`sql`, `dataset`), and two definitions become the changes between them (`compatibility`).
"""
