"""Facts of the shop floor, one file per subject; each type is defined once, here."""
