"""The pose explorer: turn the legs and the wheels by hand, and see how tall the robot stands."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w
import numpy as np
from markupsafe import Markup
from numpy.typing import ArrayLike, NDArray

from twmr_nb.config.fields import Setting, settings_of
from twmr_nb.config.schema import EnvConfig, checked_world
from twmr_nb.draw.pose_picture import STEP_AT, PosePicture, targets_by_mode
from twmr_nb.draw.table import Table
from twmr_nb.robot.model import WHEELS, WHEGS, tip_radius
from twmr_nb.robot.outline import outline, posed
from twmr_nb.robot.pose import HIGH, LOW, MIDDLE
from twmr_nb.ui.background import Redraw
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.picture import Picture
from twmr_nb.ui.pose_replay import PoseReplay
from twmr_nb.ui.saved import Keepsake, changed, plain
from twmr_nb.ui.setting_row import Row
from twmr_nb.ui.shell import Shell, part

DOC = "Which leg angle makes the wheel large? Both ends of the range are folded."
LEG = replace(
    settings_of(EnvConfig)["retract_angle"], doc="Angle of the legs' hinges; they move together on each wheel.",
    default=-1.047, optional=False,
)  # fmt: skip
TURN = Setting("wheel_angle", "", "How far the wheels are turned.", float, 0.0, -3.15, 3.15, "rad")
REPLAY_HEIGHT = 520  # px


class PoseExplorer(Shell):
    """Sliders for legs and wheels, the standing robot beside them. `leg_angle` is [4], rad, in motor order.

    >>> tw.PoseExplorer().leg_angle.shape
    (4,)
    """

    def __init__(self, config: EnvConfig | None = None) -> None:
        self.config = checked_world(config)
        self.picture = PosePicture()
        self.redraw = Redraw(self._draw)
        world = settings_of(EnvConfig)
        self.together, *self.each = (
            Row(replace(LEG, name=name), LEG.default, self.redraw) for name in ("leg_angle", *WHEELS)
        )
        self.turn = Row(TURN, TURN.default, self.redraw)
        self.step = Row(replace(world["step_height"], high=0.1), 0.05, self.redraw)
        self.modes = Row(world["extend_mode"], self.config.extend_mode, self._mode_chosen, "open gate asks")
        self.separate = w.Checkbox(
            description="each wheel on its own", indent=False, layout=w.Layout(width="auto", margin="0 0 0 101px")
        )
        self.numbers = Html()
        self.image = Picture(self.save, "Pose_explorer", layout=w.Layout(width="100%", max_width="1000px", margin="0"))
        self.stage = w.Box([self.image], layout=w.Layout(width="100%", overflow="hidden"))
        self.in_3d = w.Checkbox(description="3D view", indent=False, tooltip="Turn the robot round, go nearer")
        self.in_3d.layout = w.Layout(width="auto", align_self="flex-end")
        self.replay: PoseReplay | None = None
        self.legs = w.VBox([self.together])
        controls = [
            part("pose"), self.legs, self.separate, self.turn, self.step,
            part("go to a pose"), self._poses(), self.modes, part("numbers"), self.numbers,
        ]  # fmt: skip
        super().__init__("Pose explorer", DOC, controls, [self.in_3d, self.stage])
        self.separate.observe(self._separated, "value")
        self.in_3d.observe(self._switch, "value")
        self.numbers.observe(lambda _: changed(self), "value")
        self.image.observe(lambda _: changed(self), "value")
        self.redraw()

    @property
    def leg_angle(self) -> NDArray[np.float64]:
        sliders = self.each if self.separate.value else [self.together] * 4
        return np.array([slider.last for slider in sliders])

    @leg_angle.setter
    def leg_angle(self, angle: ArrayLike) -> None:
        angles = np.broadcast_to(np.asarray(angle, float), 4)
        if not ((angles >= LOW - 1e-6) & (angles <= HIGH + 1e-6)).all():
            raise ValueError(f"leg_angle = {angle!r} is not allowed: give angles from {LOW:.3f} to {HIGH:.3f} rad.")
        with self.redraw.hold():
            self.separate.value = bool(self.separate.value or np.ptp(angles))
            for slider, value in zip((self.together, *self.each), (angles[0], *angles), strict=True):
                slider.set(round(float(value), 6))  # targets are float32
            self.redraw()

    @property
    def qpos(self) -> NDArray[np.float64]:
        """The standing pose, [23]."""
        return posed(self.leg_angle, self.turn.last)

    def save(self, path: str | Path) -> Path:
        """Save the picture as it is now, .svg, .pdf or .png, and its numbers as .csv beside it."""
        with self.redraw.hold():
            self._picture()
            return self.picture.live.figure.save(path)

    def _picture(self) -> bytes:
        return self.picture.draw(self.qpos, self.leg_angle, self.config, self.step.last)

    def keepsake(self) -> Keepsake:
        picture = self.image.value
        if self.in_3d.value:
            with self.redraw.hold():
                picture = self._picture()
        return Keepsake(plain(self.numbers.value.replace("</tr>", "; ")), picture)

    def _poses(self) -> w.HBox:
        buttons = []
        for label, tip in (
            ("retract", "The folded pose at the start"),
            ("extend", "What an open gate asks for"),
            ("largest", "The legs all out"),
        ):
            button = w.Button(description=label, tooltip=tip, layout=w.Layout(flex="1 1 auto", width="auto"))
            button.on_click(lambda _, label=label: self.go_to(label))
            buttons.append(button)
        return w.HBox(buttons)

    def go_to(self, pose: str) -> None:
        """Move all legs to "retract", "extend" (by the chosen mode) or "largest"."""
        targets = targets_by_mode(self.config)
        angles = {"retract": targets["retract"], "extend": targets[self.config.extend_mode], "largest": MIDDLE}
        if pose not in angles:
            raise ValueError(f"pose = {pose!r} is not allowed: choose {', '.join(map(repr, angles))}.")
        self.leg_angle = angles[pose]

    def _separated(self, change: dict[str, Any]) -> None:
        with self.redraw.hold():
            if change["new"]:
                for slider in self.each:
                    slider.set(self.together.last)
            else:
                self.together.set(self.each[0].last)
            self.legs.children = self.each if change["new"] else [self.together]
            self.redraw()

    def _mode_chosen(self, row: Row) -> None:
        self.config = self.config.replace(extend_mode=row.value, extend_angle=None)
        self.redraw()

    def _switch(self, change: dict[str, Any]) -> None:
        """Between the picture and the view in 3D; both follow the sliders."""
        if self.in_3d.value and self.replay is None:
            self.replay = PoseReplay(self.qpos, self.step.last, STEP_AT, REPLAY_HEIGHT)
        self.stage.children = [self.replay if self.in_3d.value else self.image]
        self.redraw()

    def _draw(self) -> None:
        qpos, angles, step = self.qpos, self.leg_angle, self.step.last
        if self.in_3d.value and self.replay:
            self.replay.show(qpos, step)
        else:
            with self.image.hold_sync():
                self.image.value = self._picture()
                self.image.words = in_words(qpos, angles, step)
        self.numbers.value = numbers(qpos, angles, step)


def in_words(qpos: NDArray[np.float64], leg_angle: NDArray[np.float64], step: float) -> str:
    """What the picture shows, for those who do not see it."""
    angles = " / ".join(f"{angle:.2f}" for angle in (leg_angle if np.ptp(leg_angle) else leg_angle[:1]))
    tips = float(np.max(tip_radius(leg_angle)))
    return (
        f"The robot standing before a step of {1000 * step:.0f} mm, leg angle {angles} rad: the leg tips reach "
        f"{1000 * tips:.1f} mm from the axle, the body is {1000 * outline(qpos).clearance:.1f} mm above the ground."
    )


def numbers(qpos: NDArray[np.float64], leg_angle: NDArray[np.float64], step: float) -> Markup:
    """What the pose measures, as a small table; of all four wheels where they differ."""
    shape, tips = outline(qpos), np.asarray(tip_radius(leg_angle))
    wheels, climb = slice(None if np.ptp(leg_angle) else 1), WHEGS * tips.max()

    def millimetres(lengths: ArrayLike) -> str:
        return " / ".join(f"{1000 * length:.1f}" for length in np.ravel(lengths))

    verdict = f"{'enough' if climb >= step else 'too low'} for {1000 * step:.0f}"
    rows = [
        ["tip radius [mm]", millimetres(tips[wheels])],
        ["reach below axle [mm]", millimetres(shape.reach[wheels])],
        ["ground clearance [mm]", millimetres(shape.clearance)],
        ["may climb about [mm]", f"{1000 * climb:.0f}, {verdict}"],
    ]
    return Table(["", ""], rows).html()
