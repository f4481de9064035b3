"""From facts and rates to the entries that ought to exist: pure functions, no ledger, no clock, no chance."""
