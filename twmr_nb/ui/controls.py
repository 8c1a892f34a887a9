"""The controls of a training run, made from the config dataclasses: a page per group, a row per setting."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.config import ConfigError, TrainConfig
from twmr_nb.recipe import command_line, python_code
from twmr_nb.rewards import RewardTerm, refuse_duplicates
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.setting_row import COLUMNS, STYLE, Row, make_row
from twmr_nb.ui.settings import all_settings, weight_setting

TAB_STYLE = Markup("""<style>
.twmr-tabs > .lm-TabBar { --jp-widgets-horizontal-tab-width: 40px; }
.twmr-tabs .lm-TabBar-tab { flex: 1 1 auto !important; min-width: 0 !important; padding: 0 1px !important; }
.twmr-tabs .lm-TabBar-tab { font-size: 12.5px; }
.twmr-tabs .lm-TabBar-tabLabel { text-align: center; overflow: visible; }
.twmr-tabs > .widget-tab-contents { padding: 8px 0 0 8px !important; overflow: hidden !important; }
.twmr-code {
  user-select: all; white-space: pre-wrap; overflow-wrap: anywhere; padding: 6px 8px; border-radius: 4px;
  margin-right: 8px;
  font: 12px/1.45 var(--jp-code-font-family, monospace); background: var(--jp-layout-color2, #f0f2f4);
}
</style>""")
CODE = "code"  # the page that shows the settings as text to copy


class Controls(w.VBox):
    """Every setting of a run. `config` and `extra_terms` are what the controls say now."""

    def __init__(
        self, config: TrainConfig, start: TrainConfig, extra_terms: Iterable[RewardTerm] = (), height: int = 430
    ) -> None:
        self.start, self.terms = start, refuse_duplicates(extra_terms)
        self.on_change: Callable[[], None] = lambda: None
        self.rows = {s.name: make_row(s, s.default, self._changed) for s in all_settings()}
        self.weights = {s.name: make_row(s, s.default, self._changed) for s in map(weight_setting, self.terms)}
        self.code = Html(layout=w.Layout(height=f"{height}px", overflow="auto"))
        self.pages = self._pages(height)
        self.tabs = w.Tab([*self.pages.values(), self.code], layout=w.Layout(width="98%"))
        self.tabs.add_class("twmr-tabs")
        super().__init__([Html(STYLE + TAB_STYLE, layout=w.Layout(display="none")), self.tabs])
        self.show(config, start)

    @property
    def every_row(self) -> list[Row]:
        return [*self.rows.values(), *self.weights.values()]

    @property
    def config(self) -> TrainConfig:
        """Raises ConfigError where two settings contradict each other."""
        return self.start.replace(**{name: row.value for name, row in self.rows.items()})

    @property
    def extra_terms(self) -> tuple[RewardTerm, ...]:
        """The learner's own terms with the weights of their sliders."""
        return tuple(with_weight(term, self.weights[term.name].value) for term in self.terms)

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
            row.disable(disabled)

    def _pages(self, height: int) -> dict[str, w.GridBox]:
        groups: dict[str, list[w.Widget]] = {}
        for row in self.every_row:
            groups.setdefault(row.setting.group, []).extend(row.widgets)
        look = {
            "grid_template_columns": COLUMNS,
            "grid_auto_rows": "27px",
            "grid_gap": "0 6px",
            "align_items": "center",
        }
        pages = {name: w.GridBox(each, layout=w.Layout(**look, height=f"{height}px")) for name, each in groups.items()}
        for page in pages.values():
            page.add_class("twmr-rows")
        return pages

    def _changed(self) -> None:
        """Count the changes on the tabs, write the settings as text, tell the owner."""
        for index, group in enumerate(self.pages):
            count = sum(row.value != row.start for row in self.every_row if row.setting.group == group)
            self.tabs.set_title(index, group.split()[0] + (f" ●{count}" if count else ""))
        self.tabs.set_title(len(self.pages), CODE)
        self.code.value = self._as_text()
        self.on_change()

    def _as_text(self) -> Markup:
        try:
            config = self.config
        except ConfigError as error:
            return Markup("<span class='twmr-error'>{}</span>").format(error)
        blocks = {"In a terminal": command_line(config)} if not self.terms else {}
        blocks["In a notebook cell"] = python_code(config, [term.name for term in self.terms])
        block = Markup("<div class='twmr-part'>{}</div><div class='twmr-code'>{}</div>")
        return Markup("<p>One click selects all; then copy.</p>") + Markup().join(
            block.format(title, text) for title, text in blocks.items()
        )


def flat(config: TrainConfig) -> dict[str, Any]:
    """All settings by their flat names."""
    return config.env.to_dict() | config.ppo.to_dict() | {"seed": config.seed}


def with_weight(term: RewardTerm, weight: float) -> RewardTerm:
    """The term with another signed weight; negative makes it a cost."""
    return dataclasses.replace(term, weight=abs(weight), sign=-1 if weight < 0 else 1)
