"""What came of playing a policy, in words and tables."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from twmr_nb.draw.episode_text import gate_trace, leg_trace, outcome
from twmr_nb.draw.words import results_table
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
    said = ", ".join(dict.fromkeys(f"{result['episodes']} unseen episodes" for result in results))
    table = results_table([one_line(result["policy"], NAME) for result in results], results)
    return Markup("<div class='twmr-sub'>{}</div>{}").format(said, table.html())
