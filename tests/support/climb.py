"""A rollout that climbs the 5 cm step, without training: the recorded actions of tests/data, played again."""

import json
from pathlib import Path

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.rollout import Rollout, record

DATA = Path(__file__).parents[1] / "data"


class Recorded:
    """Acts as a recorded run did."""

    def __init__(self, actions: np.ndarray, title: str) -> None:
        self.actions, self.title = actions, title

    def reset(self, num_envs: int) -> None:
        self.step = -1

    def act(self, obs: np.ndarray) -> np.ndarray:
        self.step += 1
        return self.actions[self.step][None]


def play_again(case: str, title: str = "a recorded climb", steps: int = 500) -> Rollout:
    """One of the recorded runs, by its name in tests/data/index.json."""
    known = json.loads((DATA / "index.json").read_text())["cases"][case]
    actions = np.load(DATA / f"{case}.npz")["actions"]
    config = EnvConfig(scene=known["scene"], **known["settings"])
    return record(Recorded(actions, title), config, seed=known["reset_seed"], num_steps=steps)


def climb(title: str = "a recorded climb", steps: int = 500) -> Rollout:
    """Up and over the step: contact after 2.7 s, passed after 5.3 s."""
    return play_again("walkthrough_obstacle_gate_1", title, steps)
