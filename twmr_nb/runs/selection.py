"""Which policy of a training is kept: the one that does best without noise, on episodes that no test uses.

Training wanders, and what works with exploration noise may fail without. So in the second half of the training, every
`validate_every` updates, the deterministic policy is tried, and the last one of all; the best is the run's policy.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from twmr_nb.episodes.evaluate import evaluate
from twmr_nb.policies.saved import SavedPolicy, load_policy
from twmr_nb.types import Record

EPISODES = 64
VALIDATION_SEED = 0  # `twmr evaluate` begins at 1
BEGIN = 0.5  # share of the training before the first validation


@dataclass
class Selection:
    """The best policy so far, kept in a file of the run's folder."""

    path: Path
    every: int
    """Updates from one trial to the next; 0: none."""

    def is_due(self, record: Record) -> bool:
        if not self.every or record["progress"] <= BEGIN:
            return False
        return record["update"] % self.every == 0 or record["update"] == record["num_updates"]

    @property
    def best(self) -> SavedPolicy | None:
        return load_policy(self.path) if self.path.exists() else None

    def consider(self, candidate: SavedPolicy) -> bool:
        """Try a policy deterministically; keep it if none before passed more often: cleanly, where folded legs are paid
        for and can be judged. Returns whether it is kept."""
        world = candidate.config.env.replace(critic_obs_mode="same")
        tried = evaluate(candidate, world, EPISODES, VALIDATION_SEED)
        clean = tried["clean_pass"] if world.folded_bonus else None
        rank = [tried["success_rate"] if clean is None else clean, tried["mean_return"]]
        if not np.isfinite(rank).all():  # it would compare as better than any number
            return False
        best = self.best
        if best is not None and best.results["validation"] > rank:
            return False
        replace(candidate, results=candidate.results | {"validation": rank}).save(self.path)
        return True
