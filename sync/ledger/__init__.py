"""Accounting words: entries that balance, accounts, periods, the difference to post, the sealed chain."""
