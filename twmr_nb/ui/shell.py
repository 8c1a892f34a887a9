"""What every widget of the suite shares: controls left, result right, one look, a line for when the kernel is gone."""

from collections.abc import Sequence

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.saved import Keepsake, show

CONTROLS = 330  # px
STYLE = Markup("""<style>
.twmr-shell { container: twmr-shell / inline-size; max-width: 1500px; font-size: 13px; }
.twmr-shell { color: var(--jp-ui-font-color1, #1f2328); }
/* boxes make room for what is in them: no scrollbar where there is nothing to scroll */
.twmr-shell :is(.widget-box, .widget-hbox, .widget-vbox) { overflow: visible; min-width: 0; }
.twmr-panes { gap: 8px 16px; }
.twmr-panes > .twmr-controls { flex: 0 0 auto; }
.twmr-panes > .twmr-controls > * { break-inside: avoid; }
.twmr-panes > .twmr-outcome { flex: 1 1 0; }
@container twmr-shell (max-width: 760px) { /* one below the other, the controls in as many columns as there is room */
  .twmr-panes { flex-direction: column !important; }
  .twmr-panes > .twmr-controls { width: 100% !important; }
  .twmr-panes > .twmr-controls:has(.twmr-slider) { display: block !important; columns: 2 260px; column-gap: 24px; }
  .twmr-panes > .twmr-outcome { flex: 0 0 auto; width: 100%; }
}
.twmr-shell .widget-html, .twmr-shell .widget-html-content { font-size: 13px; line-height: 1.35; }
.twmr-shell .widget-inline-hbox { margin: 1px 0; }
.twmr-shell .twmr-head { font-weight: 600; font-size: 15px; }
.twmr-shell .twmr-sub, .twmr-shell .twmr-was { color: var(--jp-ui-font-color2, #636c76); }
.twmr-shell .twmr-part {
  margin: 8px 0 2px; break-after: avoid; padding-bottom: 2px; font-weight: 600; font-size: 12px;
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
</style>""")


class Shell(w.VBox):
    """A titled widget: its controls on the left and its result on the right, or below each other where it is narrow."""

    def __init__(
        self, title: str, doc: str, controls: Sequence[w.Widget], result: Sequence[w.Widget], left: int = CONTROLS
    ) -> None:
        self.title = title
        words = Markup("{}<span class='twmr-head'>{}</span>&ensp;<span class='twmr-sub'>{}</span>")
        head = Html(words.format(STYLE, title, doc))
        panes = [w.VBox(list(controls), layout=w.Layout(width=f"min({left}px, 50%)")), w.VBox(list(result))]
        for pane, name in zip(panes, ("twmr-controls", "twmr-outcome"), strict=True):
            pane.add_class(name)
        body = w.HBox(panes, layout=w.Layout(width="100%"))
        body.add_class("twmr-panes")
        super().__init__([head, body])
        self.add_class("twmr-shell")
        self.add_class("twmr-live")

    def keepsake(self) -> Keepsake:
        """What stays of it in a saved notebook."""
        return Keepsake("")

    def _ipython_display_(self) -> None:
        show(self)


def part(title: str) -> Html:
    """A small heading among the controls."""
    return Html(Markup("<div class='twmr-part'>{}</div>").format(title))
