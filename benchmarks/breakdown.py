"""Where the time of training goes: the calls on the way are timed, what lies inside another counted there only."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import jax

import twmr_nb.task.env
from benchmarks.contest import make_trainer
from twmr_nb.config import presets
from twmr_nb.config.presets import QUICK_PRESET

REST = "training loop: logging, snapshots"
PARTS = (
    "physics",
    "observations",
    "gate",
    "reward terms",
    "resets",
    "environment, the rest",
    "acting",
    "storing, device to host",
    "learning, host to device too",
    REST,
)


class Stopwatch:
    """Exclusive times of named parts, in seconds; parts may nest."""

    def __init__(self, rest: str) -> None:
        self.seconds: dict[str, float] = {}
        self.running, self.since = [rest], time.perf_counter()

    def credit(self) -> None:
        """Give the time since the last call to the innermost part."""
        now, part = time.perf_counter(), self.running[-1]
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self.since
        self.since = now

    def timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, its time counted as `part`."""

        def stopped(*args: Any, **kwargs: Any) -> Any:
            self.credit()
            self.running.append(part)
            try:
                return call(*args, **kwargs)
            finally:
                self.credit()
                self.running.pop()

        return stopped


@contextmanager
def watched(watch: Stopwatch, trainer: Any) -> Iterator[None]:
    """Within this context every part of `trainer`'s work is timed."""
    env, decide = trainer.env, trainer.decide
    calls: list[tuple[Any, str, str, Callable[..., Any]]] = [
        (env.sim, "step", "physics", env.sim.step),
        (env, "_start_episodes", "resets", env._start_episodes),
        (env, "step", "environment, the rest", env.step),
        (trainer.storage, "add", "storing, device to host", trainer.storage.add),
        (trainer, "learn", "learning, host to device too", trainer.learn),
        # acting is waited for here, or its time would be counted where its result is first needed
        (trainer, "decide", "acting", lambda *args: jax.block_until_ready(decide(*args))),
    ]
    names = {"observe": "observations", "gate": "gate", "score": "reward terms", "total": "reward terms"}
    calls += [(twmr_nb.task.env, name, part, getattr(twmr_nb.task.env, name)) for name, part in names.items()]
    with ExitStack() as restore:
        for owner, name, part, call in calls:
            restore.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, watch.timed(part, call))
        yield


def profile(updates: int = 40, num_envs: int = 0) -> dict[str, float]:
    """Part -> milliseconds per control step of all robots together, over some updates of the `flip` training."""
    trainer = make_trainer(num_envs or presets.preset(QUICK_PRESET).ppo.num_envs)
    records = trainer.updates()
    next(records)
    watch = Stopwatch(REST)
    with watched(watch, trainer):
        for _ in range(updates):
            next(records)
        watch.credit()
    steps = updates * trainer.config.rollout_steps
    return {part: 1000 * watch.seconds.get(part, 0.0) / steps for part in PARTS}
