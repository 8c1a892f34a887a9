"""A recorded rollout in 3D, in the page: turn it, stop it, and see which reward came from which movement.

The browser draws (WebGL2, no library, no server): Python sends the joint positions once, then only the cursor moves.
Where it has no WebGL2, Python sends pictures from the robot's side. The JavaScript lies in replay_js/.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets as t
from IPython.display import display
from markupsafe import Markup
from numpy.typing import ArrayLike

from twmr_nb.config.fields import is_number
from twmr_nb.draw.page import output
from twmr_nb.draw.replay_scene import describe_motion, describe_scene, episode_model, known, pack
from twmr_nb.draw.stills import moments, png, side_view_frames
from twmr_nb.draw.style import term_colors
from twmr_nb.episodes.rollout import Rollout, checked_episode
from twmr_nb.markup import one_line, shown
from twmr_nb.task.rewards import REWARD_TERMS
from twmr_nb.types import ConfigError
from twmr_nb.ui.script import HERE, script

STYLE = (HERE / "replay_js" / "style.css").read_text(encoding="utf-8")

LABELS = {term.name: term.label for term in REWARD_TERMS}
REWARD_UNIT = "reward per step"
CHART_HEIGHT = 194  # px, timeline and curves
CAMERA = {"azimuth": 62.0, "elevation": -20.0, "distance": 0.46, "lookat": [0.04, 0.0, 0.02], "follow": True}
HEIGHTS = (100, 2000)  # px that a picture may have
PICTURES, PICTURE_SIZE = 60, (760, 250)  # for a browser without WebGL2: how many, and px
SAVED_DT = 0.04  # s between the frames kept in a saved notebook; the browser interpolates
PAGE = Markup("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"
content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>{style}
body {{ margin: 0; padding: 2px; background: var(--jp-layout-color1, #fff); }}
body.dark {{ --jp-layout-color1: #111416; --jp-layout-color2: #22272c; --jp-border-color2: #363c43;
  --jp-ui-font-color1: #e6e8ea; --jp-ui-font-color2: #9aa4ae; --jp-brand-color1: #2196f3; }}
</style></head><body><script type="module">
{script}
startPage({state});
</script></body></html>""")


class Replay(anywidget.AnyWidget):
    """A rollout to play, stop, turn and scrub, with its reward terms underneath.

    `frame` (whole number, from 0) and `time` (s; the pose of frame i is that after control step i) are one cursor: set
    them, observe them, or link them in the browser, `ipywidgets.jslink((slider, "value"), (replay, "frame"))`.
    `camera` is MuJoCo's free camera (degrees and m); with `follow`, `lookat` counts from the robot.

    >>> tw.Replay(tw.record("zero", tw.EnvConfig(), num_steps=5)).frame
    0
    """

    _esm = script("replay_js/widget.js")
    _css = STYLE
    scene = t.Dict().tag(sync=True)
    recording = t.Dict().tag(sync=True)
    ghost = t.Dict().tag(sync=True)
    curves = t.Dict().tag(sync=True)
    camera = t.Dict(CAMERA).tag(sync=True)
    frame = t.Int(0).tag(sync=True)
    time = t.Float(0.0).tag(sync=True)
    autoplay = t.Bool(False).tag(sync=True)
    draws = t.Bool(True).tag(sync=True)  # until a browser says that it has no WebGL2
    pictures = t.List(t.Unicode()).tag(sync=True)  # what it shows then: evenly spread moments, as data: URLs

    def __init__(
        self,
        rollout: Rollout,
        ghost: Rollout | None = None,
        series: Mapping[str, ArrayLike] | None = None,
        height: int = 380,
        autoplay: bool = False,
    ) -> None:
        """Show `rollout`; `ghost` is a second one drawn through it, `series` other curves [T] than its reward terms.

        `height` is the picture's, in pixels; controls, timeline and curves take 270 more. With `autoplay` it plays once
        as soon as it is seen, unless the reader's system asks for little motion.
        """
        super().__init__(autoplay=autoplay)
        self.height = checked_height(height)
        self.load(rollout, ghost, series)

    def load(
        self, rollout: Rollout, ghost: Rollout | None = None, series: Mapping[str, ArrayLike] | None = None
    ) -> None:
        """Show another rollout in the same place; the cursor goes to its beginning."""
        model = episode_model(checked_episode(rollout))
        ghost = ghost and checked_episode(ghost)
        size = {"height": self.height, "chartHeight": CHART_HEIGHT}
        with self.hold_sync():
            self.rollout = rollout
            self.scene = describe_scene(rollout, model, ghost) | size
            self.recording = describe_motion(rollout, model)
            self.ghost = describe_ghost(ghost, rollout) if ghost else {}
            self.show_series(reward_series(rollout) if series is None else series)
            self.frame, self.time = 0, self.scene["dt"]
            self._draw_here()

    def show_series(self, series: Mapping[str, ArrayLike], unit: str = REWARD_UNIT) -> None:
        """Draw these curves, name -> [T], under the picture: rewards under other weights, or any signal."""
        frames = len(self.rollout.action)
        for name, values in series.items():
            if np.shape(values) != (frames,):
                raise ValueError(
                    f"series {name!r} has shape {np.shape(values)}: give ({frames},), one number per step."
                )
        colors = term_colors([name for name in series if name != "total"]) | {"total": "ink"}  # the page's text colour
        lines = [
            {"name": name, "label": label_of(name), "color": colors[name], "values": pack(y)}
            for name, y in series.items()
        ]
        self.curves = {"unit": unit, "lines": lines}

    def to_html(self) -> Markup:
        """A page of its own that plays without a kernel and without a network, about 0.3 MB for 10 s.

        >>> Path("climb.html").write_text(tw.Replay(episode).to_html(), encoding="utf-8")  # doctest: +SKIP
        """
        return page(self.state())

    def state(self, stride: int = 1) -> dict[str, Any]:
        """What a page without a kernel needs, every `stride`-th frame only, and one picture."""
        names = ("scene", "recording", "ghost", "curves", "camera", "frame", "time")
        state = {name: getattr(self, name) for name in names} | {
            "pictures": self._side_view([self.scene["marks"][0]["frame"]])
        }
        return thin(state, stride) if stride > 1 else state

    def _ipython_display_(self) -> None:
        """The live widget, and a still invisible copy that takes over in a saved notebook without a kernel."""
        live = {"model_id": self.model_id, "version_major": 2, "version_minor": 0}
        words = {"text/plain": f"Replay of {self.rollout.title!r}", "text/html": ""}
        display({"application/vnd.jupyter.widget-view+json": live, **words}, raw=True)
        stride = min(round(SAVED_DT / self.scene["dt"]), len(self.rollout.action))
        display(output(saved_copy(self.state(max(1, stride)))))

    @t.observe("draws")
    def _draw_here(self, change: Any = None) -> None:
        self.pictures = (
            [] if self.draws else self._side_view(moments(self.rollout, min(PICTURES, len(self.rollout.action))))
        )

    def _side_view(self, index: Sequence[int]) -> list[str]:
        """The robot from its side at these frames."""
        frames = side_view_frames(self.rollout, index, PICTURE_SIZE, overlay=False)
        return [f"data:image/png;base64,{base64.b64encode(png(frame)).decode()}" for frame in frames]

    @t.validate("frame")
    def _inside(self, proposal: dict[str, Any]) -> int:
        return int(np.clip(proposal["value"], 0, len(self.rollout.action) - 1))

    @t.observe("frame")
    def _frame_moved(self, change: dict[str, Any]) -> None:
        self.time = (self.frame + 1) * self.scene["dt"]

    @t.observe("time")
    def _time_moved(self, change: dict[str, Any]) -> None:
        self.frame = round(self.time / self.scene["dt"]) - 1


def checked_height(height: Any) -> int:
    """The height of a picture, px; raises ConfigError if it is none."""
    if not (is_number(height, int) and HEIGHTS[0] <= height <= HEIGHTS[1]):
        raise ConfigError(
            f"height = {shown(height)} is not allowed: give a whole number from {HEIGHTS[0]} to {HEIGHTS[1]} px."
        )
    return int(height)


def label_of(name: str) -> str:
    return LABELS.get(name) or one_line(name.replace("_", " "))


def reward_series(rollout: Rollout) -> dict[str, np.ndarray]:
    """The reward terms of a rollout as they were paid [T], and their sum."""
    return rollout.reward_terms | {"total": rollout.reward}


def describe_ghost(ghost: Rollout, rollout: Rollout) -> dict[str, Any]:
    """A second rollout as the browser needs it; its total reward on the first one's time axis."""
    qpos, dt = known(ghost.transition.qpos), float(ghost.transition.ctrl_dt)
    total = np.interp(rollout.time, ghost.time, ghost.reward, right=np.nan)
    title = one_line(ghost.title)
    if abs(ghost.step_height - rollout.step_height) > 1e-4:
        title += f" (its step: {100 * ghost.step_height:.3g} cm)"
    return {"title": title, "dt": dt, "qpos": pack(qpos), "total": pack(total)}


def thin(state: dict[str, Any], stride: int) -> dict[str, Any]:
    """Every `stride`-th frame of a replay's state: times keep their meaning, marks move to the frame before."""
    scene = state["scene"]
    frames = len(state["recording"]["gate"]) // 4

    def some(packed: bytes) -> bytes:
        rows = np.frombuffer(packed, dtype=np.uint8).reshape(frames, -1)
        return rows[stride - 1 :: stride].tobytes()

    marks = [mark | {"frame": min(mark["frame"] // stride, frames // stride - 1)} for mark in scene["marks"]]
    ghost = dict(state["ghost"])
    if ghost:
        ghost["total"] = some(ghost["total"])
    return state | {
        "scene": scene | {"dt": scene["dt"] * stride, "marks": marks},
        "recording": {name: some(packed) for name, packed in state["recording"].items()},
        "curves": state["curves"] | {"lines": [c | {"values": some(c["values"])} for c in state["curves"]["lines"]]},
        "ghost": ghost,
        "frame": 0,
    }


def page(state: dict[str, Any]) -> Markup:
    """One HTML file with everything in it; the browser is told to refuse any request."""
    data = json.dumps(state, default=lambda packed: base64.b64encode(packed).decode()).replace("<", "\\u003c")
    return PAGE.format(
        title=state["scene"]["title"],
        style=Markup(STYLE),  # noqa: S704 (our own file)
        script=Markup(script("replay_js/page.js")),  # noqa: S704 (our own files)
        state=Markup(data),  # noqa: S704 (JSON that cannot end the script)
    )


def saved_copy(state: dict[str, Any]) -> Markup:
    """The page in a frame of no height; its script lets it appear where the live widget does not."""
    style = "display:block;width:100%;height:0;border:0"
    frame = Markup('<div><iframe title="saved replay" style="{}" srcdoc="{}"></iframe></div>')
    return frame.format(style, str(page(state)))  # as text: the frame's own page, not a part of this one
