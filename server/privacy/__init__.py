"""What is kept of people: how long, whom it was given to, all of it for whoever asks, and taking it away."""
