"""A trained policy made ready to be given away: one file with its learning curve and its evaluation inside."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twmr_nb.config.schema import ConfigError
from twmr_nb.episodes.evaluate import EPISODES, evaluate, sampled_episodes
from twmr_nb.episodes.worlds import world
from twmr_nb.files import checked_name, ready_file
from twmr_nb.learn.metrics_log import MetricsLog
from twmr_nb.markup import shown
from twmr_nb.policies.saved import PolicyError, SavedPolicy, find_policy, load_policy
from twmr_nb.types import Record

CURVE = ("global_step", "success_rate", "episode_return", "frontier", "train_s")
POINTS = 100  # of the curve, at most


def judged(source: str | Path, name: str, note: str = "", episodes: int = EPISODES) -> SavedPolicy:
    """A run's policy under a new name, with all that is known of it.

    Adds to the policy's results: note, curve, evaluation (deterministic), sampled (a quarter of the episodes), and
    evaluate_command.
    """
    path = find_policy(source)
    saved = dataclasses.replace(load_policy(path), name=policy_name(name))
    curve = thinned(MetricsLog(path.parent / "metrics.csv")) or saved.results.get("curve")
    if not curve:
        raise PolicyError(f"{path} has no learning curve beside it: export it from the folder of its run.")
    trial = world(saved.config.env)
    evaluations = {
        "evaluation": evaluate(saved, trial, episodes),
        "sampled": evaluate(saved, trial, sampled_episodes(episodes), deterministic=False),
    }
    told = {"note": note or saved.results.get("note", ""), "curve": curve, "evaluate_command": command(name, episodes)}
    return dataclasses.replace(saved, results=saved.results | told | rounded(evaluations))


def target_file(name: str, to: str | Path) -> Path:
    """The file that `to` means for a policy of this name, if it can be written."""
    file = Path(to) if Path(to).suffix == ".safetensors" else Path(to) / f"{policy_name(name)}.safetensors"
    return ready_file(file, ".safetensors")


def policy_name(name: str) -> str:
    try:
        return checked_name(name)
    except ConfigError as error:
        raise PolicyError(f"{shown(name)} cannot be a policy's name: {error}") from None


def command(name: str, episodes: int) -> str:
    """The line that repeats both evaluations of an exported policy."""
    return f"twmr evaluate {name} --both" + (f" --episodes {episodes}" if episodes != EPISODES else "")


def thinned(records: Sequence[Record]) -> list[Record]:
    """At most POINTS of a run's records, evenly spread, with the fields of a learning curve, rounded."""
    chosen = np.unique(np.linspace(0, len(records) - 1, min(len(records), POINTS)).round().astype(int))
    return [rounded({k: records[i][k] for k in CURVE if math.isfinite(records[i].get(k, math.nan))}) for i in chosen]


def rounded(value: Any, digits: int = 5) -> Any:
    """JSON-ready values with no more digits than they mean; whole numbers stay whole."""
    if isinstance(value, dict):
        return {k: rounded(v, digits) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v, digits) for v in value]
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if not value.is_integer() else value
    return value
