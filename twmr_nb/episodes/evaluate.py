"""Judging a policy: many unseen episodes side by side, deterministic unless asked otherwise."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twmr_nb.config.fields import is_number, shown
from twmr_nb.config.schema import ConfigError, EnvConfig, checked_seed, checked_world
from twmr_nb.episodes.conduct import as_arrays, conduct, trace
from twmr_nb.episodes.intervals import wilson_interval
from twmr_nb.episodes.metrics import measure
from twmr_nb.episodes.report import Evaluation
from twmr_nb.episodes.worlds import own_world
from twmr_nb.policies.protocol import begin
from twmr_nb.policies.saved import BY_NAME, PolicyLike, SavedPolicy, load_policy, playable
from twmr_nb.progress import Progress
from twmr_nb.robot.model import step_edges, step_height
from twmr_nb.task.env import TwmrEnv
from twmr_nb.types import Array

UNSEEN_SEEDS = 1_000_000  # training seeds lie below, so evaluation never repeats an episode seen in training
EPISODES = 1000
BATCH = 250  # episodes side by side
MOST_FAILED = 100  # episodes that are told by their number
SAMPLED_SHARE = 4  # one episode in four is also played sampled, where both are asked for
MEDIANS = ("largest_tilt", "contact_to_legs_out", "cost_of_transport", "drift_at_passing", "heading_at_passing")
MEANS = ("folded_before_contact", "folded_after_passing", "vertical_acceleration", "action_rate", "rms_torque")
PASSES = ("upright_pass", "clean_pass")
BIN = 0.01  # m; drawn step heights are reported in bins of this width
HEIGHTS = tuple(round(0.01 * i, 2) for i in range(9))  # m; a sweep


def check_trial(episodes: int, seed: int, name: str = "episodes") -> int:
    """So many episodes; raises ConfigError on a number of them, by its name, that cannot be played, or a bad seed."""
    if not is_number(episodes, int) or not 1 <= episodes <= UNSEEN_SEEDS:
        raise ConfigError(
            f"{name} = {shown(episodes)} is not allowed: give a whole number, 1 or more, up to {UNSEEN_SEEDS}."
        )
    checked_seed(seed)
    return int(episodes)


def unseen_seed(episode: int, seed: int = 1) -> int:
    """The seed of the robot's start in the episode that `evaluate` with this seed counts as `episode`, from 0 on.

    Raises ConfigError on an episode or a seed that is none.
    """
    if not is_number(episode, int) or not 0 <= episode < UNSEEN_SEEDS:
        raise ConfigError(
            f"episode = {shown(episode)} is not allowed: give a whole number from 0 to {UNSEEN_SEEDS - 1}."
        )
    return UNSEEN_SEEDS * (1 + checked_seed(seed)) + int(episode)


def sampled_episodes(episodes: int) -> int:
    """How many sampled episodes go with so many deterministic ones: enough to see a gap of some points."""
    return max(1, episodes // SAMPLED_SHARE)


def evaluate(
    policy: PolicyLike,
    world: EnvConfig | None = None,
    episodes: int = EPISODES,
    seed: int = 1,
    deterministic: bool = True,
) -> Evaluation:
    """Play `episodes` whole episodes that no training saw; returns plain numbers by name, and prints as a table.

    policy and world: as in `record`. deterministic: a saved policy's mean action, else drawn as in training.
    An episode is the same to the last bit however many are played, and `record(policy, episode=i)` plays it alone.

    success_rate, upright_pass and clean_pass, each with its 95% Wilson interval, and what else a `Conduct` has: means,
    of the peak_torque the largest, of largest_tilt, contact_to_legs_out and what is measured at passing the medians;
    mean_final_x [m], mean_return, mean_length [steps],
    time_to_pass [s, median of the successful], effort [(N m)² s] and work [J] per episode until it passes or ends,
    folded_on_flat, extended_at_step and max_tip_radius [m] (see share_of_time), falls [share terminated],
    reward_terms [mean sum per episode], step_height [m, the largest if drawn], by_height where heights are drawn, and
    failed [numbers of the first 100 episodes that did not pass].
    What never happened is None; so is clean_pass where an episode ends within 2 s of passing (end_on_success).
    Raises ConfigError on a number of episodes or a seed that is not allowed, and what `record` raises.

    >>> result = tw.evaluate("flip_5cm", episodes=2, world=tw.EnvConfig(max_steps=20))
    >>> result["success_rate"], result["episodes"], result["mean_length"]
    (0.0, 2, 20.0)
    """
    episodes = check_trial(episodes, seed)
    config = checked_world(world or own_world(policy))
    if isinstance(policy, str | Path) and str(policy) not in BY_NAME:
        policy = load_policy(policy)  # once for all batches
    parts = []
    batches = range(0, episodes, BATCH)
    with Progress("evaluating", len(batches) * config.max_steps) as bar:
        for i, first in enumerate(batches):
            bar.at(i * config.max_steps)
            count = min(BATCH, episodes - first)
            parts.append(play_episodes(policy, config, count, unseen_seed(first, seed), deterministic, bar.step))
    every = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    result = Evaluation(summary(every) | summary_of_conduct(every))
    result |= {
        "episodes": episodes,
        "seed": seed,
        "scene": config.scene,
        "step_height": step_height(config),
        "deterministic": deterministic,
        "failed": np.flatnonzero(~every["passed"])[:MOST_FAILED].tolist(),
        "policy": title_of(policy),
    }
    if config.step_height_max is not None:
        result["by_height"] = by_height(every["step_height"], every["passed"], {name: every[name] for name in PASSES})
    return result


def title_of(policy: PolicyLike) -> str:
    """What a policy is called."""
    return policy.name if isinstance(policy, SavedPolicy) else str(getattr(playable(policy), "title", ""))


def sweep_heights(
    policy: PolicyLike,
    world: EnvConfig | None = None,
    heights: Iterable[float] = HEIGHTS,
    episodes: int = EPISODES,
    seed: int = 1,
    deterministic: bool = True,
    end_on_success: bool = True,
) -> list[Evaluation]:
    """An evaluation at each step height [m], `episodes` of each. Episodes end where the step is passed: it is quicker,
    and their length, return, reward_terms and folded_on_flat hold no driving beyond. With end_on_success=False they go
    on as in `evaluate`, which a clean_pass needs, and an upright_pass is judged as there.

    >>> results = tw.sweep_heights("zero", tw.EnvConfig(max_steps=5), heights=[0.03, 0.05], episodes=2)
    >>> [result["step_height"] for result in results]
    [0.03, 0.05]
    """
    base = checked_world(world or own_world(policy)).replace(end_on_success=end_on_success)
    worlds = [base.replace(scene="step", step_height=h, step_height_max=None) for h in heights]
    results = []
    with Progress("evaluating", len(worlds)) as bar:
        for each in worlds:
            bar.say(f"step of {100 * each.step_height:.3g} cm")
            results.append(evaluate(policy, each, episodes, seed, deterministic))
            bar.step()
    return results


def play_episodes(
    policy: PolicyLike,
    config: EnvConfig,
    count: int,
    base_seed: int,
    deterministic: bool = True,
    on_step: Callable[[], None] = lambda: None,
) -> dict[str, Array]:
    """One episode of each of `count` robots, as arrays [count]."""
    env = TwmrEnv(config, count, autoreset=False)
    edges = step_edges(config)
    player = playable(policy, deterministic, base_seed)
    obs, info = env.reset(seed=base_seed)
    begin(player, env)
    active = np.ones(count, bool)
    sums: dict[str, Array] = {}
    steps: list[dict[str, Array]] = []
    result = {
        "step_height": info["step_height"],
        "pass_time": np.full(count, np.nan),
        "max_tip_radius": np.zeros(count),
    }
    result |= {"final_x": np.zeros(count), "passed": np.zeros(count, bool), "fell": np.zeros(count, bool)}
    while active.any():
        action = np.array(player.act(obs), np.float32)
        obs, reward, terminated, truncated, info = env.step(action)
        steps.append(trace(env.transition))
        measured = measure(env.transition, edges)
        tip = measured.pop("tip_radius")
        result["max_tip_radius"] = np.maximum(result["max_tip_radius"], active * tip)
        terms = {f"term/{name}": value for name, value in info["reward_terms"].items()}
        for name, value in ({"return": reward, "length": np.ones(count)} | measured | terms).items():
            sums[name] = sums.get(name, 0.0) + active * value
        now = active & env.transition.newly_passed
        result["pass_time"][now] = sums["length"][now] * env.sim.ctrl_dt
        ended = active & (terminated | truncated)
        result["final_x"][ended], result["passed"][ended] = info["x"][ended], info["passed"][ended]
        result["fell"][ended] = terminated[ended]
        active &= ~ended
        on_step()
    env.close()
    traces = {name: np.stack([step[name] for step in steps]) for name in steps[0]}
    driven = [
        conduct({name: values[:end, i] for name, values in traces.items()}, config, fell, env.sim.ctrl_dt)
        for i, (end, fell) in enumerate(zip(sums["length"].astype(int), result["fell"], strict=True))
    ]
    return result | sums | as_arrays(driven)


def summary(every: dict[str, Array]) -> dict[str, Any]:
    """Means over episodes, from arrays [episodes]."""
    count, times = len(every["passed"]), every["pass_time"][every["passed"]]
    flat, folded = ("flat_before", "flat_after"), ("folded_before", "folded_after")
    return {
        "success_rate": float(every["passed"].mean()),
        "success_interval": list(wilson_interval(int(every["passed"].sum()), count)),
        "mean_final_x": float(every["final_x"].mean()),
        "mean_return": float(every["return"].mean()),
        "mean_length": float(every["length"].mean()),
        "time_to_pass": float(np.median(times)) if len(times) else None,
        "effort": float(every["effort"].mean()),
        "work": float(every["work"].mean()),
        "folded_on_flat": share_of_time(every, folded, flat),
        "folded_before": share_of_time(every, folded[:1], flat[:1]),
        "folded_after": share_of_time(every, folded[1:], flat[1:]),
        "extended_at_step": share_of_time(every, ["extended"], ["climb"]),
        "max_tip_radius": average(every["max_tip_radius"][every["climb"] > 0]),
        "falls": float(every["fell"].mean()),
        "reward_terms": {k.removeprefix("term/"): float(v.mean()) for k, v in every.items() if k.startswith("term/")},
    }


def summary_of_conduct(every: Mapping[str, Array]) -> dict[str, Any]:
    """Of all that a `Conduct` measures over episodes, from arrays [episodes]; nan: it never came to that."""
    found: dict[str, Any] = {}
    for name in PASSES:
        found |= rate(name, every[name])
    for name in MEANS + MEDIANS:
        values = every[name][~np.isnan(every[name])]
        found[name] = average(values) if name in MEANS else float(np.median(values)) if len(values) else None
    return found | {"peak_torque": float(every["peak_torque"].max())}


def rate(name: str, flags: Array) -> dict[str, Any]:
    """The share of the episodes and its interval, by name; None where it was not seen of all."""
    known = not np.isnan(flags).any()
    interval = list(wilson_interval(int(flags.sum()), len(flags))) if known else None
    return {name: float(flags.mean()) if known else None, f"{name}_interval": interval}


def share_of_time(every: dict[str, Array], part: Sequence[str], whole: Sequence[str]) -> float | None:
    """The share of steps in `whole` that were in `part` too, mean over the episodes that had any; None if none had.

    Folded on the flat: every tip within 0.03 m of its axis, of the time more than 0.3 m before or beyond the step.
    Extended at the step: tips beyond 0.04 m on average, of the time within 0.1 m of the near edge, where it is climbed.
    """
    time = sum(every[name] for name in whole)
    any_time = np.asarray(time) > 0
    counted = np.asarray(sum(every[name] for name in part))
    return average(counted[any_time] / np.asarray(time)[any_time])


def average(values: Array) -> float | None:
    return float(values.mean()) if len(values) else None


def by_height(heights: Array, passed: Array, more: Mapping[str, Array] | None = None) -> list[dict[str, Any]]:
    """Success in bins of drawn step heights [m]; step_height is a bin's middle, low and high its edges.

    more: flags [episodes] by name, whose rates are told too.
    """
    bins = np.floor(heights / BIN + 1e-9).astype(int)
    found = []
    for k in np.unique(bins):
        chosen = bins == k
        inside = passed[chosen]
        low, high = round(float(k * BIN), 6), round(float((k + 1) * BIN), 6)
        share, interval = float(inside.mean()), list(wilson_interval(int(inside.sum()), len(inside)))
        place = {"step_height": round((low + high) / 2, 6), "low": low, "high": high, "episodes": len(inside)}
        found.append(place | {"success_rate": share, "success_interval": interval})
        for name, flags in (more or {}).items():
            found[-1] |= rate(name, flags[chosen])
    return found
