"""An episode under way that can be driven, disturbed, paid otherwise and taken back, step by step.

Nothing in it knows the time of day: the same calls give the same episode, bit for bit. What it shows of a step is what
the environment scored, so that an episode from here is an ordinary recording.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from twmr_nb.config.fields import is_number, settings_of
from twmr_nb.config.schema import ConfigError, EnvConfig, checked_seed, checked_world
from twmr_nb.episodes.rescore import rescored
from twmr_nb.episodes.rollout import MOST_SEED, Rollout, stacked
from twmr_nb.episodes.worlds import TAUGHT, own_world
from twmr_nb.markup import one_line, shown
from twmr_nb.policies.hand import Hand, Nobody
from twmr_nb.policies.planner import Planner
from twmr_nb.policies.protocol import Policy, begin
from twmr_nb.policies.saved import PolicyLike, playable
from twmr_nb.task.disturbance import Circumstances, Pull, wrench
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.rewards import RewardTerm, Scores, checked_terms, refuse_mixing, success_x
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

LONGEST = 15_000  # control steps of an episode, five minutes
KEEP_EVERY = 25  # control steps between two moments that can be gone back to
AT_ONCE = ("reward", "senses and gate")  # groups of settings that act in mid-episode; the others from the next start
DRIVERS: dict[str, Callable[[], Policy]] = {"you": Hand, "nobody": Nobody, "planner": Planner}
STRONGEST_PUSH = 5.0  # N s


class Drive:
    """One robot's episode. `step` goes on by one control step; `episode` is the recording so far.

    `driver` acts; `paid` is what each reward term has paid so far, `now` and `raw` what it pays in the last step;
    `over` says why the episode has ended, if it has.
    """

    def __init__(
        self,
        driver: PolicyLike = "you",
        world: EnvConfig | None = None,
        seed: int = 0,
        extra_terms: Iterable[RewardTerm] = (),
    ) -> None:
        self.driver = player_of(driver)
        own = own_world("zero" if is_driver(driver) else driver) if world is None else checked_world(world)
        self.world = own.replace(max_steps=LONGEST, end_on_success=False)
        self.seed, self.extra_terms = checked_seed(seed, MOST_SEED), checked_terms(extra_terms)
        self.circumstances = Circumstances()
        self.pull: Pull | None = None
        self.reset()

    # One step, and back

    def reset(self) -> None:
        """Start anew, always from the same seed, with the driver there is."""
        self.config = self.world.replace(**modes_of(self.driver))
        self._envs: dict[bool, TwmrEnv] = {}  # by whether the legs are servos: two models, one robot
        self.env = self._env()
        self.obs, _ = self.env.reset(seed=self.seed)
        self._begin()
        self._drawn = self.env.sim.factors.copy()
        self._meet()

    def _begin(self) -> None:
        """Of the episode, nothing has been driven."""
        self.past: list[tuple[Transition, Scores]] = []
        self._moments: list[dict[str, Array]] = []
        self._repaid, self.ended = False, (False, False)
        self.raw: dict[str, float] = {}
        self.now, self.paid = self.raw, self.raw
        self.pulled, self._push = np.zeros((2, 3)), np.zeros(3)  # where the pull acts, m, and how, N; the push, N
        self.spells: list[tuple[int, str]] = []
        self._take_over()

    def step(self) -> bool:
        """One control step; False, and nothing, where the episode is over."""
        if self.over:
            return False
        if len(self.past) % KEEP_EVERY == 0:
            self._moments.append(self.env.get_state())
        action = np.array(self.driver.act(self.obs), np.float32)
        self.env.sim.set_forces(self._forces())
        self.obs, _, terminated, truncated, info = self.env.step(action)
        self.env.sim.set_forces(np.zeros(1))
        self.past.append((self.env.transition, info["reward_terms"]))
        self.ended = bool(terminated[0]), bool(truncated[0])
        self.raw, self.now = ({k: float(v[0]) for k, v in info[f"reward_terms{s}"].items()} for s in ("_raw", ""))
        self.paid = {name: self.paid.get(name, 0.0) + value for name, value in self.now.items()}
        return True

    def rewind(self, seconds: float = 5.0) -> None:
        """Go back by about so much, half a second more at most, and let the driver begin afresh there."""
        if not (is_number(seconds, float) and 0 <= seconds < np.inf):
            raise ConfigError(f"going back by {shown(seconds)} is not allowed: give seconds, 0 or more.")
        moment = (len(self.past) - round(seconds / self.dt)) // KEEP_EVERY
        moment = max(0, min(moment, len(self._moments) - 1))  # that of now is kept as the next step begins
        if not moment:
            self.reset()
            return
        state = self._moments[moment]
        del self.past[moment * KEEP_EVERY :], self._moments[moment:]
        self.spells = [spell for spell in self.spells if spell[0] < len(self.past)]
        self.ended, self._push = (False, False), np.zeros(3)
        self._go_on(self.config, state)
        self._take_over()

    # Who drives

    def hand_over(self, driver: PolicyLike) -> None:
        """Let another drive from here, with the senses and motors it was taught; it remembers nothing of what was.

        driver: "you", "nobody", "planner", "zero", "random", a saved policy, its name or file, or what can act.
        """
        self.driver = player_of(driver)
        if not self.past:
            self.reset()
            return
        own = {name: getattr(self.world, name) for name in BROUGHT}
        self._go_on(self.config.replace(**own | modes_of(self.driver)))
        self._take_over()

    def _take_over(self) -> None:
        begin(self.driver, self.env)
        spell = len(self.past), title_of(self.driver)
        if not self.spells or self.spells[-1][1] != spell[1]:
            self.spells.append(spell)

    # What it is paid, and what it meets

    def change(self, **settings: Any) -> None:
        """Other settings of the world: of reward, gate, senses and delay at once, all others from the next start.

        The whole episode counts as if they had held from its start, as in the reward explorer.
        """
        if "step_height" in settings:  # one of your own
            settings = {"scene": "step", "step_height_max": None} | settings
        self.world = self.world.replace(**settings)
        known = settings_of(EnvConfig)
        at_once = {k: v for k, v in settings.items() if known[k].group in AT_ONCE or k == "action_delay"}
        if not self.past:
            self.reset()
        elif at_once:
            self._go_on(self.config.replace(**at_once | modes_of(self.driver)))

    def weigh(self, terms: Iterable[RewardTerm]) -> None:
        """Use these own reward terms from here on, and for all that was driven."""
        self.extra_terms = checked_terms(terms)
        for env in self._envs.values():
            env.extra_terms = self.extra_terms
        self._pay_again()

    def disturb(self, **circumstances: float) -> None:
        """Change friction, payload, strength of the motors or slope, at once."""
        self.circumstances = self.circumstances.replace(**circumstances)
        self._meet()

    def push(self, impulse: float, direction: Iterable[float] = (0, 1, 0)) -> None:
        """Push the chassis in the next control step: N s, along x, y and z of the world."""
        try:
            way = np.asarray([*direction], float)
        except (TypeError, ValueError):
            way = np.zeros(3)
        strong = is_number(impulse, float) and abs(impulse) <= STRONGEST_PUSH
        if not (strong and way.shape == (3,) and way.any() and np.isfinite(way).all()):
            raise ConfigError(
                f"a push of {shown(impulse)} along {shown(direction)} is not allowed: "
                f"give up to {STRONGEST_PUSH:g} N s and a direction of three numbers."
            )
        self._push = self._push + impulse / self.dt * way / np.linalg.norm(way)

    def _meet(self) -> None:
        self.circumstances.apply(self.env.sim, self._drawn)

    def _forces(self) -> Array:
        """Forces from outside on every body, [1, nbody, 6]; what was pushed is pushed once."""
        model, forces = self.env.sim.model, np.zeros((1, self.env.sim.model.nbody, 6))
        forces[0, model.body("chassis").id, :3], self._push = self._push, np.zeros(3)
        self.pulled = np.zeros((2, 3))
        if pull := self.pull:  # which another thread may let go meanwhile
            data = mujoco.MjData(model)
            data.qpos, data.qvel = self.env.sim.qpos[0], self.env.sim.qvel[0]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_comVel(model, data)
            point, force = pull.force(model, data)
            self.pulled = np.stack([point, force])
            forces[0, pull.body] += wrench(data, pull.body, point, force)
        return forces

    def _env(self) -> TwmrEnv:
        """The environment of this episode that has the motors of `config`."""
        servos = self.config.action_mode != "torque"
        if servos not in self._envs:
            self._envs[servos] = TwmrEnv(self.config, 1, self.extra_terms, num_threads=1, autoreset=False)
        return self._envs[servos]

    def _go_on(self, config: EnvConfig, state: dict[str, Array] | None = None) -> None:
        """Under other settings from here, or from an earlier moment."""
        state = self.env.get_state() if state is None else state
        self.config = config
        self.env = self._env()
        self.env.set_state(state)
        self.obs = self.env.go_on(config, [t for t, _ in self.past])
        self._meet()
        self._pay_again()

    def _pay_again(self) -> None:
        """All that was driven, as the settings of now pay it."""
        if not self.past:
            return
        self._repaid = True
        scored = rescored(self._recorded(), self.config, self.extra_terms)
        self.raw, self.now = ({k: float(v[-1]) for k, v in each.items()} for each in (scored.raw, scored.weighted))
        self.paid = {name: sum(values.tolist()) for name, values in scored.weighted.items()}

    # What it has become

    @property
    def over(self) -> str:
        """Why the episode has ended, in a word or two; "" while it goes on."""
        return "fell" if self.ended[0] else "time is up" if self.ended[1] else ""

    @property
    def dt(self) -> float:
        """Length of a control step, s."""
        return self.env.sim.ctrl_dt

    @property
    def title(self) -> str:
        """Who drove, in order."""
        return one_line(" then ".join(name for _, name in self.spells))

    @property
    def episode(self) -> Rollout:
        """The recording since the last start, under the settings of now; ConfigError before the first step."""
        if not self.past:
            raise ConfigError("nothing has been driven yet: play, or call step(), first.")
        return repaid(self._recorded(), self.extra_terms) if self._repaid else self._recorded()

    def _recorded(self) -> Rollout:
        transition, terms = stacked(self.past, 0, len(self.past))
        return Rollout(self.config, transition, terms, float(self.env.sim.heights[0]), *self.ended, self.title)


BROUGHT = (*TAUGHT, "gate_mode")  # settings that a driver may bring with it


def modes_of(driver: Policy) -> dict[str, Any]:
    """The senses and motors that a driver was taught, and the gate where it acts by it."""
    if (saved := getattr(driver, "saved", None)) is None:
        return getattr(driver, "modes", {})
    taught = saved.config.env
    by_gate = taught.action_mode == "reflex" or taught.obs_mode == "proprio_phase"
    return {name: getattr(taught, name) for name in (BROUGHT if by_gate else TAUGHT)}


def title_of(driver: Any) -> str:
    """What a driver is called."""
    return str(getattr(driver, "title", "") or getattr(driver, "name", "") or type(driver).__name__)


def is_driver(name: Any) -> bool:
    return isinstance(name, str) and name in DRIVERS


def player_of(driver: PolicyLike) -> Policy:
    """Who drives, by name or itself; raises ConfigError or PolicyError where there is nobody."""
    return DRIVERS[str(driver)]() if is_driver(driver) else playable(driver)


def repaid(rollout: Rollout, terms: tuple[RewardTerm, ...]) -> Rollout:
    """An episode as if its settings had held from its start."""
    refuse_mixing(terms, rollout.transition)
    scored, limit = rescored(rollout, rollout.config, terms), success_x(rollout.config)
    passed = np.logical_or.accumulate(rollout.x >= limit)
    transition = replace(
        rollout.transition,
        gate=scored.gate,
        passed_before=np.concatenate([[False], passed[:-1]]),
        success_x=limit,
        retract=scored.retract,
        extend=scored.extend,
    )
    return replace(rollout, transition=transition, reward_terms=scored.weighted)
