"""What team leads see: the live board, orders and their cost, facts, and what is held. Reads only."""
