"""Labels: a QR code and, beside it, what a person reads, for orders, operations, badges, machines, words."""
