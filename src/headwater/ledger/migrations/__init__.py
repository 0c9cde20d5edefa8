"""The ledger's migrations, run by `headwater.ledger.migrate`."""
