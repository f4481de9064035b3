"""Quality: what defects and downtime lose, by cause and over time."""
