"""How fast it is, one command away: `make bench`. Bare physics, environment, training and a peer, in one run."""
