"""The only SQL of the house: each module turns one subject's rows into values of `sync` and back."""
