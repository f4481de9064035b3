"""Reference data: imported from files, handed to phones. Its own door in, read by all."""
