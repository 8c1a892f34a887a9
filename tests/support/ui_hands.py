"""What the tests of panel and live view share: tiny runs, reading and pressing widgets."""

import re
import threading

import ipywidgets as w
from tiny import TINY

ENDLESS = TINY | {"total_timesteps": 10**8}


def words(widget: w.HTML) -> str:
    """What a person reads in an HTML widget."""
    return re.sub(r"<style>.*?</style>|<[^>]+>", "", widget.value, flags=re.DOTALL).replace("&ensp;", " ")


def click(button: w.Button) -> None:
    assert not button.disabled, f"{button.description} cannot be pressed"
    button.click()


def threads(name: str) -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == name]
