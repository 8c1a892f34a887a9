"""Where a training starts from: the settings of a preset or of any saved policy, and that policy's network."""

from collections.abc import Callable
from pathlib import Path

import ipywidgets as w

from twmr_nb.config import presets
from twmr_nb.config.presets import PRESETS
from twmr_nb.config.schema import TrainConfig
from twmr_nb.episodes.worlds import config_of
from twmr_nb.policies.saved import SavedPolicy, load_policy
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.policy_files import list_policies

TRAIN_ON = "Begin with what this policy can do, in place of a random network; noise and optimiser begin anew"


class StartingPoint(w.VBox):
    """A drop-down of presets and policies; `on_choose(config)` is told what was chosen.

    `network` is the policy whose network is to be trained on, None for a random one.
    """

    def __init__(self, first: str, root: str | Path) -> None:
        self.root, self.first = root, first
        self.on_choose: Callable[[TrainConfig], None] = lambda config: None
        self.choice = w.Dropdown(description="start from", style={"description_width": "68px"})
        self.choice.layout = w.Layout(flex="1 1 auto", min_width="0")
        self.choice.tooltip = "A preset, or the settings of a saved policy"
        self.train_on = w.Checkbox(description="train its network on", indent=False)
        self.train_on.layout, self.train_on.tooltip = w.Layout(width="auto", flex="0 0 auto"), TRAIN_ON
        self.about = Html()
        super().__init__([w.HBox([self.choice, self.train_on], layout=w.Layout(width="100%")), self.about])
        self.refresh()
        self.choice.observe(self._chosen, "value")

    @property
    def config(self) -> TrainConfig:
        return self.choices[self.choice.value]

    @property
    def network(self) -> SavedPolicy | None:
        return self.policies.get(self.choice.value) if self.train_on.value else None

    def refresh(self) -> None:
        """List what there is now; keeps the choice."""
        choices, policies = {name: presets.preset(name) for name in PRESETS}, dict[str, SavedPolicy]()
        if self.first not in PRESETS:
            choices[self.first] = config_of(self.first)
            policies[self.first] = load_policy(self.first)
        files, _unreadable = list_policies(self.root)
        for file in files:  # a file that bears the name of another does not take its place
            name = file.origin if file.run else f"policy {file.name}"
            choices.setdefault(name, file.saved.config)
            policies.setdefault(name, file.saved)
        # Listing takes a moment, in which what was known stands, and another may be chosen.
        self.choices, self.policies = choices, policies
        kept = self.choice.value or self.first
        self._listing = True
        self.choice.options = list(self.choices)
        self.choice.value = kept if kept in self.choices else self.first
        self._listing = False
        self._describe()

    def _chosen(self, _: dict[str, str]) -> None:
        if not self._listing:
            self._describe()
            self.on_choose(self.config)

    def _describe(self) -> None:
        name = self.choice.value
        self.train_on.layout.display = "" if name in self.policies else "none"
        doc = PRESETS[name].doc if name in PRESETS else f"The settings of a saved policy; preset {self.config.preset}."
        self.about.say(doc.split(". ")[0].rstrip(".") + ".")
        self.about.tooltip = doc


def base_of(config: TrainConfig) -> TrainConfig:
    """What a configuration counts as changed from: its preset, or itself."""
    return presets.preset(config.preset) if config.preset in PRESETS else config
