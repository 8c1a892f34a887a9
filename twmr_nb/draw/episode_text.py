"""One episode in words: how it ended, and traces of gate and legs."""

import numpy as np

from twmr_nb.episodes.rollout import Rollout
from twmr_nb.task.gate import GATE_OPEN

TRACE_EVERY = 50  # control steps


def outcome(rollout: Rollout) -> str:
    """One line: how far, how long, passed or not, whether it ended in a fall and whether it was upright."""
    x, steps = rollout.transition.x, len(rollout.transition.x)
    passed = "passed the obstacle" if rollout.transition.passed.any() else "did not pass"
    place = f"final x = {x[-1]:.2f} m after {steps * rollout.transition.ctrl_dt:.1f} s"
    return f"{passed}, {place}{' (fell)' if rollout.terminated else ''}, {posture(rollout)}"


def posture(rollout: Rollout) -> str:
    """Upright or not, by how far it tilted; clean or not where it passed upright."""
    found = rollout.conduct
    clean = {None: "", True: ", clean", False: ", not clean"}[found.clean_pass if found.upright_pass else None]
    return f"{'upright' if found.upright else 'not upright'} (≤ {found.largest_tilt:.2f} rad){clean}"


def folding(rollout: Rollout) -> str:
    """How much of the time the legs were folded, where there was time: a phrase for each."""
    found = rollout.conduct
    shares = {"before contact": found.folded_before_contact, "after passing": found.folded_after_passing}
    return ", ".join(f"folded {share:.0%} {when}" for when, share in shares.items() if np.isfinite(share))


def gate_trace(rollout: Rollout) -> list[str]:
    """A line whenever the gate opens or closes, and every 50 steps."""
    gate, x, dt = rollout.transition.gate, rollout.transition.x, rollout.transition.ctrl_dt
    is_open = gate > GATE_OPEN
    lines = []
    for t in range(len(gate)):
        crossed = t > 0 and is_open[t] != is_open[t - 1]
        if crossed or t % TRACE_EVERY == 0:
            event = ("  opens" if is_open[t] else "  closes") if crossed else ""
            lines.append(f"gate  step {t:4d}  t={t * dt:6.2f} s  x={x[t]:7.3f} m  gate={gate[t]:.3f}{event}")
    return lines


def leg_trace(rollout: Rollout) -> list[str]:
    """Leg actions and leg angles (front left, front right, rear left, rear right), every 50 steps."""
    transition, lines = rollout.transition, []
    for t in range(0, len(transition.x), TRACE_EVERY):
        action = " ".join(f"{a:+.2f}" for a in rollout.action[t, 4:])
        angle = " ".join(f"{a:+.2f}" for a in transition.leg_angle[t])
        lines.append(f"legs  step {t:4d}  t={t * transition.ctrl_dt:6.2f} s  action=[{action}]  angle=[{angle}] rad")
    return lines
