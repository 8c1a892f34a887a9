"""What can be done with a policy's file: rename, delete (asks first), export, import."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.config.as_text import settings_in
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.policy_files import PolicyFile, delete, import_policy, rename
from twmr_nb.ui.question import Question

ASK = "Settings (name=value) that are not the original's defaults, which the file does not hold:"
STYLE = Markup("""<style>
/* hides the count of files */
.twmr-import.jupyter-button { display: flex; align-items: center; justify-content: center; gap: 4px; font-size: 0; }
.twmr-import i, .twmr-import::after { font-size: 12.5px; line-height: 1.2; }
.twmr-import::after { content: 'Import'; }
</style>""")


class PolicyTools(w.VBox):
    """A row of buttons for the policy selected; `changed(path)` is called when a file came, went or was renamed."""

    def __init__(self, root: str | Path, changed: Callable[[Path | None], None]) -> None:
        self.root, self.changed = root, changed
        self.file: PolicyFile | None = None
        narrow = w.Layout(width="auto", flex="1 1 auto")
        self.rename = w.Button(description="Rename", icon="pencil", layout=narrow)
        self.delete = w.Button(description="Delete", icon="trash", layout=narrow)
        self.export = w.Button(
            description="Export", icon="download", tooltip="Save the file from the browser", layout=narrow
        )
        self.upload = w.FileUpload(
            accept=".safetensors,.pkl",
            description="Import",
            layout=narrow,
            tooltip="Add a policy file of yours, or a .pkl of the original's trainer",
        )
        self.upload.add_class("twmr-import")
        self.question = Question()
        self.line = Html()
        buttons = w.HBox([self.rename, self.delete, self.export, self.upload], layout=w.Layout(flex_flow="row wrap"))
        super().__init__([Html(STYLE, layout=w.Layout(display="none")), buttons, self.question, self.line])
        self.rename.on_click(self._ask_name)
        self.delete.on_click(self._ask_delete)
        self.export.on_click(self._export)
        self.upload.observe(self._import, "value")
        self.show(())

    def show(self, selected: Sequence[PolicyFile]) -> None:
        """Offer what can be done with this selection."""
        before, self.file = self.file, selected[0] if len(selected) == 1 else None
        own = self.file is not None and not self.file.shipped
        reason = (
            "" if own else "Select one policy of your own" if self.file is None else "Shipped policies are read-only"
        )
        for button, free, tip in (
            (self.rename, own, "Give it another name"),
            (self.delete, own, "Remove its file; asks first"),
        ):
            button.disabled, button.tooltip = not free, tip if free else reason
        self.export.disabled = self.file is None
        if before is None or self.file is None or before.path != self.file.path:
            self.question.drop()
            self.line.value = ""

    def _attempt(self, act: Callable[[], Path | None], done: str) -> bool:
        """Do it and refresh the list, or say in one line why not; returns whether it was done."""
        try:
            path = act()
        except (ValueError, OSError) as error:
            self.line.say(error, "twmr-error")
            return False
        self.changed(path)
        self.line.say(done)
        return True

    def _ask_name(self, _: Any) -> None:
        assert self.file is not None
        self.line.value = ""
        self._ask_name_of(self.file, self.file.name)

    def _ask_name_of(self, file: PolicyFile, offered: str) -> None:
        """What was typed and refused is offered again, to be mended."""

        def done(name: str) -> None:
            if not self._attempt(lambda: rename(file, name), f"renamed to {name}"):
                self._ask_name_of(file, name)

        self.question.ask("New name", "Rename", done, name=offered)

    def _ask_delete(self, _: Any) -> None:
        assert self.file is not None
        file = self.file

        def act() -> None:
            delete(file)

        rest = " Its run keeps settings, curve and checkpoint." if file.run else ""
        self.line.value = ""
        self.question.ask(
            f"Delete {file.title}?{rest}",
            "Delete",
            lambda _: self._attempt(act, f"{file.title} is deleted"),
            danger=True,
        )

    def _export(self, _: Any) -> None:
        """A link that saves the file where the browser runs, which may be another machine."""
        assert self.file is not None
        name = f"{self.file.name}.safetensors"
        data = base64.b64encode(self.file.path.read_bytes()).decode()
        link = Markup('<a download="{0}" href="data:application/octet-stream;base64,{1}"><u>save {0}</u></a>')
        said = Markup("{} <span class='twmr-sub'>({:.0f} kB, settings and results inside)</span>")
        self.line.value = said.format(link.format(name, data), self.file.size / 1000)

    def _import(self, change: dict[str, Any]) -> None:
        for upload in change["new"]:
            name, content = str(upload["name"]), bytes(upload["content"])
            if name.lower().endswith(".pkl"):
                self._ask_settings_of(name, content, "")
            else:
                self._attempt(lambda: import_policy(name, content, self.root), f"imported {name}")  # noqa: B023
        if change["new"]:
            self.upload.value = ()

    def _ask_settings_of(self, name: str, content: bytes, offered: str) -> None:
        """What a .pkl lacks; what was typed and refused is offered again, to be mended."""

        def done(words: str) -> None:
            if not self._attempt(
                lambda: import_policy(name, content, self.root, **settings_in(words.split())), f"imported {name}"
            ):
                self._ask_settings_of(name, content, words)

        self.question.ask(f"{ASK} {name}", "Import", done, name=offered)
