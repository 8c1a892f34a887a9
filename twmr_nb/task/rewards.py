"""The reward: a table of terms, each a pure function of a Transition. Their weighted sum is the reward, exactly.

The environment scores [num_envs] live, the notebook re-scores a recorded [T]: same table, same functions.
"""

import dataclasses
import inspect
import linecache
import textwrap
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from twmr_nb.config.fields import is_number
from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.markup import shown
from twmr_nb.robot.model import MAX_TIP_RADIUS, WHEEL_RADIUS, step_edges, tip_radius
from twmr_nb.robot.pose import wheel_centres
from twmr_nb.robot.rotations import yaw
from twmr_nb.task.gate import obstacle_buffers
from twmr_nb.task.rows import mixes_rows
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array, Mistake

Scores = dict[str, Array]
FOLDED_RADIUS = 0.02  # m, of the tips; longer legs are faster, so the last millimetres need the most pay
ASTRAY = 0.5  # rad; a climb may turn by so much
UPRIGHT = 0.7  # cosine of a tilt of 0.8 rad; the upright factor takes nothing from a smaller one
TIPPING = 0.6  # rad; a climb needs to tilt the chassis by about so much


@dataclass(frozen=True)
class RewardTerm:
    """One row of the table: the raw value fn(transition), counted weight_in(config) times; a cost weighs below 0.

    >>> term = tw.REWARD_TERMS[2]
    >>> term.name, term.weight_in(tw.EnvConfig()), term.unit
    ('control', -0.001, '(N m)²')
    """

    name: str
    label: str
    setting: str
    """The EnvConfig setting that holds the size of the weight; "" for a learner's own term."""
    weight: float
    """The signed weight; with a setting, +1 or -1 times it."""
    formula: str
    """The weighted term in LaTeX."""
    unit: str
    """Unit of the raw value."""
    doc: str
    fn: Callable[[Transition], Array] = dataclasses.field(repr=False)
    optional: bool = False
    """Whether the term is left out where its weight is 0: not scored, not logged."""
    source: str = dataclasses.field(default="", repr=False)
    """Source text of a learner's own term: to be shown, never run."""

    def weight_in(self, config: EnvConfig) -> float:
        """The signed weight under a configuration."""
        return self.weight * getattr(config, self.setting) if self.setting else self.weight


class RewardTerms(tuple[RewardTerm, ...]):
    """The terms, which print as a table: name, sign and setting of the weight, unit, meaning."""

    def __repr__(self) -> str:
        return "\n".join(f"{t.name:<13} {t.weight:+.0f} x {t.setting:<21} {t.unit:<8} {t.doc}" for t in self)


def forward(t: Transition) -> Array:
    return (t.x - t.x_before) / t.ctrl_dt


def alive(t: Transition) -> Array:
    return np.ones_like(t.x)


def control(t: Transition) -> Array:
    return (t.torque * t.torque).sum(axis=-1)


def extension(t: Transition) -> Array:
    gate = t.gate[..., None].astype(np.float32)
    error = t.leg_angle - (t.retract + gate * (t.extend - t.retract))
    return (error * error).sum(axis=-1) / 4


def post_success(t: Transition) -> Array:
    error = t.leg_angle - t.retract
    return (error * error).sum(axis=-1) / 4 * t.passed_before


def success(t: Transition) -> Array:
    return t.newly_passed


def climb(t: Transition) -> Array:
    return (way_over_step(t, t.qpos) - way_over_step(t, t.qpos_before)) / t.ctrl_dt


def way_over_step(t: Transition, qpos: Array) -> Array:
    """How far the wheels' axes have come over the step, m, mean of four: ahead to its edge, up to its height, ahead.

    A potential: to come back costs what going earned, so that only the way made counts, not how it was made.
    """
    return (wheel_centres(qpos)[0] + wheels_lifted(t, qpos)).mean(axis=-1)


def wheels_lifted(t: Transition, qpos: Array) -> Array:
    """How far each wheel's axis has come up the step, m, [..., 4]; over the edge it is all of the height."""
    x, z = wheel_centres(qpos)
    height = np.asarray(t.step_height)[..., None]
    return np.where(x < t.step_edge, np.clip(z - WHEEL_RADIUS, 0, height), height)


def lift(t: Transition) -> Array:
    return (wheels_lifted(t, t.qpos) - wheels_lifted(t, t.qpos_before)).mean(axis=-1) / t.ctrl_dt


def folded(t: Transition) -> Array:
    out = (tip_radius(t.leg_angle) - FOLDED_RADIUS) / (MAX_TIP_RADIUS - FOLDED_RADIUS)
    return ((1 - out.clip(0, 1)) ** 2).mean(axis=-1) * t.passed_before


def tipping(t: Transition) -> Array:
    return np.maximum(t.tilt - TIPPING, 0) ** 2


def astray(t: Transition) -> Array:
    off = yaw(t.qpos[..., 3:7]) - t.start_yaw
    return (1 - t.gate) * np.maximum(np.abs((off + np.pi) % (2 * np.pi) - np.pi) - ASTRAY, 0)


def action_rate(t: Transition) -> Array:
    change = np.clip(t.action, -1, 1) - np.clip(t.action_before, -1, 1)
    return (change * change).sum(axis=-1)


def fall(t: Transition) -> Array:
    return t.fell


REWARD_TERMS = RewardTerms((
    RewardTerm(
        "forward", "forward", "forward_weight", +1.0, r"w\,\frac{x_t - x_{t-1}}{\Delta t}", "m/s",
        "Forward speed over the step.", forward,
    ),
    RewardTerm("alive", "alive", "alive_bonus", +1.0, r"w", "1", "One for every step.", alive),
    RewardTerm(
        "control", "control", "control_cost", -1.0, r"-w \sum_{i=1}^{8} \tau_i^2", "(N m)²",
        "Effort: the squared torques of all motors.", control,
    ),
    RewardTerm(
        "extension", "extension", "extension_penalty", -1.0,
        r"-\frac{w}{4} \sum_{i=1}^{4} \left(q_i - \left[r_i + g\,(e_i - r_i)\right]\right)^2", "rad²",
        "Distance of the legs q from the pose that the gate g asks for, between retracted r and extended e.", extension,
    ),
    RewardTerm(
        "post_success", "post-success", "post_success_penalty", -1.0,
        r"-\frac{w}{4} \sum_{i=1}^{4} (q_i - r_i)^2 \;\text{once passed}", "rad²",
        "Distance of the legs from the retracted pose, once the obstacle is passed.", post_success,
    ),
    RewardTerm(
        "success", "success", "success_bonus", +1.0, r"w \;\text{in the step that passes } x_\text{success}", "1",
        "One in the step that passes the obstacle.", success,
    ),
    RewardTerm(
        "climb", "climb", "climb_weight", +1.0, r"w\,\frac{\phi_t - \phi_{t-1}}{\Delta t}", "m/s",
        "Speed of the wheels along the way over the step: ahead to its edge, up to its height, ahead.",
        climb, optional=True,
    ),
    RewardTerm(
        "lift", "lift", "lift_weight", +1.0, r"w\,\frac{h_t - h_{t-1}}{\Delta t}", "m/s",
        "Speed of the wheels up the step, as part of that way: what is hard counts for more than its centimetres.",
        lift, optional=True,
    ),
    RewardTerm(
        "folded", "folded", "folded_bonus", +1.0,
        r"\frac{w}{4} \sum_{i=1}^{4} \left(1 - \frac{r_i - 20}{45.8 - 20}\right)^2 \;\text{once passed}", "1",
        "How far the legs are folded, tips r in mm, once the obstacle is passed: 1 at 20 mm, 0 straight out.",
        folded, optional=True,
    ),
    RewardTerm(
        "tipping", "tipping", "tilt_penalty", -1.0, r"-w \max(\theta - 0.6, 0)^2", "rad²",
        "Tilt of the chassis beyond 0.6 rad.", tipping, optional=True,
    ),
    RewardTerm(
        "astray", "astray", "astray_penalty", -1.0, r"-w\,(1 - g) \max(|\psi - \psi_0| - 0.5, 0)", "rad",
        "How far the heading is off start_yaw, beyond 0.5 rad, as far as the gate is shut.", astray, optional=True,
    ),
    RewardTerm(
        "action_rate", "action rate", "action_rate_penalty", -1.0, r"-w \sum_{i=1}^{8} (a_i - a_i^{\,t-1})^2", "1",
        "Squared change of the actions since the step before.", action_rate, optional=True,
    ),
    RewardTerm(
        "fall", "fall", "fall_penalty", -1.0, r"-w \;\text{in the step that ends as a fall}", "1",
        "One in the step that ends the episode as a fall.", fall, optional=True,
    ),
))  # fmt: skip


def score(transition: Transition, config: EnvConfig, extra_terms: Iterable[RewardTerm] = ()) -> tuple[Scores, Scores]:
    """Every term's raw and weighted values, each [...]; the reward is the sum of the weighted ones (total).

    With upright_factor the terms that pay count less the more the chassis tilts.
    """
    share = np.clip(np.cos(transition.tilt), 0, UPRIGHT) / UPRIGHT if config.upright_factor else None
    raw: Scores = {}
    weighted: Scores = {}
    for term in REWARD_TERMS:
        weight = term.weight_in(config)
        if weight or not term.optional:
            raw[term.name] = term.fn(transition).astype(float, copy=False)
            weighted[term.name] = weight * raw[term.name]
            if share is not None and term.weight > 0:
                weighted[term.name] *= share
    for term in extra_terms:
        raw[term.name] = checked_values(term, transition)
        weighted[term.name] = term.weight * raw[term.name]
    return raw, weighted


def total(weighted: Scores) -> Array:
    """The reward: the terms added in the table's order."""
    first, *rest = weighted.values()
    reward = first.copy()
    for values in rest:
        reward += values
    return reward


def success_x(config: EnvConfig) -> float:
    """Where the obstacle counts as passed [m]."""
    if config.success_x is not None:
        return config.success_x
    edges = step_edges(config)
    return edges[1] + obstacle_buffers(config)[1] + 0.05 if edges else 0.85


class TermError(Mistake, ValueError):
    """A learner's own reward term that cannot be scored; names the term, its line and what is wrong."""

    def __init__(self, term: RewardTerm, what: str) -> None:
        super().__init__(f"reward term {term.name!r} {what}")
        self.term = term.name


def checked_values(term: RewardTerm, transition: Transition) -> Array:
    """An own term's values, one per robot or step; raises TermError if it fails, or on a wrong shape or nan."""
    try:
        given = np.asarray(found := term.fn(transition))
        if given.dtype.kind == "c":
            raise TypeError("complex numbers are no reward, take their real part or magnitude")
        if found is None or given.dtype.kind in "US":
            raise TypeError("it returns no numbers: end it with `return` and one number per robot")
        values = given.astype(float)  # a copy: the term may use its array again
    except Exception as error:
        raise TermError(term, f"failed {mistake(term, error)}") from error
    shape = transition.x.shape
    if values.shape not in (shape, ()):
        raise TermError(
            term,
            f"returned shape {values.shape} where {shape} is needed, one number per robot: "
            "reduce over the last axis, for instance with .mean(axis=-1).",
        )
    if not np.isfinite(values).all():
        raise TermError(term, "returned nan or infinity: guard its divisions, roots and logs.")
    return np.broadcast_to(values, shape)


def mistake(term: RewardTerm, error: Exception) -> str:
    """Where in a term's own text an error arose, and what it says."""
    code = getattr(term.fn, "__code__", None)
    inside = [f for f in traceback.extract_tb(error.__traceback__) if code and f.filename == code.co_filename]
    hint = ": the arrays of a transition cannot be changed, so write x = x + 1, not x += 1" if is_locked(error) else ""
    said = f"{type(error).__name__}: {error}{hint}"
    if not inside or code is None:
        return f"({said})"
    line = linecache.getline(inside[-1].filename, inside[-1].lineno or 0).strip()
    number = (inside[-1].lineno or 0) - code.co_firstlineno + 1
    return f"in its line {number}, `{line}` ({said})" if line else f"in its line {number} ({said})"


def is_locked(error: Exception) -> bool:
    return isinstance(error, ValueError) and "read-only" in str(error)


def reward_term(
    fn: Callable[[Transition], Any],
    weight: float = 1.0,
    *,
    name: str | None = None,
    label: str | None = None,
    formula: str = "",
    unit: str = "",
    doc: str | None = None,
) -> RewardTerm:
    """A reward term from a function of a Transition that returns one number per robot, [...], by its row alone.

    A negative weight makes it a cost. The function's source text is kept, to be saved and shown with a run.
    Raises ConfigError on a name that is taken or a weight that is no number. Scoring raises TermError where it fails,
    and ConfigError where it looks at other rows: these are moments in a recording, but robots in training.

    >>> def calm(t):
    ...     return t.pitch**2
    >>> term = tw.reward_term(calm, weight=-0.5, unit="rad²")
    >>> tw.record("zero", tw.EnvConfig(), num_steps=3, extra_terms=[term]).reward_terms["calm"].shape
    (3,)
    """
    name = str(name or getattr(fn, "__name__", ""))
    if not callable(fn) or not name.isidentifier():
        raise ConfigError(f"{fn!r} cannot be a reward term as it is: give a function with a name, or name=... as well.")
    if name in {term.name for term in REWARD_TERMS}:
        raise ConfigError(f"reward term {name!r} exists already: choose another name for your function.")
    if not is_number(weight, float) or not abs(weight) <= 1e6:
        raise ConfigError(f"weight = {weight!r} of reward term {name!r} is not allowed: give a number up to 1e6.")
    return RewardTerm(
        name=name,
        label=label or name.replace("_", " "),
        setting="",
        weight=float(weight),
        formula=formula,
        unit=unit,
        doc=doc if doc is not None else inspect.getdoc(fn) or "",
        fn=fn,
        source=source_of(fn),
    )


def source_of(fn: Callable[..., Any]) -> str:
    """A function's source text; a comment that says so where it cannot be had."""
    try:
        return textwrap.dedent(inspect.getsource(fn))
    except (OSError, TypeError):
        return f"# the source text of {getattr(fn, '__name__', 'this term')!r} was not available\n"


def checked_terms(extra_terms: Iterable[RewardTerm]) -> tuple[RewardTerm, ...]:
    """The terms as a tuple; raises ConfigError if one is no RewardTerm, is given twice, or looks at other rows."""
    if isinstance(extra_terms, RewardTerm) or not isinstance(extra_terms, Iterable):
        raise ConfigError(f"extra_terms = {shown(extra_terms)} is not allowed: give a list of reward terms.")
    terms = tuple(extra_terms)
    known = {term.name for term in REWARD_TERMS}
    for term in terms:
        if not isinstance(term, RewardTerm):
            raise ConfigError(
                f"{term!r} is not a reward term: wrap your function as reward_term(function, weight=...)."
            )
        if term.setting:
            raise ConfigError(f"reward term {term.name!r} has the weight of a setting: make yours with reward_term().")
        if term.name in known:
            raise ConfigError(f"reward term {term.name!r} is given twice: rename one, or pass it once.")
        known.add(term.name)
    refuse_mixing(terms)
    return terms


def refuse_mixing(terms: Iterable[RewardTerm], t: Transition | None = None) -> None:
    """Raise ConfigError if what a term pays for a row of t depends on other rows; without t: for one of a sample."""
    for term in terms:
        if mixes_rows(term.fn, t):
            raise ConfigError(
                f"reward term {term.name!r} looks at other rows than the one it pays for, as np.diff, np.gradient or "
                "a mean over all rows do, but rows are moments only in a recording and other robots in training: use "
                "numbers of one row, and for a change x - x_before, z - z_before, pitch - pitch_before or "
                "action - action_before."
            )
