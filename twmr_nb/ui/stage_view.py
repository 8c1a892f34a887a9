"""The picture of a stage and all that is touched in it. The JavaScript lies in stage_js/.

The poses come as one small binary message for each control step; what a person does comes back as messages.
"""

from collections.abc import Callable
from typing import Any

import anywidget
import numpy as np
import traitlets as t

from twmr_nb.draw.replay_scene import FORCE_UNIT, POINT_UNIT, contact_forces, describe_place
from twmr_nb.draw.style import term_colors
from twmr_nb.episodes.drive import Drive
from twmr_nb.markup import one_line
from twmr_nb.robot.model import LEG_QPOS, NQ, WHEEL_CTRL, build_model, step_edges
from twmr_nb.task.rewards import REWARD_TERMS
from twmr_nb.types import Array
from twmr_nb.ui.replay import CAMERA, STYLE
from twmr_nb.ui.script import HERE, script

# What is drawn, m: from behind the start to behind the step, and to each side.
BEHIND, AHEAD, ASIDE = -0.6, 1.5, 0.45


class StageView(anywidget.AnyWidget):
    """Shows a drive; `heard(message)` is told what a person does to it.

    scene, terms, drivers, status: what is shown, to whom it may be handed over, and how it is going. `show` sends a
    moment.
    """

    _esm = script("stage_js/widget.js")
    _css = STYLE + (HERE / "stage_js" / "style.css").read_text(encoding="utf-8")
    scene = t.Dict().tag(sync=True)
    terms: Any = t.List().tag(sync=True)
    drivers: Any = t.List().tag(sync=True)
    status = t.Dict().tag(sync=True)
    camera = t.Dict(CAMERA | {"distance": 0.6}).tag(sync=True)
    height = t.Int(300).tag(sync=True)

    def __init__(self, drive: Drive, heard: Callable[[dict[str, Any]], None], height: int) -> None:
        known = [*REWARD_TERMS, *drive.extra_terms]
        self.names, colors = [term.name for term in known], term_colors([term.name for term in known])
        rows = [
            {"label": one_line(term.label), "unit": one_line(term.unit), "color": colors[term.name]} for term in known
        ]
        super().__init__(terms=rows, height=height)
        self.load(drive)
        self.on_msg(lambda _, message, buffers: heard(message))

    def load(self, drive: Drive) -> None:
        """Another world, or the same: the robot and what lies ahead of it."""
        config, height = drive.config, float(drive.env.sim.heights[0])
        self.model = build_model(config.replace(action_mode="torque"))  # whose contacts are shown
        end = (step_edges(config) or (0.0, 1.0))[1]
        place = describe_place(config, height, self.model, (BEHIND, end + AHEAD), (-ASIDE, ASIDE))
        layout = [[name, len(values)] for name, values in self.moment(drive).items()]
        self.scene = place | {"layout": layout, "legs": list(range(NQ))[LEG_QPOS]}

    def show(self, drive: Drive, speed: float, pace: float, sparing: bool = False) -> None:
        """Send the moment; speed: simulated over real time, pace: what was asked for; sparing: few are sent now."""
        packed = np.concatenate([*self.moment(drive, speed, pace, sparing).values()], dtype="<f4", casting="same_kind")
        self.send({}, [packed.tobytes()])

    def moment(self, drive: Drive, speed: float = 1.0, pace: float = 1.0, sparing: bool = False) -> dict[str, Array]:
        """All that is shown of a control step, as numbers; what is not scored is nan."""
        now = drive.env.transition
        scored = {term.name for term in REWARD_TERMS if not term.optional or term.weight_in(drive.config)}
        scored |= {term.name for term in drive.extra_terms}

        def paid(terms: dict[str, float]) -> Array:
            return np.array([terms.get(name, 0.0) if name in scored else np.nan for name in self.names])

        return {
            "time": np.array([len(drive.past) * drive.dt]),
            "speed": np.array([speed, pace, sparing]),
            "gate": now.gate,
            "touch": now.touch,
            "upright": now.upright,
            "fold": np.array(getattr(drive.driver, "fold", [1.0, 1.0])),
            "qpos": now.qpos[0],
            "torque": now.torque[0, WHEEL_CTRL],
            "contacts": contacts(self.model, now.qpos, now.qvel, now.torque),
            "pull": drive.pulled.ravel() if drive.pull else np.zeros(6),
            "now": paid(drive.now),
            "raw": paid(drive.raw),
            "paid": paid(drive.paid),
        }


def contacts(model: Any, qpos: Array, qvel: Array, torque: Array) -> Array:
    """Where, m, and how, N, the world pushes each wheel now: [4 x 6] of a state [1, ...]."""
    counts = contact_forces(model, qpos, qvel, torque)[0] * np.repeat([POINT_UNIT, FORCE_UNIT], 3)
    counts[:, :3] += qpos[0, :3]
    return counts.ravel()
