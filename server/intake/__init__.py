"""Facts come in: one door for devices, programs and files."""
