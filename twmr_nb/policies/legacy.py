"""The original's saved policies, read from its pickles without unpickling anything.

A pickle is a little program. Here it is read as data: a call that it asks for is written down, never made, and what is
written down must be the few calls by which JAX and NumPy keep an array.
"""

import math
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from twmr_nb.config.schema import EnvConfig, TrainConfig
from twmr_nb.markup import NAME, one_line, shown
from twmr_nb.policies.checks import policy_of
from twmr_nb.policies.saved import PolicyError, SavedPolicy, stem_of
from twmr_nb.task.observations import mode_labels
from twmr_nb.types import Array, ConfigError

MOST_BYTES = 1 << 27  # of a file: a network of the largest size is smaller
MOST_STEPS = 10_000  # of the little program; the original's have 900
OBS_MODES = ("proprio", "compact", "compact_obstacle", "full")  # the original's; their widths differ
SCALE = 1024.0  # the original knows no limit of observations, and ours is reached 1024 times later; exact in floats
GATES = "ifgo"
LAYERS = {"encoder": "Dense_0", "decoder": "Dense_1", "action_mean": "Dense_2", "value": "Dense_3"}


class Name(NamedTuple):
    """What a pickle would import."""

    module: str
    name: str


@dataclass
class Call:
    """What a pickle would call, and the state that it would set on the result."""

    function: Any
    arguments: Any
    state: Any = None


ARRAY = Name("numpy", "ndarray")
KIND = Name("numpy", "dtype")
JAX_ARRAY = Name("jax._src.array", "_reconstruct_array")
NUMPY_ARRAY = (Name("numpy._core.multiarray", "_reconstruct"), Name("numpy.core.multiarray", "_reconstruct"))
KNOWN = {ARRAY, KIND, JAX_ARRAY, *NUMPY_ARRAY}


def import_legacy(path: str | Path, name: str = "", **settings: Any) -> SavedPolicy:
    """The policy in a file that the original's trainer saved.

    settings: of the world, where it was not the original's default; the file holds none. What the policy sees is told
    by its size. Raises PolicyError on a file that is not there or holds anything else, ConfigError on a wrong setting.
    """
    file = Path(path)
    if file.is_dir():
        raise PolicyError(f"{shown(str(path))} is a folder: give a .pkl in it that the original's trainer saved.")
    if not file.is_file():
        raise PolicyError(f"no file at {shown(str(path))}: give a .pkl that the original's trainer saved.")
    if file.stat().st_size > MOST_BYTES:
        raise PolicyError(f"{file} is no policy of the original's: it is larger than {MOST_BYTES >> 20} MiB.")
    return legacy_policy(file.read_bytes(), name or stem_of(file.stem), **settings)


def legacy_policy(content: bytes, name: str, **settings: Any) -> SavedPolicy:
    """The same, of a file's content."""
    try:
        if len(content) > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES >> 20} MiB")
        arrays = our_arrays(read_program(content))
        config = settings_for(arrays, settings)
        return SavedPolicy(name, policy_of(arrays, config), config, {"note": "imported from the original"})
    except ConfigError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError) as error:
        said = one_line(error) if type(error) is ValueError else "it is damaged, or no pickle at all"
        said = f"it holds no {error}" if isinstance(error, KeyError) else said
        raise PolicyError(
            f"{one_line(name)} is no policy of the original's: {said}; give a .pkl that its trainer saved."
        ) from None


def settings_for(arrays: Mapping[str, Array], settings: Mapping[str, Any]) -> TrainConfig:
    """The settings that these arrays ask for; all others are the original's defaults, or as given."""
    width, mlp_size = arrays["params/encoder/kernel"].shape
    fitting = [mode for mode in OBS_MODES if len(mode_labels(mode)) == width]
    if not fitting:
        raise ValueError(f"it sees {width} numbers, as no observation mode of the original's does")
    env = EnvConfig(**{"obs_mode": fitting[0], **settings})
    sizes = {"mlp_size": mlp_size, "hidden_size": arrays["params/lstm_recurrent"].shape[0]}
    return TrainConfig(env).replace(normalize_observations=False, **sizes)


def our_arrays(tree: Any) -> dict[str, Array]:
    """The arrays of the original's tree under our names: its four gates side by side."""
    theirs = tree["model"]["params"]
    cell = {f"{kind}{gate}": theirs["LSTMCell_0"][f"{kind}{gate}"] for kind in "ih" for gate in GATES}
    odd = set(tree) ^ {"log_std", "model"} | set(theirs) ^ {*LAYERS.values(), "LSTMCell_0"}
    if odd := odd | set(tree["model"]) ^ {"params"} | set(theirs["LSTMCell_0"]) ^ set(cell):
        raise ValueError(f"{shown(sorted(map(str, odd))[0])} is missing or one too many")
    arrays = {
        "log_std": array_of(tree["log_std"]),
        "params/lstm_input/kernel": beside(cell[f"i{gate}"]["kernel"] for gate in GATES),
        "params/lstm_input/bias": beside(cell[f"h{gate}"]["bias"] for gate in GATES),
        "params/lstm_recurrent": beside(cell[f"h{gate}"]["kernel"] for gate in GATES),
    }
    for ours, layer in LAYERS.items():
        for part in ("kernel", "bias"):
            arrays[f"params/{ours}/{part}"] = array_of(theirs[layer][part])
    with np.errstate(over="ignore", invalid="ignore"):  # infinity and nan are refused with all that no training gives
        arrays["params/encoder/kernel"] = arrays["params/encoder/kernel"] * np.float32(SCALE)
    if arrays["params/encoder/kernel"].ndim != 2 or arrays["params/lstm_recurrent"].ndim != 2:
        raise ValueError("its kernels are no matrices")
    width = len(arrays["params/encoder/kernel"])
    normalizer = {"mean": np.zeros(width), "var": np.full(width, SCALE**2), "samples": np.zeros(())}
    return arrays | {f"normalizer/{name}": values.astype(np.float32) for name, values in normalizer.items()}


def beside(parts: Any) -> Array:
    return np.concatenate([array_of(part) for part in parts], axis=-1)


def array_of(call: Any) -> Array:
    """The array that a pickle would make, in float32; raises ValueError on anything else."""
    state: Any = call.state if isinstance(call, Call) else None
    if isinstance(call, Call) and call.function == JAX_ARRAY:
        function, arguments, state, _ = call.arguments
        call = Call(function, arguments)
    if not (isinstance(call, Call) and call.function in NUMPY_ARRAY and call.arguments[0] == ARRAY):
        raise ValueError("something stands where an array belongs")
    _, shape, kind, by_column, data = state
    if not (isinstance(kind, Call) and kind.function == KIND and kind.arguments[0] == "f4" and kind.state[1] == "<"):
        raise ValueError("an array is of another kind than float32")
    if not (isinstance(shape, tuple) and len(shape) <= 2 and all(type(n) is int and n > 0 for n in shape)):
        raise ValueError("an array has a shape that is none")
    if not isinstance(data, bytes) or len(data) != 4 * math.prod(shape):
        raise ValueError("an array is not of the size that its shape says")
    return np.frombuffer(data, "<f4").reshape(shape, order="F" if by_column else "C").astype(np.float32)


def read_program(content: bytes) -> Any:
    """What a pickle describes: numbers, texts, tuples and dicts, and the calls that it asks for, none of them made."""
    stack: list[Any] = []
    marks: list[int] = []
    memo: list[Any] = []
    for number, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if number >= MOST_STEPS:
            raise ValueError("it is far longer than a policy")
        act = ACTS.get(opcode.name)
        if act is None:
            raise ValueError(f"it asks for {opcode.name}, which no policy needs")
        act(stack, marks, memo, argument)
    if len(stack) != 1:
        raise ValueError("it is not complete")
    return stack[0]


Act = Callable[[list[Any], list[int], list[Any], Any], None]


def push(stack: list[Any], marks: list[int], memo: list[Any], value: Any) -> None:
    stack.append(value)


def constant(value: Any) -> Act:
    return lambda stack, marks, memo, _: stack.append(value)


def skip(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    pass


def mark(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    marks.append(len(stack))


def cut(stack: list[Any], first: int) -> tuple[Any, ...]:
    """Take what lies from the first place on off the stack."""
    if not 0 <= first <= len(stack):
        raise ValueError("it takes what is not there")
    taken = tuple(stack[first:])
    del stack[first:]
    return taken


def tuple_of(count: int) -> Act:
    return lambda stack, marks, memo, _: stack.append(cut(stack, len(stack) - count))


def marked_tuple(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    stack.append(cut(stack, marks.pop()))


def empty_dict(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    stack.append({})


def set_items(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    fill(stack, cut(stack, marks.pop()))


def set_item(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    fill(stack, cut(stack, len(stack) - 2))


def fill(stack: list[Any], pairs: tuple[Any, ...]) -> None:
    if not isinstance(stack[-1], dict) or not all(isinstance(key, str) for key in pairs[::2]):
        raise ValueError("it fills what is no dict of names")
    stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))


def remember(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    memo.append(stack[-1])


def recall(stack: list[Any], marks: list[int], memo: list[Any], index: int) -> None:
    stack.append(memo[index])


def imported(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    module, name = cut(stack, len(stack) - 2)
    if not (isinstance(module, str) and isinstance(name, str)):
        raise ValueError("it asks for what has no name")
    if Name(module, name) not in KNOWN:
        raise ValueError(f"it asks for {one_line(module, NAME)}.{one_line(name, NAME)}, which no policy needs")
    stack.append(Name(module, name))


def called(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    function, arguments = cut(stack, len(stack) - 2)
    if not (isinstance(function, Name) and isinstance(arguments, tuple)):
        raise ValueError("it calls what cannot be called")
    stack.append(Call(function, arguments))


def given_state(stack: list[Any], marks: list[int], memo: list[Any], _: Any) -> None:
    (state,) = cut(stack, len(stack) - 1)
    if not isinstance(stack[-1], Call):
        raise ValueError("it sets the state of what has none")
    stack[-1].state = state


# The program's steps that an array needs, in protocols 4 and 5; all others are refused.
ACTS: dict[str, Act] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), skip),
    **dict.fromkeys(("BININT", "BININT1", "BININT2"), push),
    **dict.fromkeys(("BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"), push),
    "NONE": constant(None), "NEWTRUE": constant(True), "NEWFALSE": constant(False), "EMPTY_TUPLE": constant(()),
    "TUPLE1": tuple_of(1), "TUPLE2": tuple_of(2), "TUPLE3": tuple_of(3), "MARK": mark, "TUPLE": marked_tuple,
    "EMPTY_DICT": empty_dict, "SETITEM": set_item, "SETITEMS": set_items,
    "MEMOIZE": remember, "BINGET": recall, "LONG_BINGET": recall,
    "STACK_GLOBAL": imported, "REDUCE": called, "BUILD": given_state,
}  # fmt: skip
