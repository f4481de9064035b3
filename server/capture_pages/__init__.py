"""The phone's pages: one shell for all its addresses, and what a browser needs to keep it without a network."""
