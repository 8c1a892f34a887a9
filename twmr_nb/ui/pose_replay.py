"""A standing pose in 3D: the replay with a single moment, and nothing to play."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.policies.protocol import ZeroPolicy
from twmr_nb.robot.model import step_edges
from twmr_nb.ui.replay import CAMERA, Replay

NEAR = CAMERA | {"distance": 0.36, "lookat": [0.03, 0.0, 0.0]}


class PoseReplay(Replay):
    """Shows a pose before a step; `ahead` is where the step begins, m from the robot's middle."""

    def __init__(self, qpos: NDArray[np.float64], step: float, ahead: float, height: int) -> None:
        self.ahead = ahead
        self.still = record(ZeroPolicy(), num_steps=1, title="the pose in 3D")
        super().__init__(self.moment(qpos, step), series={}, height=height)
        self.camera = NEAR

    def show(self, qpos: NDArray[np.float64], step: float) -> None:
        """Turn to another pose, qpos [23], or another step height [m]; the camera stays."""
        self.load(self.moment(qpos, step), series={})

    def moment(self, qpos: NDArray[np.float64], step: float) -> Rollout:
        """The pose as an episode of one step, at rest."""
        config = EnvConfig(scene="step", step_height=step) if step else EnvConfig(scene="flat")
        edges = step_edges(config)
        here = np.array(qpos, float)
        here[0] = edges[0] - self.ahead if edges else 0.0
        there = self.still.transition
        at_rest: dict[str, Any] = {k: np.zeros_like(getattr(there, k)) for k in ("qvel", "torque", "touch", "gate")}
        return replace(
            self.still, config=config, step_height=step, transition=replace(there, qpos=here[None], **at_rest)
        )
