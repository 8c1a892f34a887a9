"""The stage: a robot to drive, push and question, live, in the page. What it shows is what it records."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import inf
from pathlib import Path
from threading import RLock
from typing import Any

import ipywidgets as w
import numpy as np

from twmr_nb.config.fields import Setting, is_number, settings_of
from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.draw.stills import png, side_view_frames
from twmr_nb.draw.style import term_colors
from twmr_nb.episodes.drive import DRIVERS, Drive, is_driver, player_of, title_of
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.markup import one_line, shown
from twmr_nb.memory import give_back
from twmr_nb.policies.hand import Hand
from twmr_nb.policies.saved import BY_NAME, PolicyLike, SavedPolicy
from twmr_nb.runs.run import Run, training_run
from twmr_nb.task.disturbance import Circumstances, Pull
from twmr_nb.task.rewards import REWARD_TERMS, RewardTerm
from twmr_nb.ui.background import in_one_line
from twmr_nb.ui.clock import Clock
from twmr_nb.ui.episode_explorer import GATE, effective, gate_settings, world_setting
from twmr_nb.ui.newest import Newest
from twmr_nb.ui.policy_files import list_policies
from twmr_nb.ui.replay import checked_height
from twmr_nb.ui.saved import STAGE, Keepsake, changed
from twmr_nb.ui.setting_row import Row, weight_setting
from twmr_nb.ui.shell import Shell, Tabs
from twmr_nb.ui.stage_view import StageView

DOC = "Drive it, push it, hand it over: every term as the environment pays it, now."
WORLD = ("sensor_noise", "action_delay")  # of the world's settings, those that act at once
HEIGHTS, HEIGHT_DOC = 0.1, "Height of the step's top, from the next start on."  # m, the highest of the slider
PICTURE = (760, 250)  # px, of the still in a saved notebook
SPARING = {False: 0.1, True: 0.5}  # s between two pictures beside a training, by whether they are dear to the page
TOUCHED = 1.5  # s after the hand or a pull has moved, for which every step is shown all the same
LONG = 0.25  # s of computing, after which the page is shown what there is
NEWEST = "newest"


class Stage(Shell):
    """A live simulation in 3D: you, a policy, a controller or nobody drives, and others may take over in mid-drive.

    It plays once it is asked to, in the page; `step` goes on by hand. `episode` is the recording since the last start,
    an ordinary Rollout, `kept` those that were kept. world: the driver's own, if none is given. Every start is that of
    the seed. by: your name, for recordings. `push`, `hand_over`, `change`, `disturb`, `rewind` and `reset` do what the
    controls do. Raises ConfigError on what is not allowed, PolicyError on a policy that cannot be read.

    >>> stage = tw.Stage("climber", seed=3)
    >>> stage.step(25)
    >>> stage.push(0.5)
    >>> stage.hand_over("you")
    >>> stage.step(5)
    >>> stage.episode.title, len(stage.episode.time)
    ('climber then you', 30)
    """

    def __init__(
        self,
        driver: PolicyLike = "you",
        world: EnvConfig | None = None,
        seed: int = 0,
        extra_terms: Iterable[RewardTerm] = (),
        by: str = "you",
        height: int = 300,
    ) -> None:
        checked_height(height)
        self.hand = Hand(one_line(by))
        self.given: dict[str, PolicyLike] = {}  # who drove and has no name of its own in the list
        self.drive = Drive(driver, world, seed, extra_terms)
        self.kept: list[Rollout] = []
        self._note, self._lock, self._later = "", RLock(), deque[Callable[[], None]]()
        self._touched, self._dear = -inf, True
        self.driver = self._key_of(driver)
        if self.driver == "you":
            self.drive.hand_over(self.hand)
        self.clock = Clock(self._tick, self._stopped, self.drive.dt)
        self.view = StageView(self.drive, self._heard, height)
        self._start_from = self.drive.config
        colors = term_colors(self.view.names)
        self.rows = {
            term.setting: Row(settings_of(EnvConfig)[term.setting], 0.0, self._moved, term.label, colors[term.name])
            for term in REWARD_TERMS
        }
        self.weights = {
            term.name: Row(weight_setting(term), term.weight, self._weighed, term.label, colors[term.name])
            for term in self.drive.extra_terms
        }
        pay = w.VBox([*self.rows.values(), *self.weights.values()])
        self.rows |= {name: Row(world_setting(name), None, self._moved, label) for name, label in GATE.items()}
        self.gate = w.VBox()
        met = {setting.name: Row(setting, setting.default, self._moved) for setting in met_settings()}
        self.circumstances = {name: met[name] for name in settings_of(Circumstances)}
        self.rows |= {name: row for name, row in met.items() if name not in self.circumstances}
        tabs = Tabs({"reward": pay, "gate": self.gate, "world": w.VBox(list(met.values()))})
        super().__init__("Stage", DOC, [tabs], [self.view])
        self._look()
        self._show_rows()
        self._tell()

    def _key_of(self, driver: PolicyLike) -> str:
        """By what it is known in the list of drivers, to which it is added."""
        if is_driver(driver) or (isinstance(driver, str) and driver in BY_NAME):
            return str(driver)
        name = one_line(str(driver) if isinstance(driver, str | Path) else title_of(driver), 40)
        self.given[name] = driver
        return name

    # What a cell may do, too

    @property
    def episode(self) -> Rollout:
        """The recording since the last start, under the settings of now; ConfigError before the first step."""
        with self._lock:
            return self.drive.episode

    def play(self) -> None:
        """Go on in real time, on a thread, as long as a page looks; another stage that plays stops."""
        self._note = ""
        self.clock.start()
        self._tell()

    def pause(self) -> None:
        """Stop after the control step under way."""
        self.clock.stop()
        self.clock.join()

    def step(self, steps: int = 1) -> None:
        """Go on by so many control steps, at once, or to the end of the episode."""
        if not (is_number(steps, int) and steps >= 0):
            raise ConfigError(f"steps = {shown(steps)} is not allowed: give a whole number, 0 or more.")
        self.pause()
        with self._lock:  # clicks wait
            for _ in range(int(steps)):
                if not self.drive.step():
                    self._note = self._ended()
                    break
            self._tell()

    def hand_over(self, driver: PolicyLike) -> None:
        """Let another drive from here: by name, "you" and "nobody" among them, or what else can act."""
        player_of(driver)  # or say at once that it cannot play
        key = self._key_of(driver)
        self._look()
        self._do(lambda: self._drive_by(key, driver), rows=True)

    def push(self, impulse: float, direction: Iterable[float] = (0, 1, 0)) -> None:
        """Push the chassis in the next control step, N s along x, y and z of the world; y is to the robot's left."""
        self._do(lambda: self.drive.push(impulse, direction))

    def change(self, **settings: Any) -> None:
        """Other settings of the world: reward, gate, senses and delay act at once, all others from the next start."""
        self._do(lambda: self.drive.change(**settings), rows=True)

    def disturb(self, **circumstances: float) -> None:
        """Other friction, payload (kg), strength of the motors (share) or slope (degrees), at once."""
        self._do(lambda: self.drive.disturb(**circumstances), rows=True)

    def rewind(self, seconds: float = 5.0) -> None:
        """Back by so many seconds, and try again."""
        self._do(lambda: self.drive.rewind(seconds))

    def reset(self) -> None:
        """Start anew."""
        self._do(self._restart, rows=True)

    def keep(self) -> None:
        """Put the episode so far among those `kept`."""
        self._do(lambda: self.kept.append(self.drive.episode))

    # How it runs

    def _do(self, deed: Callable[[], Any], rows: bool = False) -> None:
        """At once, or between two steps where it plays: one may take long, and the kernel is to stay free.

        rows: whether they are to say how things are then; one that is dragged is left alone.
        """

        def do() -> None:
            deed()
            if rows:
                self._show_rows()
                give_back()  # worlds that nobody drives in any more

        if self.clock.runs:
            self._later.append(do)
            return
        self._note = ""
        with self._lock:
            do()
        self._tell()

    def _tick(self) -> int:
        """Control steps on the clock's thread, after what was asked for since the last ones: how many, 0 at the end."""
        done, late, burst = 0, time.monotonic() + LONG, self._burst()
        try:
            with self._lock:
                asked = self._catch_up()
                while done < burst and self.drive.step():
                    done += 1
                    if time.monotonic() > late:
                        break
                self.view.show(self.drive, self.clock.speed, self.clock.pace, burst > 1)
            if asked:
                self._tell(show=False)
        except Exception as error:  # a thread has nobody above it to tell: the widget says what went wrong
            self._note, done = in_one_line(error), 0
        if self.drive.over:
            self._note = self._ended()
            return 0
        return done

    def _burst(self) -> int:
        """How many control steps to go on by at once: one, but beside a training many, unless somebody drives or pulls.

        A picture, and a thread that wakes, cost more than the step between them, and the training wants the cores.
        """
        if time.monotonic() - self._touched < TOUCHED or not training_run():
            return 1
        return max(1, round(SPARING[self._dear] * self.clock.pace / self.drive.dt))

    def _catch_up(self) -> bool:
        """Do what was asked for; whether anything was."""
        asked = bool(self._later)
        if asked:
            self._note = ""
        while self._later:
            try:
                self._later.popleft()()
            except Exception as error:  # one mistake does not end the drive
                self._note = in_one_line(error)
        return asked

    def _stopped(self, why: str) -> None:
        with self._lock:
            self._catch_up()
        give_back()  # what its thread used
        self._note = self._note or why
        self._tell()
        changed(self)

    def _ended(self) -> str:
        return f"The episode is over: {self.drive.over}. Start anew, or go back by five seconds."

    def _restart(self) -> None:
        self.drive.reset()
        self.view.load(self.drive)

    def _drive_by(self, key: str, driver: PolicyLike | Run) -> None:
        player = self.hand if key == "you" else Newest(driver) if isinstance(driver, Run) else driver
        self.drive.hand_over(player)
        self.driver = key

    # What is shown

    def _look(self) -> None:
        """Who may drive: the hand, controllers, what was given, the newest of the run that trains, saved policies."""
        self.players: dict[str, PolicyLike | Run] = {name: name for name in (*DRIVERS, *BY_NAME)}
        labels = {"you": self.hand.title, "nobody": "nobody", "planner": "planner (sees all)"}
        labels |= {name: f"{name} actions" for name in BY_NAME}
        self.players |= self.given
        labels |= {name: name for name in self.given}
        if run := training_run():
            self.players[NEWEST] = run
            labels[NEWEST] = f"newest of {run.name}"
        for file in list_policies()[0]:
            self.players[str(file.path)] = file.saved
            labels[str(file.path)] = f"{file.title} ({file.origin})"
        self.view.drivers = [[key, labels[key]] for key in self.players]

    def _tell(self, show: bool = True) -> None:
        """Let the picture say how things are."""
        drive = self.drive
        with self._lock:
            since = drive.spells[-1][0] * drive.dt
            self.view.status = {
                "playing": self.clock.runs,
                "driver": self.driver,
                "title": drive.spells[-1][1],
                "memory": f"since {since:.2f} s, with a fresh memory" if since else "",
                "levers": drive.driver is self.hand,
                "kept": len(self.kept),
                "note": self._note,
            }
            wanted = tuple(self.rows[name] for name in gate_settings(drive.config))
            if self.gate.children != wanted:
                self.gate.children = wanted
            if show:
                self.view.show(drive, self.clock.pace, self.clock.pace)

    def _show_rows(self) -> None:
        for name, row in self.rows.items():
            of = self.drive.world if name == "step_height" else self.drive.config
            row.set(effective(of, name), effective(self._start_from, name))
        for name, row in self.circumstances.items():
            row.set(getattr(self.drive.circumstances, name), row.setting.default)

    def keepsake(self) -> Keepsake:
        rollout = self.episode if self.drive.past else record("zero", self.drive.config, self.drive.seed, num_steps=1)
        (picture,) = side_view_frames(rollout, [len(rollout.time) - 1], PICTURE, overlay=False)
        paid = f"{rollout.title}, {rollout.time[-1]:.2f} s, reward {rollout.reward.sum():+.2f}"
        words = paid if self.drive.past else "nothing driven yet"
        return Keepsake(words, png(picture), told={STAGE: self._begun()})

    def _begun(self) -> dict[str, Any]:
        """Where a page without a kernel begins: a world, and who drives in it, "" where only this kernel knows that."""
        drive = self.drive
        saved = getattr(drive.driver, "saved", None)
        name = self.driver if is_driver(self.driver) else saved.name if isinstance(saved, SavedPolicy) else ""
        return {"driver": name, "world": (drive.config if saved else drive.world).to_dict()}

    # What a person does

    def _moved(self, row: Row) -> None:
        if row.problem:
            return
        name = row.setting.name
        said = {name: row.value} | ({"extend_angle": None} if name == "extend_mode" else {})
        act = self.drive.disturb if name in self.circumstances else self.drive.change
        self._attempt(self._do, lambda: act(**said))

    def _weighed(self, row: Row) -> None:
        terms = [replace(term, weight=self.weights[term.name].last) for term in self.drive.extra_terms]
        self._do(lambda: self.drive.weigh(terms))

    def _attempt(self, deed: Callable[..., None], *given: Any) -> None:
        try:
            deed(*given)
        except Exception as error:
            self._note = in_one_line(error)
            self._tell()

    def _heard(self, message: dict[str, Any]) -> None:
        """A message of the page; what it says may be anything, as anybody may have sent it."""
        self.clock.heard()
        for kind, said in message.items():
            self._attempt(self._obey, kind, said, message)

    def _obey(self, kind: str, said: Any, message: dict[str, Any]) -> None:
        deeds: dict[str, Callable[[], None]] = {
            "play": self._toggle, "step": self.step, "rewind": self.rewind, "reset": self.reset, "keep": self.keep,
            "look": self._look, "show": self._tell,
        }  # fmt: skip
        if kind == "do" and said in deeds:
            deeds[said]()
        elif kind == "gone":
            self.clock.stop()
        elif kind == "dear":
            self._dear = bool(said)
        elif kind == "levers":
            self._touch()
            self._pull_levers(said)
        elif kind == "legs":
            self._set_legs(said, message["out"])
        elif kind == "driver" and said in self.players:
            self._do(lambda: self._drive_by(said, self.players[said]), rows=True)
        elif kind == "pace":
            self.clock.pace = between(0.1, said, 1.0)
        elif kind == "push":
            self.push(said, message["way"])
        elif kind == "pull":
            self._touch()
            self.drive.pull = pull_of(said, self.drive.env.sim.model.nbody)
            if not (self.drive.pull or self.clock.runs):  # no step will come that shows it let go
                self._tell()

    def _touch(self) -> None:
        """Whoever drives or pulls is to feel it at once."""
        if time.monotonic() - self._touched > TOUCHED:
            self.clock.wake()
        self._touched = time.monotonic()

    def _toggle(self) -> None:
        if self.clock.runs:
            self.clock.stop()
        elif not self.drive.over:
            self.play()

    def _pull_levers(self, said: dict[str, float]) -> None:
        """The first touch of a lever starts the clock."""
        ahead, turn, *legs = (between(-1.0, said[name], 1.0) for name in ("ahead", "turn", "front", "rear"))
        self.hand.ahead, self.hand.turn, self.hand.legs = ahead, turn, np.array(legs)
        if self.driver == "you" and not self.clock.runs and any((ahead, turn, *legs)) and not self.drive.over:
            self.play()

    def _set_legs(self, which: str, out: float) -> None:
        fold = self.hand.fold.copy()
        fold[["front", "rear"].index(which)] = 1 - between(0.0, out, 1.0)
        self.hand.fold = fold


def met_settings() -> list[Setting]:
    """What the robot meets, as its sliders have it: the step's height, circumstances, noise and delay."""
    height = replace(world_setting("step_height"), high=HEIGHTS, doc=HEIGHT_DOC)
    return [height, *settings_of(Circumstances).values(), *map(world_setting, WORLD)]


def between(low: float, value: Any, high: float) -> float:
    """The number that a page says, within bounds."""
    return min(max(float(value), low), high)


def pull_of(said: Any, bodies: int) -> Pull | None:
    """The pull that a page asks for, None where it makes no sense."""
    if not isinstance(said, dict):
        return None
    body, at, to = (said.get(name) for name in ("body", "at", "to"))
    points = [list(each) if isinstance(each, list) else [] for each in (at, to)]
    if not all(len(each) == 3 and all(is_number(v, float) and abs(v) < 100 for v in each) for each in points):
        return None
    (x, y, z), (u, v, w) = points
    return Pull(int(body), (x, y, z), (u, v, w)) if is_number(body, int) and 0 < body < bodies else None  # type: ignore
