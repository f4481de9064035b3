"""Credentials of programs: made here by people, within what they may do themselves."""
