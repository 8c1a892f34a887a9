"""What every widget of the suite shares: controls left, result right, one look, a line for when the kernel is gone."""

from collections.abc import Sequence

import ipywidgets as w

from twmr_nb.ui.saved import Keepsake, show

CONTROLS, GAP = 330, 16  # px
STYLE = """<style>
.twmr-shell { max-width: 1190px; font-size: 13px; color: var(--jp-ui-font-color1, #1f2328); }
.twmr-shell .widget-html, .twmr-shell .widget-html-content { font-size: 13px; line-height: 1.35; }
.twmr-shell .widget-inline-hbox { margin: 1px 0; }
.twmr-shell .twmr-head { font-weight: 600; font-size: 15px; }
.twmr-shell .twmr-sub, .twmr-shell .twmr-was { color: var(--jp-ui-font-color2, #636c76); }
.twmr-shell .twmr-part {
  margin: 8px 0 2px; padding-bottom: 2px; font-weight: 600; font-size: 12px;
  color: var(--jp-ui-font-color2, #636c76); border-bottom: 1px solid var(--jp-border-color2, #d5d9de);
}
.twmr-shell .twmr-value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.twmr-shell .twmr-result { font-size: 12px; line-height: 1.25; text-align: right; }
.twmr-shell .twmr-changed { font-weight: 600; }
/* a layer of its own: where a processor draws the page, a new picture then does not draw all of it anew */
.twmr-shell .twmr-picture { will-change: transform; }
.twmr-shell .twmr-error { color: var(--jp-error-color1, #c62828); }
.twmr-shell .jupyter-button { border-radius: 5px; font-size: 12.5px; }
.twmr-shell video, .twmr-shell .twmr-film img { max-width: 100%; height: auto; }
</style>"""


class Shell(w.VBox):
    """A titled widget with its controls on the left and its result on the right, 1,180 px wide."""

    def __init__(
        self, title: str, doc: str, controls: Sequence[w.Widget], result: Sequence[w.Widget], left: int = CONTROLS
    ) -> None:
        self.title = title
        head = w.HTML(f"{STYLE}<span class='twmr-head'>{title}</span>&ensp;<span class='twmr-sub'>{doc}</span>")
        fixed = {"flex": f"0 0 {left}px", "width": f"{left}px", "margin": f"0 {GAP}px 0 0", "overflow": "hidden"}
        panes = [
            w.VBox(list(controls), layout=w.Layout(**fixed)),
            w.VBox(list(result), layout=w.Layout(flex="1 1 0", min_width="0", overflow="hidden")),
        ]
        super().__init__([head, w.HBox(panes, layout=w.Layout(width="100%"))])
        self.add_class("twmr-shell")
        self.add_class("twmr-live")

    def keepsake(self) -> Keepsake:
        """What stays of it in a saved notebook."""
        return Keepsake("")

    def _ipython_display_(self) -> None:
        show(self)


def part(title: str) -> w.HTML:
    """A small heading among the controls."""
    return w.HTML(f"<div class='twmr-part'>{title}</div>")
