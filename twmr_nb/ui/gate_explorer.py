"""The gate explorer: when would each gate have asked for the legs, on the senses of a recorded episode?"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ipywidgets as w
from markupsafe import Markup
from numpy.typing import NDArray

from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.gate_picture import GatePicture, all_gates
from twmr_nb.draw.style import Plot
from twmr_nb.episodes.rescore import rescored
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.task.gate import GATE_OPEN
from twmr_nb.ui.episode_explorer import EpisodeExplorer
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.rollout_picker import RolloutPicker
from twmr_nb.ui.shell import part

DOC = "A gate is one number that says whether the legs should be out. Which one knows, and which one feels?"
FORMULAS = {
    "none": Markup("gate = 0<br>Nobody asks for the legs: the extension term always asks for the retracted pose."),
    "obstacle": Markup(
        "gate = ½ [tanh((x − start) / softness) + 1]<br>&emsp;&emsp;× ½ [tanh((end − x) / softness) + 1]<br>"
        "Start and end lie “before” and “after” the step's edges. It knows where the robot and the step are, which a "
        "real robot does not."
    ),
    "proprio": Markup(
        "gate = ½ [tanh((score − bias) / softness) + 1]<br>score = impact + rotation + stall<br>"
        "impact = | |a| − g | / scale,&ensp; rotation = |ω| / scale,<br>"
        "stall = (mean |torque| / mean |speed|) / scale<br>"
        "It feels a hit, a tilt, or wheels that push without turning: a real robot can do that."
    ),
    "felt": Markup(
        "gate = 1 from the moment that it feels its nose up by more than the tilt, with its legs in,<br>"
        "&emsp;&emsp;until it has been level for half a second, or its nose is down by 0.2 rad; else 0<br>"
        "It adds up its gyro, and remembers: at the step it stays open, however the robot moves, until it is up. On "
        "the way down the nose sinks; for 3 s from then on nothing opens it. A real robot can do that, too."
    ),
}


class GateExplorer(EpisodeExplorer):
    """Shows every gate mode on an episode's signals as the sliders move; `gates` holds their values, name -> [T].

    >>> explorer = tw.GateExplorer(tw.record("zero", tw.EnvConfig(), num_steps=5))
    >>> explorer.gates["proprio"].shape
    (5,)
    """

    curve_unit = "gate"

    def __init__(
        self,
        rollouts: Rollout | Iterable[Rollout] = (),
        config: EnvConfig | None = None,
        *,
        root: str | Path | None = None,
    ) -> None:
        self.formula = Html()
        back = w.Button(description="reset", tooltip="Back to the episode's own settings")
        back.on_click(self.reset)
        picker = RolloutPicker(rollouts, config, root=root)
        below = [part("how it is computed"), self.formula, back]
        super().__init__("Gate explorer", DOC, picker, [part("gate")], below)

    def prepare(self, rollout: Rollout) -> None:
        self.picture = GatePicture(rollout)

    def show_settings(self, config: EnvConfig) -> None:
        super().show_settings(config)
        self.formula.say(FORMULAS[config.gate_mode])

    def score(self, rollout: Rollout) -> None:
        self.gates = all_gates(rollout, self.config)
        self.scored = rescored(rollout, self.config)
        share = 100 * float((self.scored.gate > GATE_OPEN).mean())
        said = Markup("<b>{}</b>: more than half open for {:.0f}% of the time")
        self.summary.value = said.format(self.config.gate_mode, share)

    def draw(self) -> bytes:
        return self.picture.draw(self.gates, self.scored, self.frame)

    @property
    def figure(self) -> Plot:
        return self.picture.live.figure

    def words(self) -> str:
        open_ = ", ".join(f"{mode} {100 * gate.mean():.0f}%" for mode, gate in self.gates.items())
        now = self.scored.gate[self.frame]
        return (
            f"Gates over the episode, how far open on average: {open_}. Chosen: {self.config.gate_mode}, now {now:.2f}."
        )

    def curves(self) -> dict[str, NDArray[Any]]:
        return self.gates
