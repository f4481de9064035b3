"""What finance sees: the entries of the ledger, from any figure down to the fact and back. Reads only."""
