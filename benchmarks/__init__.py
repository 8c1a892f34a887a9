"""How fast it is, one command away: `twmr bench`. Bare physics, environment, training and a peer, in one run."""
