"""The policy browser: every policy there is, shipped and your own, to watch, compare, judge and tidy up."""

import html
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w

from twmr_nb.runs import RUNS
from twmr_nb.ui.policy_files import PolicyFile, list_policies
from twmr_nb.ui.policy_stage import PolicyStage
from twmr_nb.ui.policy_table import PolicyTable
from twmr_nb.ui.policy_tools import PolicyTools
from twmr_nb.ui.saved import Keepsake, changed
from twmr_nb.ui.shell import Shell

TABLE = 530  # px
DOC = "Tick one to watch it, two to compare them. Numbers are from training until you evaluate."


class PolicyBrowser(Shell):
    """A table of the policies below `root` and of those that come with the package; what to do with them beside it."""

    def __init__(self, root: str | Path = RUNS) -> None:
        self.root = Path(root)
        self.evaluations: dict[tuple[Path, float], dict[str, Any]] = {}
        self.table = PolicyTable()
        self.tools = PolicyTools(self.root, self._changed)
        self.stage = PolicyStage(self._evaluated)
        again = w.Button(
            icon="refresh", tooltip="Look for new policies", layout=w.Layout(flex="0 0 34px", width="34px")
        )
        again.on_click(self.refresh)
        self.problems = w.HTML()
        search = self.table.children[1]
        search.children = [*search.children, again]
        super().__init__("Policy browser", DOC, [self.table, self.tools, self.problems], [self.stage], left=TABLE)
        self.table.observe(self._selected, "selected")
        self.stage.content.observe(lambda _: changed(self), "children")
        self.refresh()

    def keepsake(self) -> Keepsake:
        """What was played last; before that, which policies there are."""
        names = ", ".join(file.name for file in self.policies)
        return self.stage.keepsake() or Keepsake(names, below=f"<p>{html.escape(names)}</p>")

    @property
    def policies(self) -> list[PolicyFile]:
        """All that are listed, filtered or not."""
        return self.table.files

    def refresh(self, *_: Any) -> None:
        """Look for files again."""
        files, problems = list_policies(self.root)
        self.table.show([self._with_evaluation(file) for file in files])
        self.problems.value = "<br>".join(f"<span class='twmr-error'>{html.escape(p)}</span>" for p in problems)

    def _with_evaluation(self, file: PolicyFile) -> PolicyFile:
        result = self.evaluations.get((file.path, file.modified))
        if result is None:
            return file
        return replace(file, saved=replace(file.saved, results=file.saved.results | {"evaluation": result}))

    def _selected(self, change: dict[str, Any]) -> None:
        self.tools.show(change["new"])
        self.stage.show(change["new"])

    def _changed(self, path: Path | None) -> None:
        """A file came, went or was renamed: list again, and select it."""
        self.refresh()
        self.table.select(*[file for file in self.policies if file.path == path])

    def _evaluated(self, file: PolicyFile, result: dict[str, Any]) -> None:
        self.evaluations[file.path, file.modified] = result
        self.refresh()
