"""What a policy's file must hold before it is believed: anybody may have written it.

These raise ValueError with half a sentence, "its name is 5, where text belongs"; who reads the file says which one.
"""

import functools
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from twmr_nb.config.schema import TrainConfig
from twmr_nb.learn.policy import ACTION_SIZE, Normalizer, PolicyParams
from twmr_nb.markup import one_line
from twmr_nb.task.observations import critic_labels, observation_labels

Details = Mapping[str, Any]
KINDS: dict[str, tuple[type, str]] = {
    "name": (str, "text belongs"),
    "results": (dict, "names with values belong"),
    "command": (str, "text belongs"),
    "own_terms": (list, "a list belongs"),
}
LARGEST = 1e6  # of a parameter: learned ones stay below 10, and beyond this a product of them may overflow
LOUDEST = 10.0  # of the noise's logarithm: beyond, its exponential would
MOST = 1e15  # of a result


def known_details(details: Details) -> dict[str, Any]:
    """A policy's name, results, command and own terms; of the results only what is of the kind it must be.

    What is missing is empty, and what this version does not know is left out.
    """
    found = {}
    for key, (kind, wanted) in KINDS.items():
        found[key] = details.get(key, kind())
        if not isinstance(found[key], kind):
            raise ValueError(f"its {key} is {one_line(repr(found[key]), 40)}, where {wanted}")
    for term in found["own_terms"]:
        if not (isinstance(term, dict) and all(isinstance(term.get(key), str) for key in ("name", "source"))):
            raise ValueError(f"its own_terms hold {one_line(repr(term), 40)}, where a name and a source text belong")
    try:
        json.dumps(details, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("it holds text that is no Unicode") from None
    found["results"] = {key: value for key, value in found["results"].items() if RESULTS.get(key, is_any)(value)}
    return found


def is_any(value: Any) -> bool:
    return True


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    """Whether it is a finite number of any size that a result can have."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST


def is_share(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1


def is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_number, value))


def is_curve(value: Any) -> bool:
    """Records of a training."""
    return isinstance(value, list) and all(isinstance(row, dict) and all(map(is_number, row.values())) for row in value)


def is_evaluation(value: Any) -> bool:
    """What `evaluate` found, with what it says of itself."""
    if not (isinstance(value, dict) and is_share(value.get("success_rate"))):
        return False
    if not all(value.get(key) is None or is_share(value[key]) for key in ("upright_pass", "clean_pass")):
        return False
    whole = all(type(value.get(key)) is int and 0 <= value[key] < MOST for key in ("episodes", "seed"))
    return whole and isinstance(value.get("deterministic"), bool)


RESULTS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("global_step", "episode_return", "episode_length", "average_x", "train_s", "compile_s"), is_number
    ),
    "success_rate": is_share,
    "validation": is_pair,
    "curve": is_curve,
    **dict.fromkeys(("evaluation", "sampled"), is_evaluation),
    **dict.fromkeys(("note", "evaluate_command"), is_text),
}


def policy_of(arrays: Mapping[str, np.ndarray], config: TrainConfig) -> PolicyParams:
    """The network's parameters out of a file's arrays: those that its settings ask for, and nothing else."""
    env, ppo = config.env, config.ppo
    shapes = array_shapes(ppo.mlp_size, ppo.hidden_size, len(observation_labels(env)), len(critic_labels(env)))
    if odd := sorted(set(arrays) ^ set(shapes)):
        raise ValueError(f"its settings ask for other arrays: {one_line(odd[0])!r} is missing or one too many")
    for name, shape in shapes.items():
        check_array(name, arrays[name], shape)
    normalizer = Normalizer(*(arrays[f"normalizer/{field}"] for field in Normalizer._fields))
    params: dict[str, Any] = {}
    for name in shapes:
        if name.startswith("params/"):
            *parents, leaf = name.split("/")[1:]
            layer = params
            for parent in parents:
                layer = layer.setdefault(parent, {})
            layer[leaf] = arrays[name]
    return PolicyParams(params, arrays["log_std"], normalizer)


def check_array(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless the array is of this shape, float32 and within what can be computed with."""
    if array.shape != shape or array.dtype != np.float32:
        raise ValueError(f"{name} is {array.dtype} {array.shape}, where float32 {shape} belongs")
    largest = LARGEST if name.startswith("params/") else LOUDEST if name == "log_std" else math.inf
    sizes = array if name in ("normalizer/var", "normalizer/samples") else np.abs(array)  # these two are never negative
    if not (np.isfinite(array).all() and sizes.min(initial=0.0) >= 0 and sizes.max(initial=0.0) <= largest):
        raise ValueError(f"{name} holds nan, infinity or numbers that no training gives")


@functools.cache
def array_shapes(mlp_size: int, hidden_size: int, seen: int, told: int) -> dict[str, tuple[int, ...]]:
    """The arrays of a network that sees so many numbers, and whose critic is told so many more."""
    import jax

    from twmr_nb.learn.network import ActorCritic, init_policy, named_leaves

    network = ActorCritic(mlp_size, hidden_size, ACTION_SIZE, told)
    key = jax.eval_shape(jax.random.key, 0)
    policy = init_policy.eval_shape(network, key, seen + told, 0.0)
    return {name: leaf.shape for name, leaf in named_leaves(policy)}
