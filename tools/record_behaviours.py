"""Record the behaviours of the scoreboard into twmr_nb/episodes/behaviours/: some minutes, nearly all of it planning.

    python tools/record_behaviours.py

All start alike, at the original's step of 5 cm, with legs that are servos, and go on for 20 s whatever happens.
"""

from dataclasses import replace

import numpy as np

import twmr_nb as tw
from twmr_nb.episodes import scoreboard
from twmr_nb.types import Array

LOW, OUT = tw.robot.LOW, tw.robot.MIDDLE
FOLDED_AHEAD = tw.ConstantPolicy(1.0, LOW)
X, DT = 0, 0.02  # the column of the observations that holds x; s
FOLDED_FLAT = 0.1  # of the planner's: legs folded on the flat
PUSH = 0.15  # of the wheels' command; with more it turns over at the step, sooner or later
OVER = 1.5  # m; where the planner has brought the robot down behind the step


class InTurn:
    """One policy after another, each until its time [s]."""

    def __init__(self, *parts: tuple[float, tw.Policy]) -> None:
        self.parts = parts

    def reset(self, num_envs: int) -> None:
        self.steps = 0
        for _, part in self.parts:
            part.reset(num_envs)

    def act(self, obs: Array) -> Array:
        now = next(part for until, part in self.parts if self.steps * DT < until)
        self.steps += 1
        return now.act(obs)


class Climb(tw.Planner):
    """Plans its way over the step; behind it, drives on folded."""

    def act(self, obs: Array) -> Array:
        return super().act(obs) if obs[0, X] < OVER else FOLDED_AHEAD.act(obs)


class Commands:
    """Gives these commands [T, 8]."""

    def __init__(self, actions: Array) -> None:
        self.actions = actions

    def reset(self, num_envs: int) -> None:
        self.steps = 0

    def act(self, obs: Array) -> Array:
        self.steps += 1
        return self.actions[None, self.steps - 1]


def main() -> None:
    stage = scoreboard.STAGE.replace(obs_mode="full", extension_penalty=FOLDED_FLAT)
    climb = tw.record(Climb(), stage)
    played = {
        scoreboard.STANDING: tw.ConstantPolicy(0.0, LOW),
        "standing with legs out": tw.ConstantPolicy(0.0, OUT),
        scoreboard.PUSHING: InTurn((4.1, FOLDED_AHEAD), (np.inf, tw.ConstantPolicy(PUSH, LOW))),
        "hanging at the edge": Commands(stopped(climb)),
        "driving to and fro": InTurn(*((2.0 + 2.0 * k, tw.ConstantPolicy(1.0 - 2 * (k % 2), LOW)) for k in range(10))),
        "trembling": "random",
        scoreboard.OVER: tw.ConstantPolicy(1.0, OUT),
        scoreboard.CLIMBING: Commands(climb.action),
    }
    assert list(played) == list(scoreboard.NAMES)
    for name, policy in played.items():
        episode = plain(tw.record(policy, scoreboard.STAGE, title=name))
        print(f"{name}: x {episode.x[-1]:.2f} m, passed {episode.passed}, tilt {episode.transition.tilt.max():.2f} rad")
        episode.save(scoreboard.SHIPPED / f"{name.replace(' ', '_')}.safetensors")


def stopped(climb: tw.Rollout) -> Array:
    """The commands of a climb up to its steepest moment before the wheels are up, which is then held, wheels still."""
    actions = climb.action.copy()
    moment = int(climb.transition.tilt.argmax())
    actions[moment:] = actions[moment]
    actions[moment:, :4] = 0
    return actions


def plain(episode: tw.Rollout) -> tw.Rollout:
    """The same, joints and speeds as the terms read them, float32: half as large once packed."""
    t = episode.transition
    qpos = np.concatenate([t.qpos[:, :7], t.qpos[:, 7:].astype(np.float32)], axis=1)
    return replace(episode, transition=replace(t, qpos=qpos, qvel=t.qvel.astype(np.float32).astype(float)))


if __name__ == "__main__":
    main()
