"""What stays of a widget where there is no kernel, in a saved notebook and on an exported page: its last picture.

It lies in a second output beside the widget, which the notebook's page hides while the widget itself is there.
"""

import base64
import html
import io
import re
import threading
import time
from typing import Any, NamedTuple, Protocol
from uuid import uuid4
from weakref import WeakKeyDictionary

from IPython.display import display
from markupsafe import Markup
from PIL import Image

from twmr_nb.draw.live_figure import COLORS, SCALE

EVERY, REST = 5.0, 1.0  # s between two pictures sent; how long a widget rests before one is sent
REWARDS = "application/vnd.twmr.rewards+json"  # what a page without a kernel can weigh anew
STAGE = "application/vnd.twmr.stage+json"  # where its playground begins
LARGEST = 150_000  # bytes of a picture; a larger one is made smaller
# Without a kernel the widget says "model not found" in its place: that is hidden, and so is the copy beside a live one.
STYLE = Markup("""<style>
.jp-OutputArea:has(.twmr-live) .jp-OutputArea-child:has(.twmr-saved) { display: none; }
.jp-OutputArea:has(.twmr-saved) .jp-OutputArea-child > .jupyter-widgets:not(:has(*)) { display: none; }
.twmr-saved img { max-width: 100%; height: auto; background: white; }
.twmr-saved table { display: block; overflow-x: auto; }
</style>""")


class Keepsake(NamedTuple):
    """The last picture of a widget."""

    words: str
    """What it shows, for those who do not see it."""
    picture: bytes = b""
    """An image file of any kind."""
    below: Markup = Markup()
    """More of it."""
    told: dict[str, Any] = {}  # noqa: RUF012 (nobody writes to it)
    """What a page can go on from without a kernel, JSON-ready, by its type: REWARDS or STAGE."""


class Pictured(Protocol):
    """A widget that can say what is to stay of it."""

    title: str

    def keepsake(self) -> Keepsake: ...


copies: WeakKeyDictionary[Any, "Copy"] = WeakKeyDictionary()  # of the widgets that were displayed


def show(widget: Pictured) -> None:
    """Display a widget, and the copy of it that is seen where there is no kernel."""
    live = {"model_id": widget.model_id, "version_major": 2, "version_minor": 0}  # type: ignore[attr-defined]
    display({"application/vnd.jupyter.widget-view+json": live, "text/plain": widget.title}, raw=True)
    copies.setdefault(widget, Copy()).show(widget)


def changed(widget: Pictured, at_once: bool = False) -> None:
    """Tell that a widget looks otherwise now: its copies follow soon, from a thread, or at once."""
    if copy := copies.get(widget):
        copy.update(widget) if at_once else copy.update_soon(widget)


class Copy:
    """The copies of one widget, which follow it in haste neither of them needs."""

    def __init__(self) -> None:
        self.places: list[str] = []  # display ids
        self._due: threading.Timer | None = None
        self._sent, self._last = 0.0, Keepsake("")
        # Two, as a widget that draws may tell of a change while another thread asks it for its picture.
        self._timing, self._sending = threading.Lock(), threading.Lock()

    def show(self, widget: Pictured) -> None:
        self.places.append(uuid4().hex)
        with self._sending:
            self._last, self._sent = widget.keepsake(), time.monotonic()
            display(bundle(widget.title, self._last), raw=True, display_id=self.places[-1])

    def update_soon(self, widget: Pictured) -> None:
        with self._timing:
            if self._due is None:
                wait = max(REST, self._sent + EVERY - time.monotonic())
                self._due = threading.Timer(wait, self.update, [widget])
                self._due.daemon = True
                self._due.start()

    def update(self, widget: Pictured) -> None:
        """Send the picture of this moment, if it is another than the last one sent."""
        with self._timing:
            self._due = None
        with self._sending:
            keepsake = widget.keepsake()
            if keepsake == self._last:
                return
            self._last, self._sent = keepsake, time.monotonic()
            for place in self.places:
                display(bundle(widget.title, keepsake), raw=True, display_id=place, update=True)


def bundle(title: str, keepsake: Keepsake) -> dict[str, Any]:
    """The copy in every form that a notebook's reader may want: a page, a picture for print, a line."""
    words = f"{title}: {keepsake.words}" if keepsake.words else title
    hint = f"{title}, as it was last. Run this cell in JupyterLab (Shift+Enter) to bring it to life."
    data: dict[str, Any] = {"text/plain": words}
    tag = Markup()
    if keepsake.picture:
        png, webp, width = moderate(keepsake.picture)
        data["image/png"] = base64.b64encode(png).decode()
        source = f"data:image/webp;base64,{base64.b64encode(webp).decode()}"
        tag = Markup('<img src="{}" width="{}" alt="{}">').format(source, width, words)
    copy = Markup('{}<div class="twmr-saved tex2jax_ignore mathjax_ignore">{}{}<p><i>{}</i></p></div>')
    data["text/html"] = copy.format(STYLE, tag, keepsake.below, hint)
    return data | keepsake.told


def plain(markup: str) -> str:
    """A line of HTML as text."""
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())
    return re.sub(r" ([;,.:])", r"\1", text).rstrip(";")


def moderate(picture: bytes) -> tuple[bytes, bytes, int]:
    """A picture as PNG and as WebP, neither larger than a notebook should hold, and its width in pixels of the page."""
    with Image.open(io.BytesIO(picture)) as opened:
        image, width = opened.convert("RGBA"), round(opened.width / SCALE)
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image)
    image = paper.convert("RGB")
    while True:
        png, webp = io.BytesIO(), io.BytesIO()
        few = image.quantize(COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(png, "PNG", optimize=True)
        few.convert("RGB").save(webp, "WEBP", lossless=True, method=2)
        if max(png.tell(), webp.tell()) <= LARGEST or image.width < 200:
            return png.getvalue(), webp.getvalue(), width
        image = image.resize((round(image.width * 0.8), round(image.height * 0.8)), Image.Resampling.LANCZOS)
