"""Saved policies: one safetensors file with the parameters, the normaliser, every setting and the results.

Nothing in such a file can run code. A learner's own reward term is kept as source text, to be read, never executed.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as safetensors_bytes

from twmr_nb.config.schema import TrainConfig
from twmr_nb.files import NAME, refuse_large, write_bytes
from twmr_nb.learn.policy import PolicyParams
from twmr_nb.markup import one_line, shown
from twmr_nb.policies.checks import known_details, policy_of
from twmr_nb.policies.protocol import Policy, RandomPolicy, ZeroPolicy
from twmr_nb.types import ConfigError, Mistake

if TYPE_CHECKING:
    from twmr_nb.policies.player import PolicyPlayer

FORMAT = "twmr_nb policy 1"
SHIPPED = Path(__file__).parent / "pretrained"


class PolicyError(Mistake, ValueError):
    """A policy that is not there or cannot be read; the message says what to do."""


@dataclass(frozen=True)
class SavedPolicy:
    """A policy with all that is needed to play it, and where it came from.

    >>> saved = tw.load_policy("flip_5cm")
    >>> player = saved.player(deterministic=True)
    >>> player.reset(num_envs=2)
    >>> player.act(np.zeros((2, 34), np.float32)).shape
    (2, 8)
    """

    name: str
    params: PolicyParams
    config: TrainConfig
    results: dict[str, Any] = field(default_factory=dict)  # what training reached: steps, success_rate, ...
    command: str = ""  # the command line that trained it
    own_terms: list[dict[str, Any]] = field(default_factory=list)  # name, weight and source text of a learner's terms

    def __repr__(self) -> str:
        env, ppo, results = self.config.env, self.config.ppo, self.results
        lines = [
            f"SavedPolicy {one_line(self.name)!r}: preset {one_line(self.config.preset)}, scene {env.scene}, "
            f"sees {env.obs_mode}, moves legs by {env.action_mode}, {ppo.hidden_size} memory cells"
        ]
        if "global_step" in results and "success_rate" in results:
            lines.append(f"trained {results['global_step']:,.0f} steps, then {results['success_rate']:.0%} passed")
        if judged := results.get("evaluation"):
            lines.append(f"{judged['success_rate']:.1%} of {judged['episodes']:,} unseen episodes passed")
        lines += [one_line(text) for text in (results.get("note"), self.command) if text]
        return "\n  ".join(lines)

    def player(self, deterministic: bool = True, seed: int = 0) -> "PolicyPlayer":
        from twmr_nb.policies.player import PolicyPlayer  # JAX takes seconds to import: who plays waits for it

        return PolicyPlayer(self, deterministic, seed)

    def save(self, path: str | Path, make_folder: bool = False) -> Path:
        """Write one safetensors file, whole or not at all; returns the path. Raises PolicyError on nan or infinity."""
        from twmr_nb.learn.network import named_leaves

        arrays = {name: np.asarray(leaf) for name, leaf in named_leaves(self.params)}
        if bad := [name for name, array in arrays.items() if not np.isfinite(array).all()]:
            raise PolicyError(f"{self.name} is not saved: its {bad[0]} contains nan or infinity, so it cannot act.")
        details = {k: getattr(self, k) for k in ("name", "results", "command", "own_terms")}
        details |= {"format": FORMAT, "config": self.config.to_dict()}
        return write_arrays(path, arrays, details, make_folder=make_folder)


PolicyLike = Policy | SavedPolicy | str | Path
BY_NAME: dict[str, Callable[[int], Policy]] = {"zero": lambda seed: ZeroPolicy(), "random": RandomPolicy}


def playable(policy: PolicyLike, deterministic: bool = True, seed: int = 0) -> Policy:
    """What acts for it: a saved policy, or its name or file; "zero" and "random"; else itself.

    deterministic, of a saved policy: the mean action, else drawn as in training. seed: of what is drawn.

    Raises ConfigError on what cannot act, PolicyError on a policy that is not there or cannot be read.
    """
    if isinstance(policy, str | Path):
        policy = BY_NAME[str(policy)](seed) if str(policy) in BY_NAME else load_policy(policy)
    if isinstance(policy, SavedPolicy):
        return policy.player(deterministic, seed)
    if isinstance(policy, type):
        raise ConfigError(
            f"{policy.__name__} is a class and cannot play: give an object of it, {policy.__name__}(...)."
        )
    if not (callable(getattr(policy, "reset", None)) and callable(getattr(policy, "act", None))):
        raise ConfigError(
            f"{shown(policy)} cannot play: give 'zero', 'random', a saved policy (a run's: run.policy), its name or "
            "file, or an object with reset(num_envs) and act(obs)."
        )
    return policy


def load_policy(name_or_path: str | Path) -> SavedPolicy:
    """Read a policy by path (a file or a run folder) or by the name of a shipped one.

    Raises PolicyError, saying what to do, if it is not there, damaged or no policy. Nothing in a file is executed.

    >>> policy = tw.load_policy("flip_5cm")
    >>> policy.config.env.obs_mode, policy.config.ppo.hidden_size
    ('proprio', 64)
    """
    path = find_policy(name_or_path)
    arrays, details = read_arrays(path)
    if details.pop("format", None) != FORMAT:
        raise PolicyError(f"{path} is not a policy of this project ({FORMAT!r}): give a file that `twmr train` wrote.")
    try:
        config = TrainConfig.from_dict(details["config"])
        found = known_details(details)
        found["name"] = found["name"] or path.stem
        return SavedPolicy(params=policy_of(arrays, config), config=config, **found)
    except KeyError as error:
        missing = f"it holds no {one_line(error)}"
        raise PolicyError(f"{path} is not what it should be: {missing}; train or copy it anew.") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise PolicyError(f"{path} is not what it should be: {one_line(error)}; train or copy it anew.") from error


def find_policy(name_or_path: str | Path) -> Path:
    """The file meant by a path, a run folder, or a shipped policy's name; only a bare name can be one."""
    name = str(name_or_path)
    given = os.path.expanduser(name)
    for path in (given, os.path.join(given, "policy.safetensors")):
        if name and os.path.isfile(path):
            return Path(path)
    if name and os.path.isfile(os.path.join(given, "config.json")):
        raise PolicyError(f"the run {name!r} has no policy yet: train it first, or go on with `twmr train --resume`.")
    shipped = shipped_policies()
    if name in shipped:
        return SHIPPED / f"{name}.safetensors"
    known = ", ".join(shipped) or "none"
    what = ", a folder without a run" if name and os.path.isdir(given) else ""
    raise PolicyError(
        f"no policy at {shown(name)}{what}: give a .safetensors file, a run folder, or a shipped name ({known})."
    )


def stem_of(name: str) -> str:
    """A file's name, without its ending, for what has this name: never a path, whatever a policy is called."""
    stem = re.sub(r"[^\w.-]", "_", name).lstrip(".-")[:40].rstrip(".") or "policy"
    return stem if NAME.fullmatch(stem) else f"policy_{stem}"


def shipped_policies() -> list[str]:
    """Names of the policies that come with the package.

    >>> "climber" in tw.shipped_policies()
    True
    """
    return sorted(p.stem for p in SHIPPED.glob("*.safetensors"))


def write_arrays(path: str | Path, arrays: dict[str, np.ndarray], details: dict[str, Any], **how: Any) -> Path:
    """Arrays and JSON-ready details into one safetensors file, whole or not at all; how: as in `write_bytes`."""
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    data = safetensors_bytes(contiguous, metadata={k: json.dumps(v) for k, v in details.items()})
    return write_bytes(path, data, **how)


def read_arrays(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The inverse of write_arrays; raises PolicyError on a damaged file, ConfigError on one too large to be ours."""
    refuse_large(path)
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            return arrays, {k: json.loads(v) for k, v in (file.metadata() or {}).items()}
    except (SafetensorError, ValueError, TypeError, AttributeError, RecursionError) as error:  # of a kind NumPy lacks
        advice = "make or copy it anew" if Path(path).suffix == ".safetensors" else "give one that ends in .safetensors"
        raise PolicyError(f"{path} is damaged or not a safetensors file ({one_line(error)}): {advice}.") from error
