"""The controls of a training run, made from the config dataclasses: a page per group, a row per setting."""

import dataclasses
from collections.abc import Callable, Iterable

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.config.as_text import command_line, flat, python_code
from twmr_nb.config.schema import ConfigError, TrainConfig, all_settings
from twmr_nb.task.rewards import RewardTerm, checked_terms
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.setting_row import Row, weight_setting
from twmr_nb.ui.shell import Tabs

CODE = "code"  # the page that shows the settings as text to copy


class Controls(w.VBox):
    """Every setting of a run. `config` and `extra_terms` are what the controls say now."""

    def __init__(self, config: TrainConfig, start: TrainConfig, extra_terms: Iterable[RewardTerm] = ()) -> None:
        self.start, self.terms = start, checked_terms(extra_terms)
        self.on_change: Callable[[], None] = lambda: None
        self.rows = {
            name: Row(setting, setting.default, self._changed, slider=name != "seed")
            for name, setting in all_settings().items()
        }
        self.weights = {term.name: Row(weight_setting(term), term.weight, self._changed) for term in self.terms}
        self.code = Html()
        self.pages = self._pages()
        self.tabs = Tabs(self.pages | {CODE: w.VBox([self.code])})
        super().__init__([self.tabs])
        self.show(config, start)

    @property
    def every_row(self) -> list[Row]:
        return [*self.rows.values(), *self.weights.values()]

    @property
    def config(self) -> TrainConfig:
        """Raises ConfigError where a box holds no value that is allowed, or two settings contradict each other."""
        return self.start.replace(**{name: row.value for name, row in self.rows.items()})

    @property
    def extra_terms(self) -> tuple[RewardTerm, ...]:
        """The learner's own terms with the weights of their sliders."""
        return tuple(dataclasses.replace(term, weight=self.weights[term.name].value) for term in self.terms)

    def show(self, config: TrainConfig, start: TrainConfig) -> None:
        """Show these settings; those that differ from `start` count as changed."""
        self.start = start
        values, starts = (flat(c) for c in (config, self.start))
        for name, row in self.rows.items():
            row.set(values[name], starts[name])
        self._changed()

    def disable(self, disabled: bool) -> None:
        """Only to be looked at, or to be changed again."""
        for row in self.every_row:
            row.disabled = disabled

    def _pages(self) -> dict[str, w.VBox]:
        groups: dict[str, list[w.Widget]] = {}
        for row in self.every_row:
            groups.setdefault(row.setting.group, []).append(row)
        return {name: w.VBox(rows) for name, rows in groups.items()}

    def _changed(self, row: Row | None = None) -> None:
        """Count the changes on the tabs, write the settings as text, tell the owner."""
        for index, group in enumerate(self.pages):
            rows = [row for row in self.every_row if row.setting.group == group]
            count, wrong = sum(row.differs for row in rows), any(row.problem for row in rows)
            mark = (f" ●{count}" if count else "") + (" ⚠" if wrong else "")
            self.tabs.set_title(index, group.split()[0] + mark)
        self.code.value = self._as_text()
        self.on_change()

    def _as_text(self) -> Markup:
        try:
            config = self.config
        except ConfigError as error:
            return Markup("<span class='twmr-error'>{}</span>").format(error)
        blocks = {"In a terminal": command_line(config)} if not self.terms else {}
        blocks["In a notebook cell"] = python_code(config, [term.name for term in self.terms])
        block = Markup("<div class='twmr-part'>{}</div><div class='twmr-code' tabindex='0'>{}</div>")
        return Markup("<p>One click selects all; then copy.</p>") + Markup().join(
            block.format(title, text) for title, text in blocks.items()
        )
