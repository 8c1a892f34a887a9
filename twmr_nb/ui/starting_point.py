"""Where settings come from: a preset, or any saved policy."""

from collections.abc import Callable
from pathlib import Path

import ipywidgets as w

from twmr_nb.config import presets
from twmr_nb.config.presets import PRESETS
from twmr_nb.config.schema import TrainConfig
from twmr_nb.episodes.worlds import config_of
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.policy_files import list_policies


class StartingPoint(w.VBox):
    """A drop-down of presets and policies; `on_choose(config)` is told what was chosen."""

    def __init__(self, first: str, root: str | Path) -> None:
        self.root, self.first = root, first
        self.on_choose: Callable[[TrainConfig], None] = lambda config: None
        self.choice = w.Dropdown(description="start from", style={"description_width": "68px"})
        self.choice.layout, self.choice.tooltip = w.Layout(width="100%"), "A preset, or the settings of a saved policy"
        self.about = Html()
        super().__init__([self.choice, self.about])
        self.refresh()
        self.choice.observe(self._chosen, "value")

    @property
    def config(self) -> TrainConfig:
        return self.choices[self.choice.value]

    def refresh(self) -> None:
        """List what there is now; keeps the choice."""
        kept = self.choice.value or self.first
        self.choices = {name: presets.preset(name) for name in PRESETS}
        if self.first not in PRESETS:
            self.choices[self.first] = config_of(self.first)
        files, _unreadable = list_policies(self.root)
        for file in files:  # a file that bears the name of another does not take its place
            self.choices.setdefault(file.origin if file.run else f"policy {file.name}", file.saved.config)
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
        doc = PRESETS[name].doc if name in PRESETS else f"The settings of a saved policy; preset {self.config.preset}."
        self.about.say(doc.split(". ")[0].rstrip(".") + ".")
        self.about.tooltip = doc


def base_of(config: TrainConfig) -> TrainConfig:
    """What a configuration counts as changed from: its preset, or itself."""
    return presets.preset(config.preset) if config.preset in PRESETS else config
