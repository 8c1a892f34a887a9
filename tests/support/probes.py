"""Tiny vector environments that each test one claim about the learner."""

from types import SimpleNamespace

import numpy as np


class Probe:
    """Episodes of fixed length; subclasses say what is seen and what is paid. Resets in the same step."""

    obs_size, length, truncates = 1, 1, False

    def __init__(self, num_envs: int) -> None:
        self.num_envs = num_envs
        self.single_observation_space = SimpleNamespace(shape=(self.obs_size,))
        self.single_action_space = SimpleNamespace(shape=(1,))

    def reset(self, seed: int | None = None):
        self.rng = np.random.default_rng(seed)
        self.t = np.zeros(self.num_envs, int)
        self.cue = self.rng.choice([-1.0, 1.0], self.num_envs)
        return self.see(), {}

    def step(self, actions: np.ndarray):
        reward = self.pay(actions[:, 0])
        self.t += 1
        done = self.t >= self.length
        final_obs = self.see()
        self.t[done] = 0
        self.cue = np.where(done, self.rng.choice([-1.0, 1.0], self.num_envs), self.cue)
        info = {"final_obs": final_obs, "_final_obs": done} if done.any() else {}
        never = np.zeros_like(done)
        return self.see(), reward, never if self.truncates else done, done if self.truncates else never, info

    def get_state(self) -> dict[str, np.ndarray]:
        words = self.rng.bit_generator.state["state"]
        return {"t": self.t.copy(), "cue": self.cue.copy(), "rng": np.array([str(words["state"]), str(words["inc"])])}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        self.t, self.cue = state["t"].copy(), state["cue"].copy()
        generator = self.rng.bit_generator
        generator.state = generator.state | {
            "state": {k: int(v) for k, v in zip(("state", "inc"), state["rng"], strict=True)}
        }

    def see(self) -> np.ndarray:
        return np.zeros((self.num_envs, 1), np.float32)

    def pay(self, action: np.ndarray) -> np.ndarray:
        return np.ones(self.num_envs)


class ConstantReward(Probe):
    """One step, reward 1: the critic must learn 1."""


class EndlessReward(Probe):
    """Reward 1 for ever, in episodes cut after 2 steps: with the cut bootstrapped, the value is 1 / (1 - gamma)."""

    length, truncates = 2, True


class SeenCue(Probe):
    """One step; reward is the cue seen: the critic must tell the two apart."""

    def see(self) -> np.ndarray:
        return self.cue[:, None].astype(np.float32)

    def pay(self, action: np.ndarray) -> np.ndarray:
        return self.cue


class LateReward(Probe):
    """Two steps, reward 1 in the second: the first state is worth gamma."""

    length = 2

    def see(self) -> np.ndarray:
        return self.t[:, None].astype(np.float32)

    def pay(self, action: np.ndarray) -> np.ndarray:
        return (self.t == 1).astype(float)


class FollowCue(SeenCue):
    """One step; reward is high where the action matches the cue: the actor must look at what it sees."""

    def pay(self, action: np.ndarray) -> np.ndarray:
        return 1 - (action - 0.5 * self.cue) ** 2


class RecallCue(FollowCue):
    """The cue shows in the first step only and is paid for in the last: only memory can earn it."""

    length = 4

    def see(self) -> np.ndarray:
        return np.where(self.t == 0, self.cue, 0.0)[:, None].astype(np.float32)

    def pay(self, action: np.ndarray) -> np.ndarray:
        return np.where(self.t == self.length - 1, super().pay(action), 0.0)


class Identified(Probe):
    """Observation = (robot, step of the episode, steps since reset): every stored number says where it came from."""

    obs_size, length = 3, 3

    def reset(self, seed: int | None = None):
        self.total = 0
        return super().reset(seed)

    def step(self, actions: np.ndarray):
        self.total += 1
        return super().step(actions)

    def get_state(self) -> dict[str, np.ndarray]:
        return super().get_state() | {"total": np.array(self.total)}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        super().set_state(state)
        self.total = int(state["total"])

    def see(self) -> np.ndarray:
        robot = np.arange(self.num_envs)
        return np.stack([robot, self.t, np.full(self.num_envs, self.total)], axis=1).astype(np.float32)

    def pay(self, action: np.ndarray) -> np.ndarray:
        return 100.0 * np.arange(self.num_envs) + self.total
