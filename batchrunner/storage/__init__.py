"""What is kept: the ledger, the receipts, the clips, and the lock of a run."""
