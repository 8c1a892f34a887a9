"""The frame of the explorers that look at one recorded episode under changing settings."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w
import traitlets as t
from numpy.typing import NDArray

from twmr_nb.config.fields import Setting, settings_of
from twmr_nb.config.idle import READ_BY_GATE
from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.draw.style import Plot
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.task.gate import obstacle_buffers
from twmr_nb.ui.background import Redraw
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.picture import Picture
from twmr_nb.ui.replay import Replay
from twmr_nb.ui.rollout_picker import RolloutPicker
from twmr_nb.ui.saved import Keepsake, changed, plain
from twmr_nb.ui.setting_row import Row
from twmr_nb.ui.shell import Shell
from twmr_nb.ui.time_cursor import TimeCursor

WIDTH = 1000  # px of the picture at most; it is as wide as there is room
REPLAY_HEIGHT = 300
GATE = {  # the settings of gate and asked pose, and what their rows are called
    "gate_mode": "gate",
    "obstacle_pre_buffer": "before step", "obstacle_post_buffer": "after step", "obstacle_smooth": "softness",
    "gate_acc_scale": "impact scale", "gate_gyro_scale": "rotation scale", "gate_stall_scale": "stall scale",
    "gate_bias": "bias", "gate_smooth": "softness",
    "gate_tilt": "tilt", "extend_mode": "open gate asks",
}  # fmt: skip
BUFFERS = ("obstacle_pre_buffer", "obstacle_post_buffer")


class EpisodeExplorer(Shell):
    """An episode, settings that differ from its own, a picture, and a time cursor. Subclasses say what is drawn.

    `frame` is the control step under the cursor, from 0; `rows` are the settings that can be changed, by name. The
    gate's stand in a place of their own, those that its mode reads, between the controls `above` and `below`.
    """

    frame = t.Int(0)
    curve_unit = "reward per step"  # of the curves under the 3D replay

    def __init__(
        self, title: str, doc: str, picker: RolloutPicker, above: Sequence[w.Widget], below: Sequence[w.Widget],
        bar: Sequence[w.Widget] = (), rows: Sequence[Row] = (),
    ) -> None:  # fmt: skip
        self.picker = picker
        self.overrides: dict[str, Any] = {}
        gate = [self.row(name, label) for name, label in GATE.items()]
        self.rows = {row.setting.name: row for row in (*rows, *gate)}
        self.gate = w.VBox()
        self.redraw = Redraw(self._draw)
        self.image = Picture(self.save, title.replace(" ", "_"), layout=w.Layout(width="100%", margin="0"))
        self.stage = w.Box([self.image], layout=wide())
        self.in_3d = w.Checkbox(
            description="3D replay",
            indent=False,
            tooltip="Turn the robot round, play, click on a curve",
            layout=w.Layout(width="auto", flex="0 0 auto"),
        )
        self.summary = Html(layout=w.Layout(flex="1 1 auto"))
        self.summary.add_class("twmr-summary")
        self.cursor = TimeCursor(layout=wide())
        self.replay: Replay | None = None
        top = w.HBox([*bar, self.summary, self.in_3d], layout=wide(align_items="center", flex_flow="row wrap"))
        super().__init__(title, doc, [picker, *above, self.gate, *below], [top, self.stage, self.cursor])
        t.link((self, "frame"), (self.cursor, "frame"))
        self.summary.observe(lambda _: changed(self), "value")
        self.image.observe(lambda _: changed(self), "value")
        self.observe(self.redraw, "frame")
        self.in_3d.observe(self._switch, "value")
        self.picker.observe(self._load, "rollout")
        self._load()

    @t.validate("frame")
    def _inside(self, proposal: dict[str, int]) -> int:
        return min(max(proposal["value"], 0), self.cursor.last)

    # What a subclass provides

    def prepare(self, rollout: Rollout) -> None:
        """Make ready to draw another episode."""
        raise NotImplementedError

    def score(self, rollout: Rollout) -> None:
        """Compute what depends on the settings."""
        raise NotImplementedError

    def draw(self) -> bytes:
        """The picture as PNG, of what was computed last."""
        raise NotImplementedError

    @property
    def figure(self) -> Plot:
        """What was drawn last."""
        raise NotImplementedError

    def words(self) -> str:
        """What the picture shows, for those who do not see it."""
        raise NotImplementedError

    def curves(self) -> dict[str, NDArray[Any]]:
        """The curves [T] under the 3D replay."""
        raise NotImplementedError

    def moment(self, rollout: Rollout) -> str:
        """What happens under the cursor, in words."""
        now = rollout.transition
        return f"Cursor at {rollout.time[self.frame]:.2f} of {rollout.time[-1]:.2f} s: x {now.x[self.frame]:.2f} m."

    def keepsake(self) -> Keepsake:
        """The picture as it is now, drawn where the 3D replay stands in its place."""
        words, picture = plain(self.summary.value), self.image.value
        if self.in_3d.value and self.rollout is not None:
            with self.redraw.hold():
                picture = self.draw()
        return Keepsake(words, picture)

    def save(self, path: str | Path) -> Path:
        """Save the picture as it is now, .svg, .pdf or .png, and its numbers as .csv beside it."""
        if self.rollout is None:
            raise ConfigError("there is no figure to save yet: an episode is being recorded, wait for it.")
        with self.redraw.hold():
            self.draw()
            return self.figure.save(path)

    # What it is told

    def row(self, name: str, label: str, color: str = "") -> Row:
        """A row for a setting of EnvConfig; what it says is how the episode is looked at."""
        setting = world_setting(name)
        return Row(setting, setting.default, self._moved, label, color)

    def _moved(self, row: Row) -> None:
        if not row.problem:
            name = row.setting.name
            self.override(**{name: row.value} | ({"extend_angle": None} if name == "extend_mode" else {}))

    @property
    def rollout(self) -> Rollout | None:
        """The episode that is shown; None while it is being recorded."""
        return self.picker.rollout

    @property
    def recorded_config(self) -> EnvConfig:
        return self.rollout.config if self.rollout else self.picker.config

    @property
    def config(self) -> EnvConfig:
        """The episode's own settings with the changes made here."""
        return self.recorded_config.replace(**self.overrides)

    def override(self, **settings: Any) -> None:
        """Look with these EnvConfig settings instead of the episode's; raises ConfigError on a bad one."""
        with self.redraw.hold():
            wanted = self.config.replace(**settings)
            self._keep(self.overrides | {name: getattr(wanted, name) for name in settings})
            self._refresh()

    def reset(self, *_: Any) -> None:
        """Back to the settings that the episode was recorded with."""
        with self.redraw.hold():
            self._keep({})
            self._refresh()

    def _keep(self, overrides: dict[str, Any]) -> None:
        base = self.recorded_config
        self.overrides = {name: value for name, value in overrides.items() if value != getattr(base, name)}

    def _refresh(self) -> None:
        with self.redraw.hold():
            self.show_settings(self.config)
            self.redraw()

    def show_settings(self, config: EnvConfig) -> None:
        """Let the rows say what is set, and what the episode was recorded with."""
        for name, row in self.rows.items():
            row.set(effective(config, name), effective(self.recorded_config, name))
        wanted = tuple(self.rows[name] for name in gate_settings(config))
        if self.gate.children != wanted:
            self.gate.children = wanted

    def _load(self, change: Any = None) -> None:
        """Show the picker's episode, with the changes made so far."""
        with self.redraw.hold():
            rollout = self.rollout
            if rollout is None:
                self.summary.say("recording an episode …")
                return
            self._keep(self.overrides)
            self.prepare(rollout)
            self.cursor.load(rollout)
            self.frame = self.cursor.frame  # the link may be busy in another thread
            if self.replay is not None:
                self.replay.load(rollout)
                self.replay.frame = self.frame
            self._refresh()

    def _switch(self, change: dict[str, Any]) -> None:
        """Between the picture and the 3D replay; both have the same cursor and the same settings."""
        with self.redraw.hold():
            if self.rollout is None:
                self.in_3d.value = False
                return
            if self.in_3d.value and self.replay is None:
                self.replay = Replay(self.rollout, height=REPLAY_HEIGHT)
                self.replay.frame = self.frame
                t.link((self, "frame"), (self.replay, "frame"))
            self.stage.children = [self.replay if self.in_3d.value else self.image]
            self.cursor.layout.display = "none" if self.in_3d.value else ""  # the replay has its own
            self.redraw()

    def _draw(self) -> None:
        if self.rollout is None:
            return
        self.score(self.rollout)
        if not self.in_3d.value:
            with self.image.hold_sync():
                self.image.value, self.image.words = self.draw(), f"{self.words()} {self.moment(self.rollout)}"
        elif self.replay is not None:
            self.replay.show_series(self.curves(), self.curve_unit)


def world_setting(name: str) -> Setting:
    """A setting of EnvConfig as a slider shows it: a buffer always has a value of its own."""
    known = settings_of(EnvConfig)
    if name not in BUFFERS:
        return known[name]
    return replace(known[name], optional=False, default=known["obstacle_buffer"].default)


def gate_settings(config: EnvConfig) -> tuple[str, ...]:
    """The settings that gate and asked pose depend on."""
    return "gate_mode", *READ_BY_GATE[config.gate_mode], "extend_mode"


def effective(config: EnvConfig, name: str) -> Any:
    """A setting's value; where a buffer is not given, the common one that stands for it."""
    return obstacle_buffers(config)[BUFFERS.index(name)] if name in BUFFERS else getattr(config, name)


def wide(**how: Any) -> w.Layout:
    """As wide as the picture."""
    return w.Layout(width="100%", max_width=f"{WIDTH}px", overflow="hidden", **how)
