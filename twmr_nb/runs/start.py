"""Training that goes on from what another policy can do: its network, where that fits, in place of a random one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from twmr_nb.config.schema import ConfigError, TrainConfig
from twmr_nb.markup import one_line, shown
from twmr_nb.policies.saved import SavedPolicy, load_policy

if TYPE_CHECKING:
    from twmr_nb.learn.trainer import Trainer

FITTING = {  # what decides which numbers a network reads and how, how many there are in it, what its answers mean
    "env": ("obs_mode", "critic_obs_mode", "action_mode"),
    "ppo": ("mlp_size", "hidden_size", "symmetric", "normalize_observations"),
}


def fitting(start_from: Any, config: TrainConfig) -> SavedPolicy:
    """The policy that a training with these settings can begin from; `start_from` is one, its name, file or run folder.

    Raises ConfigError where its network is made for other settings, PolicyError where it cannot be read.
    """
    if not isinstance(start_from, SavedPolicy | str | Path):
        raise ConfigError(
            f"start_from = {shown(start_from)} is no policy: give one (a run's: run.policy), its name, file or folder."
        )
    saved = start_from if isinstance(start_from, SavedPolicy) else load_policy(start_from)
    pairs = {
        name: (getattr(getattr(config, part), name), getattr(getattr(saved.config, part), name))
        for part, names in FITTING.items()
        for name in names
    }
    if other := {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}:
        ours, theirs = (" and ".join(f"{name} = {pair[k]!r}" for name, pair in other.items()) for k in (0, 1))
        raise ConfigError(
            f"{ours} cannot begin from the network of {one_line(saved.name)!r}, which was made with {theirs}: "
            "set it so, or begin from another policy."
        )
    return saved


def begun_from(details: dict[str, Any]) -> dict[str, str]:
    """Of a run's config.json what tells the policy that it begins from; {} where it begins from a random one."""
    return {"start": details["start"]["sha256"]} if details.get("start") else {}


def begin_with(trainer: "Trainer", saved: SavedPolicy) -> None:
    """Give a new trainer the policy's network, and the mean and spread of what it saw. Noise, optimiser and
    curriculum begin as the settings say."""
    policy = saved.params._replace(log_std=trainer.policy.log_std)
    trainer.learner = trainer.learner._replace(policy=policy)
