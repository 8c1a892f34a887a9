"""A table of policies to sort, filter and select from, of plain ipywidgets."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w
import traitlets as t
from markupsafe import Markup

from twmr_nb.recipe import scene_words
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.policy_files import PolicyFile

SortKey = Callable[[PolicyFile], Any]
COLUMNS: dict[str, tuple[str, SortKey]] = {  # title: width, what to sort by
    "policy": ("minmax(0, 1fr)", lambda p: p.name.lower()),
    "scene": ("46px", lambda p: (p.saved.config.env.scene, p.saved.config.env.step_height)),
    "success": ("60px", lambda p: -1.0 if p.success is None else p.success),
    "steps": ("42px", lambda p: p.steps or 0),
    "date": ("54px", lambda p: p.date),
    "size": ("46px", lambda p: p.size),
}
GRID = " ".join(width for width, _ in COLUMNS.values())
MOST = 2  # policies selected at a time: one to watch, two to compare
STYLE = Markup("""<style>
.twmr-table {{ border: 1px solid var(--jp-border-color2, #d5d9de); border-radius: 6px; }}
.twmr-table .twmr-row {{ border-bottom: 1px solid var(--jp-border-color3, #e4e7ea); padding: 1px 4px; }}
.twmr-table .twmr-row:hover {{ background: var(--jp-layout-color2, #eef0f3); }}
.twmr-table .twmr-picked, .twmr-table .twmr-picked:hover {{ background: var(--jp-brand-color3, #cfe5fb); }}
[data-jp-theme-light="false"] .twmr-table .twmr-picked {{ background: #1d3a57; }}
.twmr-cells {{ display: grid; grid-template-columns: {GRID}; column-gap: 6px; align-items: baseline; }}
.twmr-cells {{ font-variant-numeric: tabular-nums; }}
.twmr-cells > * {{ overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
.twmr-cells .twmr-name {{ font-size: 12.5px; }}
.twmr-cells .twmr-n {{ text-align: right; }}
.twmr-cells .twmr-more {{ grid-column: 1 / -1; font-size: 11.5px; color: var(--jp-ui-font-color2, #636c76); }}
.twmr-import.jupyter-button {{ font-size: 0; }}  /* hides the count of files */
.twmr-import i, .twmr-import::after {{ font-size: 12.5px; }}
.twmr-import::after {{ content: 'Import'; }}
.twmr-table .widget-checkbox {{ width: 22px; margin: 0; }}
.twmr-titles {{ display: grid !important; grid-template-columns: {GRID}; column-gap: 6px; padding: 2px 4px 2px 30px; }}
.twmr-titles .jupyter-button {{ width: auto; height: 24px; margin: 0; padding: 0; background: none; text-align: left;
  font-weight: 600; font-size: 12px; }}
.twmr-titles .jupyter-button:not(:first-child) {{ text-align: right; }}
</style>""").format(GRID=GRID)


class PolicyTable(w.VBox):
    """`selected` holds up to two policies, in the order in which they were ticked."""

    selected = t.Tuple()

    def __init__(self, height: str = "430px") -> None:
        self.files: list[PolicyFile] = []
        self.rows: dict[Any, Row] = {}
        self.sort, self.descending = "", False
        self.filter = w.Text(
            placeholder="filter: name, scene, setting …", layout=w.Layout(flex="1 1 auto", width="auto")
        )
        self.count = Html(layout=w.Layout(flex="0 0 auto", margin="0 8px"))
        self.titles = {name: w.Button(description=name, tooltip=f"Sort by {name}") for name in COLUMNS}
        for name, button in self.titles.items():
            button.on_click(lambda _, name=name: self.sort_by(name))
        head = w.Box(list(self.titles.values()))
        head.add_class("twmr-titles")
        self.body = w.VBox(layout=w.Layout(height=height, overflow="hidden auto", display="block"))
        self.body.add_class("twmr-table")
        super().__init__(
            [
                Html(STYLE, layout=w.Layout(display="none")),
                w.HBox([self.filter, self.count], layout=w.Layout(align_items="center")),
                head,
                self.body,
            ]
        )
        self.filter.observe(self._arrange, "value")

    def show(self, files: Sequence[PolicyFile]) -> None:
        """List these; what was selected stays so, if it is still there."""
        kept = [row_key(file) for file in self.selected]
        self.files = list(files)
        self.rows = {row_key(file): self.rows.get(row_key(file)) or Row(file, self._ticked) for file in files}
        by_path = {file.path: file for file in files}
        self.selected = tuple(by_path[path] for path, *_ in kept if path in by_path)
        self._arrange()

    def select(self, *files: PolicyFile) -> None:
        """Select exactly these."""
        self.selected = files[-MOST:]
        self._mark()

    def sort_by(self, name: str) -> None:
        """Sort by a column; once more, the other way round."""
        numeric = name != "policy" and name != "scene"
        self.descending = not self.descending if self.sort == name else numeric
        self.sort = name
        for title, button in self.titles.items():
            button.description = f"{title} {'▾' if self.descending else '▴'}" if title == name else title
        self._arrange()

    def shown(self) -> list[PolicyFile]:
        """The policies that pass the filter, in order."""
        words = self.filter.value.lower().split()
        files = [file for file in self.files if all(word in searchable(file) for word in words)]
        return sorted(files, key=COLUMNS[self.sort][1], reverse=self.descending) if self.sort else files

    def _arrange(self, change: Any = None) -> None:
        shown = self.shown()
        nothing = Html(Markup("<p style='padding: 12px'>No policies here yet: train one, or import a file.</p>"))
        self.body.children = [self.rows[row_key(file)] for file in shown] or [nothing]
        self.count.value = Markup("<span class='twmr-sub'>{} of {}</span>").format(len(shown), len(self.files))
        self._mark()

    def _ticked(self, file: PolicyFile, on: bool) -> None:
        others = tuple(f for f in self.selected if row_key(f) != row_key(file))
        self.selected = (*others, file)[-MOST:] if on else others
        self._mark()

    def _mark(self) -> None:
        picked = {row_key(file) for file in self.selected}
        for key, row in self.rows.items():
            row.mark(key in picked)


class Row(w.HBox):
    """One policy: a tick box, its numbers, and underneath the preset and the settings that differ from it."""

    def __init__(self, file: PolicyFile, ticked: Callable[[PolicyFile, bool], None]) -> None:
        self.tick = w.Checkbox(
            indent=False, tooltip=f"Select {file.name}", layout=w.Layout(width="22px", flex="0 0 22px")
        )
        cells = Html(cells_of(file), layout=w.Layout(flex="1 1 auto", min_width="0", margin="0 0 0 4px"))
        super().__init__([self.tick, cells], layout=w.Layout(align_items="center", flex="0 0 auto"))
        self.add_class("twmr-row")
        self._marking = False
        self.tick.observe(lambda change: None if self._marking else ticked(file, change["new"]), "value")

    def mark(self, on: bool) -> None:
        """Show whether it is selected, without telling anybody."""
        self._marking = True
        self.tick.value = on
        self._marking = False
        (self.add_class if on else self.remove_class)("twmr-picked")


def row_key(file: PolicyFile) -> tuple[Any, ...]:
    return (file.path, file.modified, file.success)


def cells_of(file: PolicyFile) -> Markup:
    """A row's cells as HTML."""
    numbers = [
        scene_words(file.saved.config.env),
        percent(file.success),
        steps_words(file.steps),
        date_words(file),
        f"{file.size / 1000:.0f} kB",
    ]
    title = Markup("<span class='twmr-name' title='{0}'>{0}</span>").format(file.name)
    cells = Markup().join(Markup("<span class='twmr-n'>{}</span>").format(text) for text in numbers)
    more = Markup("<span class='twmr-more' title='{0}'>{0}</span>").format(f"{file.origin}  ·  {file.settings}")
    return Markup("<div class='twmr-cells'>{}{}{}</div>").format(title, cells, more)


def steps_words(steps: float | None) -> str:
    if steps is None:
        return "–"
    return f"{steps / 1e6:.3g} M" if steps >= 1e6 else f"{steps / 1e3:.3g} k" if steps >= 1e3 else f"{steps:.0f}"


def date_words(file: PolicyFile) -> str:
    return f"{file.date:%d %b}"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}%"


def searchable(file: PolicyFile) -> str:
    """All words of a row, in lower case."""
    env = file.saved.config.env
    return " ".join([file.name, file.origin, env.scene, scene_words(env), file.settings]).lower()
