"""The ledger's migrations, run by `headwater.ledger.migrate`.

A change of `schema.py` comes with a file `versions/NNNN_what.py` and its number in `REVISIONS`;
the tests compare what all migrations make with what `schema.py` makes, on both databases.
"""
