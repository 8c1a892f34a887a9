"""Pickles as the original's trainer writes them, of our own numbers."""

import pickle

import jax.numpy as jnp
import numpy as np


def their_tree(seen: int = 22, size: int = 4, hidden: int = 4) -> dict:
    """The parameters under the original's names."""
    rng = np.random.default_rng(0)

    def dense(n: int, m: int, bias: bool = True) -> dict:
        kernel = {"kernel": jnp.asarray(rng.normal(size=(n, m)), jnp.float32)}
        return kernel | ({"bias": jnp.asarray(rng.normal(size=m), jnp.float32)} if bias else {})

    cell = {f"i{gate}": dense(size, hidden, bias=False) for gate in "ifgo"}
    cell |= {f"h{gate}": dense(hidden, hidden) for gate in "ifgo"}
    layers = {"Dense_0": dense(seen, size), "Dense_1": dense(hidden, size)}
    layers |= {"Dense_2": dense(size, 8), "Dense_3": dense(size, 1)}
    return {"log_std": jnp.full(8, -0.5), "model": {"params": layers | {"LSTMCell_0": cell}}}


def their_policy(*sizes: int) -> bytes:
    return pickle.dumps(their_tree(*sizes), protocol=4)
