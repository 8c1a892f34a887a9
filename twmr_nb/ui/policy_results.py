"""What came of playing a policy, in words and tables."""

from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

from twmr_nb.draw.episode_text import gate_trace, leg_trace, outcome
from twmr_nb.episodes.report import ROWS
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.markup import NAME, one_line
from twmr_nb.ui.hypertext import Html


def outcomes(rollouts: Sequence[Rollout]) -> Markup:
    """How each episode ended, one line each."""
    line = Markup("<b>{}</b>: {}; return {:.2f}")
    return Markup("<br>").join(line.format(one_line(r.title), outcome(r), r.reward.sum()) for r in rollouts)


def text_trace(rollout: Rollout) -> Html:
    """The original's debug lines, folded away."""
    lines = "\n".join([*gate_trace(rollout), *leg_trace(rollout)])
    style = "max-height:160px;overflow:auto;font-size:11px"
    folded = Markup("<details><summary>{} as text</summary><pre style='{}'>{}</pre></details>")
    return Html(folded.format(one_line(rollout.title), style, lines))


def evaluation_table(results: Sequence[dict[str, Any]]) -> Markup:
    """What evaluations found, one column each."""
    rows: dict[str, Callable[[dict[str, Any]], str]] = dict(ROWS)
    for name in dict.fromkeys(name for r in results for name in r["reward_terms"]):
        title = f"  {one_line(name.replace('_', ' '), NAME)}"
        rows[title] = lambda r, name=name: f"{r['reward_terms'].get(name, 0.0):+.2f}"  # type: ignore[misc]
    how = {True: "mean action", False: "with noise"}
    said = ", ".join(dict.fromkeys(f"{r['episodes']} unseen episodes, {how[r['deterministic']]}" for r in results))
    name = Markup("<th style='text-align:right;padding:3px 14px;min-width:70px;overflow-wrap:anywhere'>{}</th>")
    cell = Markup("<td class='twmr-value' style='text-align:right;padding:3px 14px;white-space:nowrap'>{}</td>")
    row = Markup("<tr><td class='twmr-sub'>{}</td>{}</tr>")
    head = Markup().join(name.format(one_line(r["policy"], NAME)) for r in results)
    body = Markup().join(
        row.format(indented(title), Markup().join(cell.format(show(r)) for r in results))
        for title, show in rows.items()
    )
    table = Markup("<table><tr><th style='text-align:left' class='twmr-sub'>{}</th>{}</tr>{}</table>")
    return table.format(said, head, body)


def indented(title: str) -> str:
    """Leading spaces, which a page would swallow, as a space that it keeps."""
    return title.replace("  ", "\N{EM SPACE}")
