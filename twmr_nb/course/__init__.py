"""What the lessons need: checks, a leaderboard, measured experiments."""
