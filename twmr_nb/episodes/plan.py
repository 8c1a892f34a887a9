"""An episode played by the planner: what is possible in a world, and what its reward buys, before any training."""

from collections.abc import Iterable

from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.episodes.worlds import world as judged_world
from twmr_nb.policies.planner import Goal, Planner
from twmr_nb.task.rewards import RewardTerm


def plan(
    world: EnvConfig | None = None,
    seed: int = 0,
    num_steps: int | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    goal: Goal = "climb",
    yaw: float = 0.0,
    samples: int = 96,
) -> Rollout:
    """One episode of a planner that sees the whole state and has a perfect model of the world.

    world: that of the `flip` preset, if none is given; legs that are servos are easier to plan for. goal: what
    plans are compared by, "climb" or "reward" (the world's own, with extra_terms); the episode is scored by the world's
    reward in either case. yaw: how far to turn until every wheel is up [rad], with goal "climb"; it takes about 0.6 for
    steps above 5 cm. Two rounds of `samples` plans, every 6 control steps: a second of the episode takes about five.
    Several episodes: tw.record_many(tw.Planner(...), ...). Raises ConfigError on a value that is not allowed.

    >>> episode = tw.plan(tw.world("flip", timestep=0.005), num_steps=5, samples=8)
    >>> episode.action.shape, episode.title
    ((5, 8), 'planner, climb')
    """
    planner = Planner(goal, yaw, samples, seed)
    return record(planner, judged_world("flip") if world is None else world, seed, num_steps, extra_terms)
