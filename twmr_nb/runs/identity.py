"""What identifies a run or a cached answer: said here, once. Two that could give different numbers never share it.

A training is its settings, its own reward terms (signed weight and behaviour) and the versions of all that computes.
An evaluation is the policy's bytes, the world, the episodes, and the same versions.
"""

import functools
import hashlib
import importlib.metadata
import io
import os
import platform
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from twmr_nb.config.schema import ConfigError, EnvConfig, TrainConfig
from twmr_nb.runs.behaviour import PACKAGE, Untellable, behaviour, digest
from twmr_nb.task import rewards
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.task.transition import Transition

Description = dict[str, Any]
LIBRARIES = ("mujoco", "mjbatch", "jax", "jaxlib", "flax", "optax", "numpy")
FLAGS = ("jax_enable_x64", "jax_default_matmul_precision")  # change how the same code rounds
XLA_THREADS = ("PJRT_NPROC", "NPROC")  # what JAX asks before it counts the cores
# All of ours that decides a number is in these and in what they import.
ROOTS = ("task.env", "learn.trainer", "runs.selection")


def describe_training(config: TrainConfig, extra_terms: Iterable[RewardTerm] = ()) -> Description:
    """All that a training's result depends on; raises ConfigError for a term that cannot be told from another."""
    if own_names(Transition) != TRANSITION:
        raise ConfigError("the class Transition was changed in this session: restart the kernel to go on with ours.")
    settings = {k: v for k, v in config.to_dict().items() if k != "preset"}  # what it stands for is in the settings
    terms = [{k: term[k] for k in ("name", "weight", "behaviour")} for term in map(describe_term, extra_terms)]
    table = [[t.name, t.setting, t.weight, behaviour(t.fn)] for t in rewards.REWARD_TERMS]
    return {"settings": settings, "reward_terms": table, "own_terms": terms, "versions": versions()}


def describe_term(term: RewardTerm) -> Description:
    """A learner's own reward term as files keep it: name, signed weight, source as text, digest of its behaviour."""
    try:
        does = behaviour(term.fn)
    except Untellable as what:
        raise ConfigError(
            f"reward term {term.name!r} uses {what}, so what it pays could change unseen: "
            "let it use the transition and plain numbers, texts, arrays and functions only."
        ) from None
    weight = term.weight + 0.0  # one zero: what a slider gives may be -0.0
    return {"name": term.name, "weight": weight, "source": term.source, "behaviour": does}


def describe_evaluation(
    policy: bytes, world: EnvConfig, episodes: int, seed: int = 1, deterministic: bool = True
) -> Description:
    """All that an evaluation's result depends on. policy: the bytes of its file."""
    return {
        "policy": hashlib.sha256(policy).hexdigest(),
        "world": world.to_dict(),
        "episodes": episodes,
        "seed": seed,
        "deterministic": deterministic,
        "versions": versions(),
    }


def short_name(description: Description) -> str:
    """What a folder or file is called after a description: 16 hexadecimal digits."""
    return digest(description)[:16]


def versions() -> dict[str, str]:
    """Of Python, the libraries that compute, our own code that does, and the machine that they are compiled for."""
    import jax

    machine = {"machine": platform.machine(), "jax_backend": jax.default_backend()}
    flags = {name: str(getattr(jax.config, name)) for name in FLAGS}
    compiler = {"XLA_FLAGS": os.environ.get("XLA_FLAGS", ""), "xla_threads": str(xla_threads())}
    return code_versions() | machine | flags | compiler


@functools.cache
def xla_threads() -> int:
    """How many threads a program of JAX is compiled for: it divides sums among them, so that they round otherwise."""
    return int(next(filter(None, (os.environ.get(name) for name in XLA_THREADS)), cores()))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def code_versions() -> dict[str, str]:
    """Our own code counts without its comments and docstrings."""
    found = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return found | {"python": platform.python_version(), PACKAGE.name: digest(computing_code(OUR_TEXTS))}


def texts_of(package: Path) -> dict[str, str]:
    """A package's modules: name -> source text."""
    paths = {".".join(path.relative_to(package).with_suffix("").parts): path for path in package.rglob("*.py")}
    return {name: path.read_text(encoding="utf-8") for name, path in paths.items()}


def computing_code(texts: Mapping[str, str]) -> dict[str, list[list[str]]]:
    """Of our modules those that decide a number: name -> its statements."""
    found: dict[str, list[list[str]]] = {}
    wanted = list(ROOTS)
    while wanted:
        name = wanted.pop()
        if name not in found and name in texts:
            found[name] = statements(texts[name])
            wanted += our_imports(found[name])
    return found


def statements(text: str) -> list[list[str]]:
    """A module's statements as their tokens, each behind how deep it is indented; without comments, and without texts
    that stand alone, such as docstrings.

    Not by `ast`: of two threads that parse at once, a click and a cell, one may end with a SystemError (Python 3.11).
    """
    found: list[list[str]] = []
    depth, line = 0, list[tokenize.TokenInfo]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            depth += 1 if token.type == tokenize.INDENT else -1
        elif token.type == tokenize.NEWLINE:
            if any(part.type != tokenize.STRING for part in line):
                found.append([str(depth), *(part.string for part in line)])
            line = []
        elif token.type not in (tokenize.COMMENT, tokenize.NL):
            line.append(token)
    return found


def our_imports(statements: list[list[str]]) -> Iterator[str]:
    """The modules of this package that a module imports, as they are called within it."""
    for _, first, *rest in statements:
        if first == "from" and rest[0] == PACKAGE.name:
            at = rest.index("import")
            inside = "".join(rest[2:at])
            yield from [inside, *(f"{inside}.{name}".lstrip(".") for name in rest[at + 1 :] if name.isidentifier())]


def own_names(cls: type) -> dict[str, Any]:
    """All that a class defines; without the note that Python leaves in it when one of its objects is copied."""
    return {name: value for name, value in vars(cls).items() if name != "__slotnames__"}


# Both as they were loaded: what is edited or patched later does not run, or must be seen.
OUR_TEXTS, TRANSITION = texts_of(PACKAGE), own_names(Transition)
