"""Who is asking: people with a password, devices with a cookie, programs with a token; and what they may do."""
