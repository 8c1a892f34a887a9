"""A policy that looks ahead: it tries many plans in copies of its world and carries out the beginning of the best.

Nothing is learned. A plan is a spline of motor commands, linear between its knots; every few steps plans are drawn
around the one under way, each is simulated from the robot's exact state, and the cross-entropy method draws again
around the best. After Howell et al. 2022, "Predictive Sampling: Real-time Behaviour Synthesis with MuJoCo", and
Rubinstein 1999, "The Cross-Entropy Method for Combinatorial and Continuous Optimization".
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np

from twmr_nb.config.fields import is_number
from twmr_nb.config.schema import ConfigError, EnvConfig, checked_seed
from twmr_nb.markup import shown
from twmr_nb.robot.model import NU
from twmr_nb.task.climb import climb_terms, only_climbing
from twmr_nb.task.env import TwmrEnv
from twmr_nb.types import Array

Goal = Literal["climb", "reward"]
KNOT_STEPS = 6  # control steps from one knot to the next, and from one plan to the next
KNOTS = 9  # so many look 1.1 s ahead, at 0.02 s a step
ROUNDS = 2  # of drawing plans and keeping the best
ELITE = 0.1  # share of the plans that the next round is drawn around
SPREAD = np.array([0.4] * 4 + [0.25] * 4)  # of the first round's commands, wheels and legs, in [-1, 1]
LEAST = 0.08  # spread that a later round keeps
COARSEST = 0.005  # s; physics step to plan in: contacts allow no longer one
FEWEST, MOST = 8, 1000  # plans


class Planner:
    """Sees the whole state and a perfect model of the world: what it cannot do, no policy need be asked for.

    goal: what the plans are compared by: "climb" (wheels ahead and up onto the step, chassis upright, legs out there
    and folded elsewhere, the more so the larger the world's extension_penalty), or "reward", the world's own with any
    extra terms. yaw: how far to turn from straight ahead [rad] until every wheel is up, for goal "climb". samples:
    plans tried in each of two rounds. Robot i of a planner of seed s plans, to the last bit, as a single robot of seed
    s + i does: episode 17 of an evaluation is tw.record(tw.Planner(seed=17), world, episode=17). It plays where the
    world can be looked into: in tw.plan, tw.record and tw.evaluate. Raises ConfigError on a value that is not allowed.

    >>> world = tw.world("flip", timestep=0.005)
    >>> tw.record(tw.Planner(samples=8), world, num_steps=5).title
    'planner, climb'
    """

    def __init__(self, goal: Goal = "climb", yaw: float = 0.0, samples: int = 96, seed: int = 0) -> None:
        if goal not in get_args(Goal):
            raise ConfigError(f"goal = {shown(goal)} is not allowed: give 'climb' or 'reward'.")
        if not (is_number(yaw, float) and 0 <= yaw <= 1.5):
            raise ConfigError(f"yaw = {shown(yaw)} is not allowed: give a number from 0 to 1.5 (rad).")
        if yaw and goal != "climb":
            raise ConfigError(f"yaw = {yaw:g} has no effect with goal 'reward', which the world's terms make up alone.")
        if not (is_number(samples, int) and FEWEST <= samples <= MOST):
            raise ConfigError(
                f"samples = {shown(samples)} is not allowed: give a whole number from {FEWEST} to {MOST}."
            )
        self.goal, self.yaw, self.samples, self.seed = goal, yaw, int(samples), checked_seed(seed, 10**15)
        self.title = f"planner, {goal}"
        self.env: TwmrEnv | None = None

    def watch(self, env: TwmrEnv) -> None:
        """Look into this environment from now on; it is only read."""
        self.env = env
        config, terms = plan_world(env.config), env.extra_terms
        if self.goal == "climb":
            config, terms = only_climbing(config), climb_terms(env.config, self.yaw)
        self.imagined = TwmrEnv(config, env.num_envs * self.samples, terms, autoreset=False)

    def reset(self, num_envs: int) -> None:
        """Begin new episodes, standing still; each has its own generator, whatever is played beside it."""
        self.rngs = [np.random.default_rng((self.seed + i, 1)) for i in range(num_envs)]
        self.plans = np.zeros((num_envs, KNOTS + 1, NU))
        self.steps = 0

    def act(self, obs: Array) -> Array:
        """The commands [N, 8] for this moment; obs is not looked at."""
        if self.env is None or len(obs) != self.env.num_envs:
            raise ConfigError(
                "the planner plays only where it can look into the world: tw.plan, tw.record, tw.evaluate."
            )
        since = self.steps % KNOT_STEPS
        if not since:
            under_way = np.concatenate([self.plans[:, 1:], self.plans[:, -1:]], axis=1) if self.steps else self.plans
            self.plans = best_plans(self._worth, under_way, self.rngs, self.samples)
        self.steps += 1
        return commands(self.plans[:, :2], KNOT_STEPS)[:, since].astype(np.float32)

    def _worth(self, plans: Array) -> Array:
        """What each plan [N, samples, knots, 8] earns [N, samples] from where its robot stands, until it falls."""
        assert self.env is not None
        self.imagined.follow(self.env)
        worth = np.zeros(self.imagined.num_envs)
        going = np.ones(self.imagined.num_envs, bool)
        for action in commands(plans.reshape(-1, *plans.shape[2:]), KNOT_STEPS).swapaxes(0, 1):
            _, reward, terminated, _, _ = self.imagined.step(action)
            worth += going * reward
            going &= ~terminated
        return worth.reshape(plans.shape[:2])


def plan_world(world: EnvConfig) -> EnvConfig:
    """The world in the longest physics steps that its contacts allow; a time limit or success ends no plan."""
    ctrl_dt = world.frame_skip * world.timestep if world.frame_skip else world.ctrl_dt
    skip = math.ceil(round(ctrl_dt / COARSEST, 6))
    return world.replace(frame_skip=skip, timestep=ctrl_dt / skip, max_steps=100_000, end_on_success=False)


def commands(knots: Array, steps: int) -> Array:
    """Splines [..., K + 1, 8] as commands [..., K * steps, 8], linear between the knots."""
    after = (np.arange(steps) / steps)[:, None]
    parts = (1 - after) * knots[..., :-1, None, :] + after * knots[..., 1:, None, :]
    return parts.reshape(*knots.shape[:-2], -1, knots.shape[-1])


def best_plans(
    worth: Callable[[Array], Array], plans: Array, rngs: Sequence[np.random.Generator], samples: int
) -> Array:
    """Better plans than these [N, K + 1, 8], by the cross-entropy method; in [-1, 1], and never worth less.

    worth: [N, samples, K + 1, 8] -> [N, samples].
    """
    mean, best, spread = plans, plans, np.broadcast_to(SPREAD, plans.shape)
    for _ in range(ROUNDS):
        noise = np.stack([rng.standard_normal((samples, *plans.shape[1:])) for rng in rngs])
        tried = mean[:, None] + spread[:, None] * noise
        tried[:, 0], tried[:, 1], tried[:, 2] = best, mean, best
        tried[:, 2, :, :4] = 1  # full ahead
        tried[:, 3] = 0
        tried[:, 3, :, :4] = 0.6  # ahead, each leg in the middle of its range: out, with servos
        tried[:, 4] = [1] * 4 + [-1] * 4  # full ahead, folded
        tried = tried.clip(-1, 1)
        order = np.argsort(-worth(tried), axis=1, kind="stable")[:, : max(2, round(ELITE * samples))]
        elite = np.take_along_axis(tried, order[:, :, None, None], axis=1)
        best, mean, spread = elite[:, 0], elite.mean(axis=1), np.maximum(elite.std(axis=1), LEAST)
    return best
