"""The policy browser: every policy there is, shipped and your own, to watch, compare, judge and tidy up."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from twmr_nb.runs.places import RUNS
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.policy_files import PolicyFile, list_policies
from twmr_nb.ui.policy_stage import PolicyStage
from twmr_nb.ui.policy_table import PolicyTable
from twmr_nb.ui.policy_tools import PolicyTools
from twmr_nb.ui.saved import Keepsake, changed
from twmr_nb.ui.shell import Shell

TABLE = 530  # px
DOC = "Tick a policy and it plays; tick a second one and both play together."


class PolicyBrowser(Shell):
    """A table of the policies below `root` and of those that come with the package; what to do with them beside it.

    >>> browser = tw.PolicyBrowser()  # as the last line of a cell: a table to watch, compare and judge policies
    """

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = Path(root or RUNS)
        self.evaluations: dict[str, dict[str, Any]] = {}  # the newest of each policy, by its file's content
        self.table = PolicyTable(self._ticked, self.refresh)
        self.tools = PolicyTools(self.root, self._changed)
        self.stage = PolicyStage(self._look_again, self._evaluated)
        self.problems = Html()
        super().__init__("Policy browser", DOC, [self.table, self.tools, self.problems], [self.stage], left=TABLE)
        self.table.observe(self._selected, "selected")
        self.stage.content.observe(lambda _: changed(self), "children")
        self.refresh()

    def keepsake(self) -> Keepsake:
        """What was played last; before that, which policies there are."""
        names = ", ".join(file.name for file in self.policies)
        return self.stage.keepsake() or Keepsake(names, below=Markup("<p>{}</p>").format(names))

    @property
    def policies(self) -> list[PolicyFile]:
        """All that are listed, filtered or not."""
        return self.table.files

    def refresh(self, *_: Any) -> None:
        """Look for files again."""
        files, problems = list_policies(self.root)
        self.table.show([self._with_evaluation(file) for file in files])
        self.problems.value = Markup().join(Markup("<div class='twmr-error'>{}</div>").format(p) for p in problems)

    def _with_evaluation(self, file: PolicyFile) -> PolicyFile:
        result = self.evaluations.get(file.digest)
        if result is None:
            return file
        return replace(file, saved=replace(file.saved, results=file.saved.results | {"evaluation": result}))

    def _selected(self, change: dict[str, Any]) -> None:
        self.tools.show(change["new"])
        self.stage.show(change["new"])

    def _ticked(self, selected: Sequence[PolicyFile]) -> None:
        """A person ticked a row: what is ticked now plays."""
        self.stage.play() if selected else self.stage.clear()

    def _look_again(self) -> tuple[PolicyFile, ...]:
        """The selected policies as their files are at this moment: a run may have trained on."""
        self.refresh()
        return self.table.selected

    def _changed(self, path: Path | None) -> None:
        """A file came, went or was renamed: list again, and select it."""
        self.refresh()
        self.table.select(*[file for file in self.policies if file.path == path])
        if not self.table.selected:
            self.stage.clear()

    def _evaluated(self, file: PolicyFile, result: dict[str, Any]) -> None:
        self.evaluations[file.digest] = result
        self.refresh()
