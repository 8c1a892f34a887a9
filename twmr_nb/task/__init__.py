"""What is to be done: simulation, senses, gate, reward, environment."""
