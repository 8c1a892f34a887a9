"""A question on one line, with the button that does it and the one that does not; a name may be asked for."""

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from twmr_nb.markup import one_line

SCRIPT = """
function render({ model, el }) {
  el.classList.add("twmr-question");
  let before = null; // where the focus was
  const show = () => {
    el.replaceChildren();
    if (!model.get("asking")) {
      if (before?.isConnected && [document.body, null].includes(document.activeElement)) before.focus();
      before = null;
      return;
    }
    before = document.activeElement;
    const make = (tag, what) => Object.assign(document.createElement(tag), what);
    const text = make("label", { textContent: model.get("text") });
    const asked = model.get("asks") ? make("input", { value: model.get("name") }) : null;
    const button = (label, yes) => {
      const made = make("button", { textContent: label });
      made.className = "jupyter-button" + (yes ? model.get("danger") ? " mod-danger" : " mod-primary" : "");
      made.onclick = () => model.send({ yes, name: asked?.value ?? "" });
      return made;
    };
    const [yes, no] = [button(model.get("yes"), true), button("Keep", false)];
    if (asked) text.append(asked);
    el.append(text, yes, no);
    el.onkeydown = (event) => {
      const answer = event.key === "Escape" ? no : event.key === "Enter" && event.target === asked ? yes : null;
      if (!answer) return;
      event.preventDefault();
      event.stopPropagation();
      answer.click();
    };
    (asked ?? no).focus({ preventScroll: true });
    asked?.select();
  };
  model.on("change:asking", show);
  show();
  return () => model.off("change:asking", show);
}
export default { render };
"""
STYLE = """
.twmr-question:not(:empty) { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 6px 2px; }
.twmr-question label { display: flex; flex: 1 1 200px; align-items: center; gap: 6px; overflow-wrap: anywhere; }
.twmr-question input {
  flex: 1 1 auto; min-width: 60px; height: 28px; padding: 0 8px; font: inherit;
  border: 1px solid var(--jp-ui-font-color2, #57606a); border-radius: 4px;
  background: var(--jp-layout-color1, #fff); color: var(--jp-ui-font-color1, #1f2328);
}
.twmr-question button { flex: 0 0 auto; margin: 0; }
"""


class Question(anywidget.AnyWidget):
    """Nothing to see until `ask`; Enter in the name says yes, Escape says no."""

    _esm, _css = SCRIPT, STYLE
    asking = t.Bool(False).tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    asks = t.Bool(False).tag(sync=True)
    name = t.Unicode("").tag(sync=True)
    yes = t.Unicode("").tag(sync=True)
    danger = t.Bool(False).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._then: Callable[[str], object] = lambda name: None
        self.on_msg(self._heard)

    def ask(
        self, text: str, yes: str, then: Callable[[str], object], name: str | None = None, danger: bool = False
    ) -> None:
        """Call then(name) if the answer is yes; a `name` given is offered to be changed."""
        self.drop()
        with self.hold_sync():
            self.text, self.yes, self.danger = one_line(text), yes, danger
            self.asks, self.name = name is not None, one_line(name or "")
            self.asking = True
        self._then = then

    def answer(self, yes: bool, name: str = "") -> None:
        """What the two buttons do."""
        if self.asking:
            self.drop()
            if yes:
                self._then(name)

    def drop(self) -> None:
        """Take the question back."""
        self.asking = False

    def _heard(self, _: Any, message: dict[str, Any], __: Any) -> None:
        self.answer(bool(message.get("yes")), str(message.get("name", "")))
