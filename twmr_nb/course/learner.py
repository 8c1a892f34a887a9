"""The learner's own lines and its log, for the lesson that explains them."""

import inspect

from IPython.display import Code

from twmr_nb.learn import ppo
from twmr_nb.learn.storage import log_line as log_line


def excerpt(function: str, *beginnings: str) -> Code:
    """04: the lines of one of the learner's functions, "gae" or "ppo_loss", that begin so; ValueError if there is none.

    >>> print(excerpt("gae", "delta =").data)
    delta = reward + gamma * next_value - value
    """
    lines = [line.strip() for line in inspect.getsource(getattr(ppo, function)).splitlines()]
    found = [line for line in lines if line.startswith(beginnings)]
    if not found:
        raise ValueError(f"no line of {function} begins with {' or '.join(map(repr, beginnings))}.")
    return Code("\n".join(found), language="python")
