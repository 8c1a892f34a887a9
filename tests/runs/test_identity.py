"""What identifies an experiment: what could give other numbers has another digest, what cannot be told is refused."""

import ast
import copy
import dataclasses
import enum
import functools
import math
import operator
import os
import random
import re
import threading
import time
import types
from collections import OrderedDict, defaultdict, namedtuple

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.episodes.rollout import record
from twmr_nb.robot.model import tip_radius
from twmr_nb.runs import identity
from twmr_nb.runs.behaviour import Untellable, behaviour
from twmr_nb.runs.identity import (
    OUR_TEXTS,
    computing_code,
    describe_evaluation,
    describe_term,
    describe_training,
    digest,
    short_name,
    texts_of,
)
from twmr_nb.task import rewards
from twmr_nb.task.rewards import reward_term
from twmr_nb.task.transition import Transition


def define(text, name="term", **scope):
    """A function as a notebook cell defines it: in a namespace of its own."""
    exec(compile(text, "<cell>", "exec"), scope := {"__name__": "__main__", "np": np, "math": math, **scope})
    return scope[name]


def factory(k):
    def bonus(t):
        return k * t.vx

    return bonus


def weighted(t, k=1.0, *, offset=0.0):
    return k * t.vx + offset


class Scaled:
    def __init__(self, k):
        self.k = k

    def __call__(self, t):
        return self.k * t.vx

    def pay(self, t):
        return -self.k * t.vx


class Shifted(Scaled):
    def __call__(self, t):
        return super().__call__(t) + 1


@dataclasses.dataclass(frozen=True)
class Setting:
    k: float
    where: tuple[float, ...] = (0.0, 1.0)


class Side(enum.Enum):
    LEFT = 1
    RIGHT = 2


class Slotted:
    __slots__ = ("__hidden", "k")

    def __init__(self, k, hidden):
        self.k, self.__hidden = k, hidden


Pair = namedtuple("Pair", "low high")
HOLDS = "def term(t):\n    return t.vx * len(str(held))"


def with_attribute(k):
    def bonus(t):
        return bonus.k * t.vx

    bonus.k = k
    return bonus


def holding(value):
    return define(HOLDS, held=value)


def module_with(k):
    module = types.ModuleType("mine")
    module.k = k
    return define("def term(t):\n    return mine.k * t.vx", mine=module)


def cached(k):
    return functools.lru_cache(factory(k))


def beside_an_odd_array(k):
    table = np.zeros(2, [("a", "f8"), ("b", "f8")])
    held = {"k": k, "table": table[["b", "a"]]}
    return lambda t: held["k"] * t.vx


class Wrapping:
    def __init__(self, fn, k):
        functools.update_wrapper(self, fn)
        self.k = k

    def __call__(self, t):
        return self.k * self.__wrapped__(t)


class SlottedDict(dict):
    __slots__ = ("k",)


class SlottedList(list):
    __slots__ = ("k",)


class Times(functools.partial):
    def __call__(self, t):
        return 2 * super().__call__(t)


def slotted(kind, k):
    held = kind()
    held.k = k
    return holding(held)


def by_name(f):
    return define("def term(t):\n    return {'fast': 1, 'far': 2}[f.__name__] * f(t)", f=f)


def fast(t):
    return t.vx


def far(t):
    return t.vx


def mode_with(gain):
    mode = enum.Enum("Mode", {"ONE": 1}).ONE
    mode.gain = gain
    return holding(mode)


TOLD_APART = {
    "another closure": (factory(1), factory(50)),
    "a whole number and the same float": (factory(1), factory(1.0)),
    "the last digit": (factory(0.1), factory(math.nextafter(0.1, 1))),
    "the sign of zero": (factory(0.0), factory(-0.0)),
    "True and 1": (factory(True), factory(1)),
    "a default": (weighted, types.FunctionType(weighted.__code__, globals(), "weighted", (2.0,))),
    "a partial": (functools.partial(weighted, k=1.0), functools.partial(weighted, k=2.0)),
    "a partial's position": (functools.partial(weighted, 1.0), functools.partial(weighted, offset=1.0)),
    "a constant": (define("def term(t):\n    return 2 * t.vx"), define("def term(t):\n    return 3 * t.vx")),
    "another attribute": (define("def term(t):\n    return t.vx"), define("def term(t):\n    return t.vz")),
    "the order of a subtraction": (
        define("def term(t):\n    return t.x - t.z"),
        define("def term(t):\n    return t.z - t.x"),
    ),
    "a global": (define("def term(t):\n    return K * t.vx", K=1), define("def term(t):\n    return K * t.vx", K=50)),
    "a global in a nested function": (
        define("def term(t):\n    return [K * v for v in t.vx] + (lambda: K)()", K=1),
        define("def term(t):\n    return [K * v for v in t.vx] + (lambda: K)()", K=2),
    ),
    "a global in a helper": (
        define("def helper(t):\n    return K * t.vx\ndef term(t):\n    return helper(t)", K=1),
        define("def helper(t):\n    return K * t.vx\ndef term(t):\n    return helper(t)", K=2),
    ),
    "a helper": (
        define("def helper(v):\n    return v\ndef term(t):\n    return helper(t.vx)"),
        define("def helper(v):\n    return -v\ndef term(t):\n    return helper(t.vx)"),
    ),
    "a global that hides a builtin": (
        define("def term(t):\n    return abs(t.vx)"),
        define("def term(t):\n    return abs(t.vx)", abs=np.negative),
    ),
    "a function of a library": (
        define("def term(t):\n    return f(t.vx)", f=np.abs),
        define("def term(t):\n    return f(t.vx)", f=np.square),
    ),
    "an attribute of a module": (module_with(1), module_with(50)),
    "an attribute of the function": (with_attribute(1), with_attribute(50)),
    "an object that can be called": (Scaled(1), Scaled(2)),
    "a method and its object": (Scaled(1).pay, Scaled(2).pay),
    "two methods": (Scaled(1).pay, Scaled(1).__call__),
    "a class derived from another": (Scaled(1), Shifted(1)),
    "what is behind a cache": (cached(1), cached(50)),
    "what is compiled": (jax.jit(factory(1)), jax.jit(factory(50))),
    "arrays": (holding(np.array([1.0, 2.0])), holding(np.array([1.0, 2.0 + 2**-50]))),
    "the type of an array": (holding(np.zeros(2, np.float32)), holding(np.zeros(2))),
    "the shape of an array": (holding(np.zeros((2, 1))), holding(np.zeros(2))),
    "the mask of an array": (holding(np.ma.array([1.0], mask=[False])), holding(np.ma.array([1.0], mask=[True]))),
    "arrays of objects": (holding(np.array([1, None])), holding(np.array([2, None]))),
    "arrays of jax": (holding(jax.numpy.ones(2)), holding(jax.numpy.zeros(2))),
    "lists": (holding([1, [2]]), holding([1, [3]])),
    "a list and a tuple": (holding([1]), holding((1,))),
    "dictionaries": (holding({"a": 1}), holding({"a": 2})),
    "the order of a dictionary": (holding({"a": 1, "b": 2}), holding({"b": 2, "a": 1})),
    "what a dictionary falls back to": (holding(defaultdict(int)), holding(defaultdict(list))),
    "an ordered dictionary": (holding({"a": 1}), holding(OrderedDict(a=1))),
    "sets": (holding({1, 2}), holding({1, 3})),
    "dataclasses": (holding(Setting(1.0)), holding(Setting(2.0))),
    "named tuples": (holding(Pair(1, 2)), holding(Pair(2, 1))),
    "namespaces": (holding(types.SimpleNamespace(k=1)), holding(types.SimpleNamespace(k=2))),
    "slots": (holding(Slotted(1, 1)), holding(Slotted(1, 2))),
    "members of an enumeration": (holding(Side.LEFT), holding(Side.RIGHT)),
    "patterns": (holding(re.compile("a")), holding(re.compile("a", re.IGNORECASE))),
    "getters": (operator.attrgetter("vx"), operator.attrgetter("vz")),
    "what lies beside an odd array": (beside_an_odd_array(1), beside_an_odd_array(50)),
    "an object that wraps a function": (Wrapping(weighted, 1), Wrapping(weighted, 50)),
    "slots of a dictionary": (slotted(SlottedDict, 1), slotted(SlottedDict, 50)),
    "slots of a list": (slotted(SlottedList, 1), slotted(SlottedList, 50)),
    "a partial of another kind": (functools.partial(weighted), Times(weighted)),
    "attributes of a member": (mode_with(1), mode_with(50)),
    "the name of a function": (by_name(fast), by_name(far)),
    "the order of an array": (holding(np.ones((3, 2))), holding(np.ones((3, 2), order="F"))),
    "fields of an array": (holding(np.zeros(2, "f8,f4")), holding(np.zeros(2, "f8,f8"))),
    "slices": (holding(slice(1, 2)), holding(slice(1, 3))),
    "long patterns": (holding(re.compile("a" * 300 + "b")), holding(re.compile("a" * 300 + "c"))),
    "settings of ours": (holding(EnvConfig()), holding(EnvConfig(alive_bonus=0.1))),
}


@pytest.mark.parametrize("pair", TOLD_APART.values(), ids=TOLD_APART.keys())
def test_what_behaves_otherwise_is_told_apart(pair):
    one, other = pair
    assert behaviour(one) != behaviour(other)


SAME = {
    "a closure made again": (factory(2.5), factory(2.5)),
    "a cell run again": (
        define("def term(t):\n    return 2 * t.vx"),
        define("\n\n\ndef term(t):\n    return 2 * t.vx"),
    ),
    "a global that it does not read": (
        define("def term(t):\n    return t.x", x=1),
        define("def term(t):\n    return t.x", x=2),
    ),
    "an object made again": (Scaled(3), Scaled(3)),
    "arrays made again": (holding(np.arange(3)), holding(np.arange(3))),
    "dataclasses made again": (holding(Setting(1.0)), holding(Setting(1.0))),
    "functions of a library": (
        define("def term(t):\n    return f(t.vx)", f=np.nanmax),
        define("def term(t):\n    return f(t.vx)", f=np.nanmax),
    ),
    "functions of linear algebra": (
        define("def term(t):\n    return np.linalg.inv(t.vx)"),
        define("def term(t):\n    return np.linalg.inv(t.vx)"),
    ),
    "functions of ours": (
        define("def term(t):\n    return f(t.leg_angle).mean(axis=-1)", f=tip_radius),
        define("def term(t):\n    return f(t.leg_angle).mean(axis=-1)", f=tip_radius),
    ),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME.keys())
def test_the_same_made_again_is_the_same(pair):
    one, other = pair
    assert behaviour(one) == behaviour(other)


def counting():
    count = 0

    def term(t):
        nonlocal count
        count += 1
        return count * t.vx

    return term


def test_what_refers_to_itself_has_an_end():
    def countdown(t, n=3):
        return t.vx if n == 0 else countdown(t, n - 1)

    held = [1.0]
    held.append(held)
    assert behaviour(countdown) == behaviour(countdown)
    assert behaviour(holding(held)) == behaviour(holding(held))


class Lazy:
    @functools.cached_property
    def k(self):
        return 2.0

    def __call__(self, t):
        return self.k * t.vx


def test_what_a_property_has_cached_is_no_other_behaviour():
    term = Lazy()
    before = behaviour(term)
    term(types.SimpleNamespace(vx=1.0))
    assert behaviour(term) == before


def test_a_copied_episode_changes_nothing():
    copy.deepcopy(record("zero", EnvConfig(), num_steps=2))
    assert "__slotnames__" in vars(Transition)  # Python's own note
    describe_training(TrainConfig())


def test_a_package_changed_in_the_session_is_said_or_told_apart(monkeypatch):
    before = digest(describe_training(TrainConfig()))
    table = list(rewards.REWARD_TERMS)
    table[0] = dataclasses.replace(table[0], fn=lambda t: -t.vx)
    monkeypatch.setattr(rewards, "REWARD_TERMS", tuple(table))
    assert digest(describe_training(TrainConfig())) != before
    monkeypatch.undo()
    monkeypatch.setattr(Transition, "boost", property(lambda t: 2 * t.vx), raising=False)
    with pytest.raises(ConfigError, match="Transition was changed in this session"):
        describe_training(TrainConfig())


def test_a_closure_that_has_moved_on_is_another():
    term = counting()
    before = behaviour(term)
    term(types.SimpleNamespace(vx=1.0))
    assert behaviour(term) != before


UNTELLABLE = {
    "a generator of random numbers": (holding(np.random.default_rng(0)), "held"),
    "chance": (define("def term(t):\n    return np.random.rand()"), "RandomState.rand"),
    "chance of Python": (define("def term(t):\n    return random.random()", random=random), "random"),
    "the clock": (define("def term(t):\n    return time.time()", time=time), "time"),
    "a file": (define("def term(t):\n    return float(open('weight').read())"), "open"),
    "the system": (define("def term(t):\n    return os.getpid()", os=os), "getpid"),
    "an array in a file": (define("def term(t):\n    return np.load('w.npy')"), "numpy.load"),
    "text that is run": (define("def term(t):\n    return eval('K')", K=1), "eval"),
    "a global that it writes": (define("def term(t):\n    global n\n    n = n + 1\n    return n", n=0), "global n"),
    "an import inside": (define("def term(t):\n    import mine\n    return mine.k"), "import mine"),
    "a compiled function that reads a global": (
        define("@jit\ndef h(x):\n    return K * x\ndef term(t):\n    return h(t.vx)", jit=jax.jit, K=1),
        "`K` in a cached or compiled function",
    ),
    "a cached function whose helper reads a global": (
        define(
            "def g():\n    return K\n@cache\ndef h():\n    return g()\ndef term(t):\n    return h() * t.vx",
            cache=functools.cache,
            K=1,
        ),
        "`K` in a cached or compiled function",
    ),
    "a text in a file": (
        define("def term(t):\n    return float(p.read_text())", p=__import__("pathlib").Path("gain.txt")),
        "read_text",
    ),
    "a clock with another name": (
        define("def term(t):\n    return d.datetime.now().second", d=__import__("datetime")),
        "now",
    ),
    "a generator of its own": (define("def term(t):\n    return np.random.RandomState().rand()"), "RandomState"),
    "a program": (define("def term(t):\n    return s.run('date')", s=__import__("subprocess")), "subprocess"),
    "the lock of an array": (define("def term(t):\n    t.qpos.setflags(write=1)\n    return t.x"), "setflags"),
    "a lock": (holding(threading.Lock()), "held"),
    "an iterator": (holding(iter([1.0, 2.0])), "held"),
    "a module of one's own, whole": (
        define("def term(t):\n    return getattr(mine, 'k')", mine=types.ModuleType("mine")),
        "mine",
    ),
    "a ufunc of one's own": (np.frompyfunc(lambda v: v, 1, 1), "ufunc"),
}


@pytest.mark.parametrize(("fn", "named"), UNTELLABLE.values(), ids=UNTELLABLE.keys())
def test_what_cannot_be_told_apart_is_refused_with_its_name(fn, named):
    with pytest.raises(Untellable, match=re.escape(named)):
        behaviour(fn)
    with pytest.raises(ConfigError, match=r"reward term 'mine' uses .*let it use the transition and plain numbers"):
        describe_term(reward_term(fn, name="mine"))


def test_the_kept_weight_has_its_sign():
    assert describe_term(reward_term(weighted, weight=-0.5))["weight"] == -0.5
    assert describe_term(reward_term(weighted, weight=0.5))["weight"] == 0.5


numbers = st.floats(allow_nan=False)


@given(numbers, numbers)
def test_two_closures_share_a_digest_only_if_their_numbers_are_the_same_to_the_last_bit(a, b):
    assert (behaviour(factory(a)) == behaviour(factory(b))) == (a.hex() == b.hex())


settings = {
    **{f"env.{f.name}": f for f in dataclasses.fields(EnvConfig) if f.metadata["low"] is not None},
    **{f"ppo.{f.name}": f for f in dataclasses.fields(PPOConfig) if f.metadata["low"] is not None},
}


@given(st.data())
def test_a_setting_changed_in_its_last_digit_is_another_experiment(data):
    name, field = data.draw(st.sampled_from(sorted(settings.items())))
    low, high = field.metadata["low"], field.metadata["high"]
    part, own = name.split(".")
    whole = EnvConfig.__annotations__.get(own) is int or PPOConfig.__annotations__.get(own) in (int, int | None)
    value = data.draw(st.integers(math.ceil(low), int(high)) if whole else st.floats(low, high))
    other = value + 1 if whole else math.nextafter(value, math.inf)
    try:
        one, two = (TrainConfig().replace(**{own: v}) for v in (value, other))
    except ConfigError:  # beyond its bounds, or against another setting
        return
    differs = getattr(getattr(one, part), own) != getattr(getattr(two, part), own)
    assert (short_name(describe_training(one)) != short_name(describe_training(two))) == differs
    if part == "env":
        questions = [describe_evaluation(b"policy", config.env, 10) for config in (one, two)]
        assert (digest(questions[0]) != digest(questions[1])) == differs


@given(weights=st.tuples(st.floats(-10, 10), st.floats(-10, 10)), ks=st.tuples(numbers, numbers))
def test_two_trainings_share_a_name_only_if_weights_and_behaviour_are_the_same(weights, ks):
    names = [
        short_name(describe_training(TrainConfig(), [reward_term(factory(k), weight=w)]))
        for w, k in zip(weights, ks, strict=True)
    ]
    same = weights[0] == weights[1] and ks[0].hex() == ks[1].hex()
    assert (names[0] == names[1]) == same


def test_seed_order_of_terms_and_preset():
    first, second = reward_term(factory(1), name="a"), reward_term(factory(2), name="b")
    described = [
        describe_training(TrainConfig(), [first, second]),
        describe_training(TrainConfig(), [second, first]),  # they are added in turn, and that rounds
        describe_training(TrainConfig(), [first]),
        describe_training(TrainConfig().replace(seed=1), [first, second]),
    ]
    assert len({digest(d) for d in described}) == len(described)
    assert describe_training(TrainConfig()) == describe_training(TrainConfig().replace(preset="another word"))


def test_every_part_of_the_question_makes_another_evaluation():
    asked = [
        describe_evaluation(b"one", EnvConfig(), 10),
        describe_evaluation(b"two", EnvConfig(), 10),
        describe_evaluation(b"one", EnvConfig(scene="step", step_height=0.0525), 10),
        describe_evaluation(b"one", EnvConfig(scene="step", step_height=0.052), 10),
        describe_evaluation(b"one", EnvConfig(), 11),
        describe_evaluation(b"one", EnvConfig(), 10, seed=2),
        describe_evaluation(b"one", EnvConfig(), 10, deterministic=False),
    ]
    assert len({digest(question) for question in asked}) == len(asked)


def test_another_version_is_another_experiment(monkeypatch):
    before = describe_training(TrainConfig())
    for name, version in [("mujoco", "9.9"), ("twmr_nb", "other code")]:
        monkeypatch.setattr(identity, "versions", lambda n=name, v=version: before["versions"] | {n: v})
        assert digest(describe_training(TrainConfig())) != digest(before)


def test_flags_that_change_the_rounding_are_another_experiment(monkeypatch):
    before = describe_training(TrainConfig())
    with jax.default_matmul_precision("bfloat16"):
        assert digest(describe_training(TrainConfig())) != digest(before)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    assert digest(describe_training(TrainConfig())) != digest(before)


def test_the_code_that_counts_is_all_that_training_and_judging_use_and_nothing_that_shows():
    names = set(computing_code(OUR_TEXTS))
    assert names >= {f"learn.{name}" for name in ("trainer", "ppo", "network")}
    assert names >= {"task.env", "task.simulation", "robot.model", "task.rewards", "episodes.evaluate", "task.gate"}
    assert not {name for name in names if name.startswith(("ui", "cli", "draw", "course", "lab"))}


def test_comments_and_docstrings_are_no_other_code(tmp_path, monkeypatch):
    package = tmp_path / "twmr_nb"
    package.mkdir()
    monkeypatch.setattr(identity, "ROOTS", ("one",))
    (package / "two.py").write_text("K = 1\n")

    def code(text):
        (package / "one.py").write_text(text)
        return computing_code(texts_of(package))

    plain = code("from twmr_nb.two import K\ndef f(x):\n    return x\n")
    assert code('"""Words."""\nfrom twmr_nb.two import K\ndef f(x):\n    """More."""\n    return x  # why\n') == plain
    assert code("from twmr_nb.two import K\ndef f(x):\n    return -x\n") != plain
    (package / "two.py").write_text("K = 2\n")
    assert code("from twmr_nb.two import K\ndef f(x):\n    return x\n") != plain


def test_a_cell_may_be_parsed_while_a_click_makes_a_run():
    """IPython parses each cell. In Python 3.11 two threads that parse at once end, often, with a SystemError."""
    text, over, failures = max(OUR_TEXTS.values(), key=len), threading.Event(), []

    def parse():
        while not over.is_set():
            try:
                ast.parse(text)
            except SystemError as error:
                failures.append(error)

    cells = threading.Thread(target=parse)
    cells.start()
    computing_code(OUR_TEXTS)
    over.set()
    cells.join()
    assert failures == []


def test_the_threads_that_xla_compiles_for_count(monkeypatch):
    before = describe_training(TrainConfig())
    monkeypatch.setattr(identity, "xla_threads", lambda: 97)
    assert digest(describe_training(TrainConfig())) != digest(before)


@pytest.mark.parametrize(("names", "count"), [({"NPROC": "3"}, 3), ({"NPROC": "3", "PJRT_NPROC": "5"}, 5)])
def test_the_threads_are_those_that_jax_asks_for(names, count, monkeypatch):
    for name in identity.XLA_THREADS:
        monkeypatch.delenv(name, raising=False)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert identity.xla_threads.__wrapped__() == count
