"""Phones and tablets: let in by a code used once, seen, and shut out again."""
