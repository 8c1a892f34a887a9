"""What a scoreboard says about a reward, in sentences that name their numbers.

What is looked for: a behaviour that does not climb and earns more, a way over that is paid like the wanted one, a
valley before it, a gate that asks for folded legs, a term that drowns the rest, a success that is not felt.
"""

from collections.abc import Iterator

from twmr_nb.episodes.scoreboard import CLIMBING, NAMES, OVER, PUSHING, STANDING, Scoreboard
from twmr_nb.markup import one_line
from twmr_nb.robot.model import LEGS_STOWED, WHEEL_RADIUS, tip_radius
from twmr_nb.robot.pose import leg_targets

ALIKE = 0.05  # of the larger sum; less than this between two of them is no reason to prefer one
DROWNS = 0.8  # share of all that is paid or charged
UNFELT = 0.02  # share of all that is paid or charged to the one that climbs
REST = [name for name in NAMES if name not in (OVER, CLIMBING)]  # those that never get over the step


def verdict(board: Scoreboard) -> list[str]:
    """What this reward prefers and why, a sentence each; the first is about climbing upright and standing still."""
    if not any(board.weights.values()):
        return ["Every weight is 0: this reward pays nothing, and prefers nothing."]
    return [
        text
        for find in (preferred, turned_over, valley, asks_folded, drowned, unfelt, patient, own)
        for text in find(board)
    ]


def preferred(board: Scoreboard) -> Iterator[str]:
    """Whether anything that does not climb earns more than climbing does."""
    totals = board.totals
    best = max(REST, key=totals.__getitem__)
    worse = [name for name in REST if totals[name] > totals[CLIMBING]]
    if not board.earned[CLIMBING].passed:
        seconds = board.earned[CLIMBING].steps * board.rollouts[CLIMBING].transition.ctrl_dt
        yield f"The one that climbs does not get over the step: its episode ends after {seconds:.1f} s."
    if not worse:
        yield f"Climbing upright earns {number(totals[CLIMBING])}, {more(board, CLIMBING, best)}."
        return
    if STANDING in worse:
        yield f"Standing still earns {more(board, STANDING, CLIMBING)}."
    if best != STANDING and best in worse:
        yield f"{best.capitalize()} earns {more(board, best, CLIMBING)}."


def turned_over(board: Scoreboard) -> Iterator[str]:
    """Whether the reward tells a climb from turning over."""
    over, climb = board.totals[OVER], board.totals[CLIMBING]
    if abs(over - climb) <= ALIKE * max(abs(over), abs(climb)):
        yield (
            f"Turning over is paid as well as climbing upright ({number(over)} and {number(climb)}): "
            "no term tells them apart."
        )
    elif over > climb:
        yield f"Turning over earns {more(board, OVER, CLIMBING)}."
    else:
        yield f"Climbing upright earns {more(board, CLIMBING, OVER)}."


def valley(board: Scoreboard) -> Iterator[str]:
    """Whether to push against the step, as whoever learns to climb does first, is worse than not to try."""
    if board.totals[PUSHING] < board.totals[STANDING]:
        yield f"A valley lies before the climb: standing still earns {more(board, STANDING, PUSHING)}."


def asks_folded(board: Scoreboard) -> Iterator[str]:
    """Whether an open gate asks for legs that are in."""
    config = board.config
    tip = float(tip_radius(leg_targets(config)[1][0]))
    if config.gate_mode != "none" and config.extension_penalty and tip < LEGS_STOWED:
        charged = -board.paid(CLIMBING)["extension"]
        yield (
            f"An open gate asks for folded legs, tips at {1000 * tip:.0f} mm where the bare wheel has "
            f"{1000 * WHEEL_RADIUS:.0f}: extension charges climbing upright {number(charged)}."
        )


def drowned(board: Scoreboard) -> Iterator[str]:
    """Whether one term is most of what there is."""
    sums: dict[str, float] = {}
    for name in board.rollouts:
        for term, value in board.paid(name).items():
            sums[term] = sums.get(term, 0.0) + abs(value)
    most = max(sums, key=sums.__getitem__, default=None)
    if most is not None and sums[most] > DROWNS * sum(sums.values()):
        yield f"{spoken(most)} is {sums[most] / sum(sums.values()):.0%} of all that is paid or charged."


def unfelt(board: Scoreboard) -> Iterator[str]:
    """Whether the goal is a small part of what the way to it pays."""
    paid = board.paid(CLIMBING)
    share = abs(paid.get("success", 0.0)) / (sum(map(abs, paid.values())) or 1.0)
    if board.earned[CLIMBING].passed and share < UNFELT:
        yield f"Success is never felt: {share:.1%} of what climbing upright is paid or charged."


def patient(board: Scoreboard) -> Iterator[str]:
    """Whether the order of climbing and standing is another one once what comes later counts less."""
    now, later = board.discounted, board.totals
    first, second = (CLIMBING, STANDING) if now[CLIMBING] > now[STANDING] else (STANDING, CLIMBING)
    if later[first] < later[second]:
        yield (
            f"Discounted by {board.gamma:g} a step it is the other way round: {first} earns "
            f"{number(now[first] - now[second])} more than {second}."
        )


def own(board: Scoreboard) -> Iterator[str]:
    """Where the learner's own behaviours stand."""
    for name in board.rollouts:
        if name not in NAMES:
            of = f"{board.ranks[name]} of {len(board.rollouts)}"
            yield f"{spoken(name)} is number {of}: it earns {number(board.totals[name])}."


def more(board: Scoreboard, one: str, other: str) -> str:
    """How much more one behaviour earns than another, and which term does most of it."""
    mine, theirs = board.paid(one), board.paid(other)
    gaps = {term: mine[term] - theirs[term] for term in mine}
    said = f"{number(board.totals[one] - board.totals[other])} more than {other}"
    if not gaps:
        return said
    term = max(gaps, key=gaps.__getitem__)
    how = "charges" if mine[term] <= 0 and theirs[term] < 0 else "pays"
    return f"{said} ({term.replace('_', ' ')} {how} it {number(gaps[term])} {'less' if how == 'charges' else 'more'})"


def number(value: float) -> str:
    """As many digits as mean something."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def spoken(name: str) -> str:
    """A name at the beginning of a sentence."""
    seen = one_line(name.replace("_", " "))
    return seen[:1].upper() + seen[1:]
