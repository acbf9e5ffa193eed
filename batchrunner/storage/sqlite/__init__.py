"""The ledger in SQLite: facts, written down once and never overwritten. The only place with SQL."""
