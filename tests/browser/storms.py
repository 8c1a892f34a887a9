"""Storms of keys, mouse, sliders and choices over a widget, and how to see that nothing piled up in them."""

import random
import time
from collections.abc import Sequence

from playwright.sync_api import Page, TimeoutError

SECONDS = 10.0  # of a storm
GONE = 5_000  # ms until a control that another took away is let go
GROWTH = 20e6  # bytes that may be gained once a few storms have passed
KEYS = ["w", "a", "s", "d", "q", "e", "r", "f", "t", "g", " ", ".", "z", "Backspace", "k", "p", "?", "Escape", "Tab"]
KEYS += ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "7", "Home"]
SLIDER_KEYS = ["ArrowLeft", "ArrowRight", "Home", "End", "PageUp"]
TOUCHED = {"button": "button", "slider": "input", "choice": "select"}
HELD = 300  # ms that a key is held at most


def storm(page: Page, root: str, rng: random.Random) -> None:
    """Whatever a person might do inside the first such element, in haste."""
    widget = page.locator(root).first
    canvas = widget.locator("canvas").first
    canvas.focus()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        kind = rng.choice(["key", "key", "key", "drag", *TOUCHED])
        if kind == "key":
            if not widget.evaluate("(root) => root.contains(document.activeElement)"):
                canvas.focus()  # Escape left it: the notebook's own keys would delete the cell
            page.keyboard.press(rng.choice(KEYS), delay=HELD * rng.random())
        elif kind == "drag":
            if not (box := canvas.bounding_box()):  # another world's picture is just taking its place
                continue
            some = [[box["x"] + rng.random() * box["width"], box["y"] + rng.random() * box["height"]] for _ in range(2)]
            page.mouse.move(*some[0])
            page.mouse.down()
            page.mouse.move(*some[1], steps=3)
            page.mouse.up()
        else:
            those = widget.locator(f"{TOUCHED[kind]}:enabled:visible")
            if not (count := those.count()):  # on this tab there is none
                continue
            one = those.nth(place := rng.randrange(count))
            try:
                if kind == "button":
                    one.dispatch_event("click", timeout=GONE)
                elif kind == "slider":
                    one.focus(timeout=GONE)
                    for key in rng.choices(SLIDER_KEYS, k=3):
                        page.keyboard.press(key)
                else:
                    one.select_option(index=rng.randrange(one.locator("option").count()), timeout=GONE)
            except TimeoutError:
                if place < those.count():
                    raise
    canvas.focus()  # it is there


def heap(page: Page) -> int:
    """Bytes that the page's JavaScript uses."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return int(used)


def assert_flat(sizes: Sequence[float]) -> None:
    """After the last storms no more is in use than after the first ones, but for those that filled what is kept."""
    calm = sizes[len(sizes) // 5 :]
    assert min(calm[-3:]) - min(calm[:3]) < GROWTH, f"in MB: {[round(size / 1e6) for size in sizes]}"
