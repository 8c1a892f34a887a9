"""Recorded episodes: play a policy once, then look, draw and re-score as often as you like."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from twmr_nb.columns import frame, write_csv
from twmr_nb.config.fields import is_number
from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig, checked_seed, checked_world
from twmr_nb.episodes.conduct import Conduct, conduct, trace
from twmr_nb.episodes.evaluate import unseen_seed
from twmr_nb.episodes.frame import columns_of
from twmr_nb.episodes.rescore import Rescored, rescored
from twmr_nb.episodes.worlds import own_world
from twmr_nb.markup import one_line, shown
from twmr_nb.policies.protocol import begin
from twmr_nb.policies.saved import PolicyError, PolicyLike, SavedPolicy, playable, read_arrays, write_arrays
from twmr_nb.progress import Progress
from twmr_nb.robot.model import NQ, NU, NV, step_edges
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.feeling import attitude_along
from twmr_nb.task.rewards import RewardTerm, Scores, checked_terms, refuse_mixing, total
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

FORMAT = "twmr_nb rollout 1"
MOST_SEED = 10**15  # more than anybody asks for, and a number in every file
# Fields of a Transition that have no time axis, and those that are others of the step before.
CONSTANT = ("step_height", "step_edge", "start_yaw", "success_x", "retract", "extend", "ctrl_dt")
EARLIER = {"qpos_before": "qpos", "action_before": "action"}
WIDTHS = {"qpos": (NQ,), "qvel": (NV,), "accelerometer": (3,), "gyro": (3,), "torque": (NU,), "action": (NU,)}
FLAGS = ("fell", "passed_before")
OVER_TIME = [f.name for f in dataclasses.fields(Transition) if f.name not in (*CONSTANT, *EARLIER)]


@dataclass(frozen=True)
class Rollout:
    """One episode, T control steps. Row t is the state *after* step t, at time (t + 1) * ctrl_dt.

    >>> episode = tw.record("zero", tw.EnvConfig(), num_steps=4)
    >>> episode.time.tolist(), episode.transition.leg_angle.shape
    ([0.02, 0.04, 0.06, 0.08], (4, 4))
    """

    config: EnvConfig
    transition: Transition
    """All steps, [T, ...]."""
    reward_terms: dict[str, Array]
    """Name -> weighted reward as scored live, [T]; they add up to the reward."""
    step_height: float
    """Height of the step in this very episode, m."""
    terminated: bool
    """Whether it ended in a fall (or diverged)."""
    truncated: bool
    """Whether it ended by a time limit, or by success where the config says so."""
    title: str = ""
    gamma: float | None = None
    """The discount that its policy was trained with; None where none was trained, or nothing says so."""

    def __repr__(self) -> str:
        t, steps = self.transition, len(self.action)
        end = f"fell at x = {t.x[-1]:.2f} m" if self.terminated else f"ends at x = {t.x[-1]:.2f} m"
        passed = "passes the obstacle" if t.passed.any() else "does not pass"
        paid = ", ".join(f"{one_line(name)} {values.sum():+.2f}" for name, values in self.reward_terms.items())
        return (
            f"Rollout {one_line(self.title)!r}: {steps} control steps, {steps * t.ctrl_dt:.2f} s, "
            f"scene {self.config.scene}, {passed}, {end}\n"
            f"  reward {self.reward.sum():+.2f} in all: {paid}\n"
            f"  action [{steps}, {self.action.shape[-1]}], time [s], reward and transition [{steps}, ...]"
        )

    @property
    def action(self) -> Array:
        """What the policy asked for, [T, 8] in [-1, 1]."""
        return self.transition.action

    @cached_property
    def attitude(self) -> Array:
        """What the robot makes of its gyro: unit quaternions, [T, 4], level and straight on at the start."""
        return attitude_along(self.transition.gyro, self.transition.ctrl_dt)

    @property
    def world(self) -> EnvConfig:
        """The world of this very episode: `config` with its own step, where the step's height was drawn."""
        if self.config.scene != "step":
            return self.config
        return self.config.replace(step_height=self.step_height, step_height_max=None)

    @property
    def time(self) -> Array:
        """Time of each row, s, [T]."""
        return np.arange(1, len(self.action) + 1) * self.transition.ctrl_dt

    @property
    def reward(self) -> Array:
        """The reward as scored live, [T]."""
        return total(self.reward_terms)

    @property
    def x(self) -> Array:
        """How far the robot has come, m, [T]."""
        return self.transition.x

    @property
    def upright(self) -> Array:
        """1 level, 0 on its side, -1 on its back, [T]."""
        return self.transition.upright

    @property
    def gate(self) -> Array:
        """How far the legs should be out, [T], 0 to 1."""
        return self.transition.gate

    @property
    def passed(self) -> bool:
        """Whether it passed the obstacle."""
        return bool(self.transition.passed.any())

    @property
    def conduct(self) -> Conduct:
        """How it was driven, by the measures of `evaluate`: largest tilt, upright, legs folded, clean, ride and cost.

        >>> standing = tw.record("zero", tw.EnvConfig(), num_steps=4).conduct
        >>> standing.upright, standing.clean_pass, standing.contact_to_legs_out
        (True, False, nan)
        """
        return conduct(trace(self.transition), self.config, self.terminated, self.transition.ctrl_dt)

    def rescore(
        self, config: EnvConfig | None = None, extra_terms: Iterable[RewardTerm] = (), **settings: Any
    ) -> Rescored:
        """What this very movement would have paid under other weights, gates or targets, and with terms of your own.

        config: the settings to score by, those it was recorded with if none are given; settings: changes on top.
        Raises ConfigError on an unknown setting, a value that is not allowed, or a term that looks at other moments.

        >>> episode = tw.record("random", tw.EnvConfig(), num_steps=20)
        >>> episode.rescore().totals["total"] == sum(values.sum() for values in episode.reward_terms.values())
        True
        >>> dearer = episode.rescore(extension_penalty=0.05)
        >>> bool(np.allclose(dearer.weighted["extension"], -0.05 * dearer.raw["extension"]))
        True
        """
        scored_by = checked_world(config or self.config)
        if settings:
            scored_by = scored_by.replace(**settings)
        terms = checked_terms(extra_terms)
        refuse_mixing(terms, self.transition)
        return rescored(self, scored_by, terms)

    def frame(self) -> Any:
        """All of it, a row per control step: a pandas.DataFrame where pandas is installed, else a dict of arrays [T].

        docs/runs.md tells the columns and their units.

        >>> list(tw.record("zero", tw.EnvConfig(), num_steps=4).frame())[:3]
        ['time', 'x', 'z']
        """
        return frame(columns_of(self.transition, self.reward_terms))

    def to_csv(self, path: str | Path) -> Path:
        """The same as a .csv file with a header, whole or not at all; returns its path."""
        return write_csv(path, columns_of(self.transition, self.reward_terms))

    def save(self, path: str | Path) -> Path:
        """Write one safetensors file, whole or not at all; `load_rollout` reads it."""
        t = self.transition
        arrays = {name: getattr(t, name) for name in [*OVER_TIME, "retract", "extend"]} | {"start": t.qpos_before[0]}
        arrays |= {f"term/{name}": values for name, values in self.reward_terms.items()}
        plain = {name: getattr(self, name) for name in ("step_height", "terminated", "truncated", "title", "gamma")}
        terms = list(self.reward_terms)  # a safetensors file forgets the order, in which they are added
        plain |= {"terms": terms, "constants": {"success_x": float(t.success_x), "ctrl_dt": t.ctrl_dt}}
        plain |= {"format": FORMAT, "config": self.config.to_dict()}
        return write_arrays(path, arrays, plain, make_folder=True)


def checked_episode(given: Any) -> Rollout:
    """The episode; raises ConfigError if it is none."""
    if not isinstance(given, Rollout):
        raise ConfigError(f"{shown(given)} is no episode: give what tw.record returns.")
    return given


def load_rollout(path: str | Path) -> Rollout:
    """The inverse of Rollout.save; raises PolicyError if the file is missing, damaged or of another kind.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = tw.record("zero", tw.EnvConfig(), num_steps=4).save(f"{folder}/standing.safetensors")
    ...     tw.load_rollout(file).title
    'zero actions'
    """
    if not (isinstance(path, str | Path) and Path(path).is_file()):
        raise PolicyError(f"no rollout at {shown(path)}: give a file that Rollout.save wrote.")
    arrays, details = read_arrays(path)
    if details.pop("format", None) != FORMAT:
        raise PolicyError(f"{path} is not a rollout of this project ({FORMAT!r}): give a file that Rollout.save wrote.")
    try:
        return rollout_of(arrays, details)
    except KeyError as error:
        raise PolicyError(f"{path} is not what it should be: no {one_line(error)} in it; record it anew.") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise PolicyError(f"{path} is not what it should be: {one_line(error)}; record it anew.") from error


def completed(arrays: dict[str, Array], terminated: bool) -> dict[str, Array]:
    """The arrays of a file, and what files of earlier versions did not name."""
    if "x_before" not in arrays:
        return arrays
    start, fell = arrays["qpos"][0].copy(), np.zeros(len(arrays["qpos"]), bool)
    start[0], fell[-1] = arrays["x_before"][0], terminated
    return arrays | {"start": start, "fell": fell}


def rollout_of(arrays: dict[str, Array], details: dict[str, Any]) -> Rollout:
    """The episode in a file's arrays and details; raises KeyError, ValueError or TypeError if they make none."""
    steps, title, terms = len(arrays["action"]), str(details["title"]), [str(name) for name in details["terms"]]
    config, ended = EnvConfig(**details["config"]), {name: bool(details[name]) for name in ("terminated", "truncated")}
    arrays = completed(arrays, ended["terminated"])
    shapes: dict[str, tuple[int, ...]] = {name: (steps, *WIDTHS.get(name, ())) for name in OVER_TIME}
    shapes |= {"start": (NQ,), "retract": (4,), "extend": (4,)} | {f"term/{name}": (steps,) for name in terms}
    for name, shape in shapes.items():
        kind = "b" if name in FLAGS else "f"
        if arrays[name].shape != shape or arrays[name].dtype.kind != kind or not steps:
            raise ValueError(f"{one_line(name)} is {arrays[name].dtype} {arrays[name].shape}, where {shape} belongs")
    constants = {name: float(details["constants"][name]) for name in ("success_x", "ctrl_dt")}
    if not constants["ctrl_dt"] > 0:
        raise ValueError(f"ctrl_dt = {constants['ctrl_dt']!r} is no duration")
    values: dict[str, Any] = {name: arrays[name] for name in [*OVER_TIME, "retract", "extend"]} | constants
    height, edges = float(details["step_height"]), step_edges(config)
    gamma = details.get("gamma")  # files of earlier versions do not say
    return Rollout(
        config=config,
        transition=Transition(
            **values,
            qpos_before=earlier(arrays["qpos"], arrays["start"]),
            action_before=earlier(arrays["action"], np.zeros(NU)),
            step_height=height,
            step_edge=edges[0] if edges else np.inf,
            start_yaw=config.start_yaw,
        ),
        reward_terms={name: arrays[f"term/{name}"] for name in terms},
        step_height=height,
        title=title,
        gamma=None if gamma is None else PPOConfig(gamma=gamma).gamma,
        **ended,
    )


def record(
    policy: PolicyLike,
    world: EnvConfig | None = None,
    seed: int | None = None,
    num_steps: int | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    title: str | None = None,
    episode: int | None = None,
    deterministic: bool = True,
) -> Rollout:
    """Play one episode to its end, or for num_steps if that comes first.

    policy: "zero", "random", a saved policy, its name or its file, or whatever has `reset(num_envs)` and `act(obs)`.
    world: the settings to play in; for a saved policy, if none are given, those it is judged in.
    seed: of the start, 0 if none is given. episode: the one that `evaluate` counts by this number, from 0 on, to the
    last bit; seed is that of the evaluation then, 1 if none is given. deterministic: as in `evaluate`.
    Raises ConfigError on something that cannot play, PolicyError on a policy that cannot be read.

    >>> episode = tw.record("zero", tw.EnvConfig(), num_steps=5)
    >>> episode.x.shape, episode.passed, list(episode.reward_terms)[:3]
    ((5,), False, ['forward', 'alive', 'control'])
    """
    if seed is None:
        seed = 0 if episode is None else 1
    start = seed if episode is None else unseen_seed(episode, seed)
    return record_many(policy, 1, world, start, num_steps, extra_terms, title, deterministic)[0]


def record_many(
    policy: PolicyLike,
    count: int,
    world: EnvConfig | None = None,
    seed: int = 0,
    num_steps: int | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    title: str | None = None,
    deterministic: bool = True,
) -> list[Rollout]:
    """Play `count` episodes side by side, with the seeds seed, seed + 1, ...; all else as in `record`.

    >>> [len(episode.time) for episode in tw.record_many("random", 2, tw.EnvConfig(), num_steps=3)]
    [3, 3]
    """
    if not (is_number(count, int) and count >= 1):
        raise ConfigError(f"count = {shown(count)} is not allowed: give a whole number, 1 or more.")
    count, seed = int(count), checked_seed(seed, MOST_SEED)
    if num_steps is not None and not (is_number(num_steps, int) and num_steps >= 1):
        raise ConfigError(f"num_steps = {shown(num_steps)} is not allowed: give a whole number, 1 or more.")
    player = playable(policy, deterministic, seed)
    env = TwmrEnv(world or own_world(policy), count, extra_terms, autoreset=False)
    obs, info = env.reset(seed=seed)
    begin(player, env)
    heights, length = info["step_height"], np.zeros(count, int)
    ended = np.zeros((2, count), bool)  # terminated, truncated
    steps: list[tuple[Transition, Scores]] = []
    with Progress("recording", num_steps or env.config.max_steps) as bar:
        while not ended.any(axis=0).all() and len(steps) != num_steps:
            active = ~ended.any(axis=0)
            obs, _, terminated, truncated, info = env.step(np.array(player.act(obs), np.float32))
            steps.append((env.transition, info["reward_terms"]))
            length += active
            ended |= active & np.array([terminated, truncated])
            bar.step()
    env.close()
    name = getattr(player, "title", "") if title is None else title
    saved = getattr(player, "saved", None)
    known: dict[str, Any] = {"title": name, "gamma": saved.config.ppo.gamma if isinstance(saved, SavedPolicy) else None}
    return [
        Rollout(
            env.config, *stacked(steps, i, length[i]), float(heights[i]), bool(ended[0, i]), bool(ended[1, i]), **known
        )
        for i in range(count)
    ]


def stacked(steps: list[tuple[Transition, Scores]], robot: int, length: int) -> tuple[Transition, dict[str, Array]]:
    """One robot's first `length` steps as arrays over time: transition, reward terms."""
    transitions, scores = zip(*steps[:length], strict=True)
    over_time = {name: np.stack([getattr(t, name)[robot] for t in transitions]) for name in [*OVER_TIME, *EARLIER]}
    over_time["step_height"] = transitions[0].step_height[robot]
    terms = {name: np.array([s[name][robot] for s in scores]) for name in scores[0]}
    return dataclasses.replace(transitions[0], **over_time), terms


def earlier(values: Array, first: Array) -> Array:
    """What each row of values [T, n] was one step before, the first as given [n]."""
    return np.concatenate([np.asarray(first, values.dtype)[None], values[:-1]])
