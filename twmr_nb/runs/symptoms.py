"""What the log of a training says about its health: named symptoms, with the evidence and when they began.

Audits, not alarms: a symptom says where to look. docs/symptoms.md counts how often each is named in healthy trainings
and in sick ones, with the command that measures it. A detector looks at the past only, so what is told while a training
runs is what its log says afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from twmr_nb.config.schema import TrainConfig
from twmr_nb.learn.metrics_log import Records
from twmr_nb.markup import one_line
from twmr_nb.types import Array, Record

SPAN, FEWEST, MOST = 0.1, 5, 0.8  # it must hold in most updates of this share of the training, of so many at least
EARLY, SOON = 1 / 3, 2 / 3  # share of the training before which robots may do anything; and need not pass yet
FAILS, HARDLY = 0.5, 0.05  # shares of passes: above the first nobody is asked how; below the second is as good as none
THE_WAY = {"forward", "climb", "success"}  # what these pay is what is wanted: they may be all that there is
LARGEST = 1e15  # what lies above came from no training

DOMINANT = 0.8  # share of all that is paid and charged
ROSE = 0.2  # by so much of itself a return has risen
SLOW, BUSY = 0.03, 0.1  # m/s, either way: who stands; who drives
NOWHERE = 0.5  # of the way driven, what remains if it is there and back
AT_LIMIT, IDLE = 0.95, 0.5  # share of the time limit; of what is paid, the part that comes with time alone
ON_BACK = 0.75  # share of the time
QUIET = 0.05  # standard deviation of the noise, where actions reach from -1 to 1
KL = 0.05  # nats per update
EXPLODED, WORSE = 4.0, -0.5  # times the first value loss; explained variance, where 0 is as good as one constant guess


@dataclass(frozen=True)
class Symptom:
    """Something in the log that healthy trainings seldom show; prints as sentences."""

    name: str
    update: int
    """The update since when it has held."""
    step: int
    """The control steps of all robots by then."""
    lasts: bool
    """Whether it holds in the newest update, too."""
    evidence: str
    """The numbers by which it was noticed."""
    meaning: str
    """What it usually means."""
    remedy: str
    """What to try."""

    def __str__(self) -> str:
        since = f"{self.name} since update {self.update} ({self.step:,} steps){'' if self.lasts else ', over by now'}"
        return f"{since}: {self.evidence}. {self.meaning} {self.remedy}"


class Symptoms(tuple[Symptom, ...]):
    """The symptoms of a training, which print one below the other; so do some of them."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Symptoms(found) if isinstance(index, slice) else found

    def __repr__(self) -> str:
        return "\n".join(map(str, self)) or "no symptom"


class Log:
    """A training's columns, [updates], nan where they have no number."""

    def __init__(self, records: Sequence[Record], config: TrainConfig) -> None:
        self.records, self.config = records, config
        self.names = (
            records.names if isinstance(records, Records) else list(dict.fromkeys(k for r in records for k in r))
        )
        self.span = max(FEWEST, round(SPAN * np.nanmax([len(records), *self("num_updates")[-1:]])))
        self.progress, self.success = self("progress"), self("success_rate")
        self.gain = self("episode_return")
        self.stands = config.env.alive_bonus * config.env.max_steps  # what an episode of standing pays
        self.fails = (self.success < FAILS) & (self.progress > EARLY)
        kind = "paid/" if any(name.startswith("paid/") for name in self.names) else "term/"  # older logs: per step
        self.paid = {n.removeprefix(kind): np.nan_to_num(self(n)) for n in self.names if n.startswith(kind)}

    def __call__(self, name: str) -> Array:
        records = self.records
        values = records.column(name) if isinstance(records, Records) else [r.get(name, np.nan) for r in records]
        return np.where(np.abs(values) < LARGEST, values, np.nan)

    def shares(self, part: Callable[[Array], Array]) -> dict[str, Array]:
        """What each term is of all that `part` takes of each; but for those that pay for the way made."""
        parts = {name: part(values) for name, values in self.paid.items()}
        total = sum(parts.values(), np.zeros(len(self.records)))
        return {name: v / np.where(total > 0, total, np.inf) for name, v in parts.items() if name not in THE_WAY}


class Seen(NamedTuple):
    """In which updates a detector sees its symptom, [updates], and the evidence of some of them, given by index."""

    where: Array
    evidence: Callable[[Array], str]


def noise_collapsed(log: Log) -> Seen:
    std = log("std")
    return Seen(std < QUIET, lambda at: f"the noise's std is {mean(std[at]):.3f}")


def kl_too_high(log: Log) -> Seen:
    """With next to no noise it is high whatever one does: that is said once, by its cause."""
    kl = log("approx_kl")
    where = (kl > KL) & ~(log("std") < QUIET)
    return Seen(where, lambda at: f"an update moves the policy by {mean(kl[at]):.3f} nats (KL)")


def value_loss_explodes(log: Log) -> Seen:
    loss, explained = log("value_loss"), log("explained_variance")
    times = loss / beginning(loss, log.span)
    return Seen(
        (times > EXPLODED) & (explained < WORSE),
        lambda at: f"{mean(times[at]):.3g} times what it was, explained variance {mean(explained[at]):.2g}",
    )


def penalty_valley(log: Log) -> Seen:
    """To stand, legs as the gate wants them, costs nothing, and is paid for as long as an episode may last."""
    return Seen(
        log.fails & (log.gain < log.stands),
        lambda at: f"return {mean(log.gain[at]):.3g}, where standing still gets {log.stands:.3g}",
    )


def one_term_decides(log: Log) -> Seen:
    shares = log.shares(np.abs)

    def evidence(at: Array) -> str:
        name = max(shares, key=lambda name: mean(shares[name][at]))
        return f"{one_line(name)} is {mean(shares[name][at]):.0%} of all that is paid and charged"

    return Seen(log.fails & np.any([share > DOMINANT for share in shares.values()], axis=0), evidence)


def living_off_the_time_limit(log: Log) -> Seen:
    length, limit = log("episode_length"), log.config.env.max_steps
    idle = sum(log.shares(lambda paid: np.maximum(paid, 0)).values(), np.zeros(len(length)))
    return Seen(
        log.fails & (length > AT_LIMIT * limit) & (idle > IDLE),
        lambda at: f"{mean(length[at]):.0f} of {limit} steps, and {mean(idle[at]):.0%} of what is paid comes with time",
    )


def standing(log: Log) -> Seen:
    speed = log("average_speed")
    return Seen(log.fails & (speed < SLOW), lambda at: f"{100 * mean(speed[at]):.1f} cm/s on average")


def there_and_back(log: Log) -> Seen:
    speed, ahead = log("average_speed"), log("raw/forward")
    return Seen(
        log.fails & (speed > BUSY) & (np.abs(ahead) < NOWHERE * speed),
        lambda at: f"{100 * mean(speed[at]):.1f} cm/s, of which {100 * mean(ahead[at]):.1f} cm/s remain",
    )


def always_on_its_back(log: Log) -> Seen:
    share = log("on_back")
    where = (share > ON_BACK) & (log.progress > EARLY)
    return Seen(where, lambda at: f"upside down for {mean(share[at]):.0%} of the time")


def proxy_divergence(log: Log) -> Seen:
    """By the return of a rollout, known before any episode has ended. Below that of standing it is the valley."""
    gain = log("ep_return")
    first = beginning(gain, log.span)
    rose = gain - first > ROSE * np.maximum(np.abs(first), np.abs(gain))
    return Seen(
        rose & (log.gain >= log.stands) & (log.success < HARDLY) & (log.progress > SOON),
        lambda at: f"return of a rollout {first:.3g} → {mean(gain[at]):.3g}, success {mean(log.success[at]):.0%}",
    )


def mean(values: Array) -> float:
    """Of those that are numbers."""
    return float(np.nanmean(values))


def beginning(values: Array, span: int) -> float:
    """The mean of the first numbers, `span` of them; nan where there is none."""
    known = values[np.isfinite(values)][:span]
    return float(known.mean()) if len(known) else np.nan


def recent(where: Array, span: int) -> Array:
    """Of each update and those before it, `span` in all, the share where it holds; 0 where there are fewer."""
    count = np.concatenate([[0], np.cumsum(where)])
    shares = (count[span:] - count[:-span]) / span
    return np.concatenate([np.zeros(len(where) - len(shares)), shares])


class Sign(NamedTuple):
    """A row of the table: who sees it, what it usually means, what to try."""

    seen_in: Callable[[Log], Seen]
    meaning: str
    remedy: str


SIGNS = {
    "noise collapsed": Sign(
        noise_collapsed,
        "All robots do nearly the same, so there is nothing to compare.",
        "Start louder (log_std_init near 0) and become quiet late.",
    ),
    "KL too high": Sign(
        kl_too_high,
        "Every update overthrows the policy that collected its data.",
        "Take a third of learning_rate, or give a target_kl.",
    ),
    "value loss explodes": Sign(
        value_loss_explodes,
        "The critic guesses worse than one constant would, so it tells good actions from bad by chance.",
        "Lower learning_rate, vf_coef or max_grad_norm, or all weights of the reward.",
    ),
    "penalty valley": Sign(
        penalty_valley,
        "To try costs more than it earns: to do nothing would be the better policy.",
        "Lower the largest cost until a clumsy attempt is worth more than none.",
    ),
    "one term decides": Sign(
        one_term_decides,
        "What the other terms say is not heard.",
        "Lower its weight, or raise those that pay for what is wanted.",
    ),
    "living off the time limit": Sign(
        living_off_the_time_limit,
        "Being there pays more than getting done.",
        "Let nothing pay by the step, or let success_bonus outweigh an episode of it.",
    ),
    "standing": Sign(
        standing,
        "Moving costs more than it earns, or its first steps earn nothing.",
        "Lower the costs, or pay for the way (forward_weight, climb_weight).",
    ),
    "there and back": Sign(
        there_and_back,
        "The way ahead pays more than the way back costs, so that a loop pays for ever.",
        "Pay the difference of a potential, as climb_weight does: to come back then costs what going earned.",
    ),
    "always on its back": Sign(
        always_on_its_back,
        "Nothing in the reward says which side is up.",
        "Charge for it (tilt_penalty), end the episode by it (max_tilt), or pay less for it (upright_factor).",
    ),
    "proxy divergence": Sign(
        proxy_divergence,
        "What pays is not what is wanted, or there is a way to be paid without it.",
        "Watch an episode: what earns the return? Pay for what leads on from there, or begin with a lower step.",
    ),
}


def symptoms_of(records: Sequence[Record], config: TrainConfig) -> Symptoms:
    """All that a log shows, in the table's order."""
    with np.errstate(all="ignore"):
        log = Log(records, config)
        return Symptoms(s for name, sign in SIGNS.items() if (s := first_seen(name, sign, log)))


def first_seen(name: str, sign: Sign, log: Log) -> Symptom | None:
    """The symptom by the updates in which it was first noticed; None where it never was."""
    where, evidence = sign.seen_in(log)
    noticed = np.flatnonzero(recent(where, log.span) >= MOST)
    if not len(noticed):
        return None
    last, end = noticed[0], len(where) - 1
    at = last - log.span + 1 + np.flatnonzero(where[last - log.span + 1 : last + 1])
    update, step = (int(np.nan_to_num(log(column)[at[0]])) for column in ("update", "global_step"))
    return Symptom(name, update, step, bool(noticed[-1] == end), evidence(at), sign.meaning, sign.remedy)
