"""Checks for the exercises, one module per lesson: each tells right from wrong, and why."""

from twmr_nb.course.checks.rewards import asks_for_legs_out, charges_slip, drowning_weight, pay_for_way, telescopes
from twmr_nb.course.checks.robot import angles_for_step, climber, flat_speed, widest_angle
from twmr_nb.course.checks.senses import felt_gate, half_open_at, real_or_privileged
from twmr_nb.course.checks.shaping import alive_break_even, chance_of_order, costs_tilt, verdict_of
from twmr_nb.course.checks.start_here import whegs_height
from twmr_nb.course.checks.training import clipped_objective, diagnosis, horizon_seconds, samples_per_update
from twmr_nb.course.checks.verdict import Verdict
from twmr_nb.course.checks.watching import episodes_needed, half_height, noise_gap, where_it_ended

__all__ = [
    "Verdict",
    "alive_break_even",
    "angles_for_step",
    "asks_for_legs_out",
    "chance_of_order",
    "charges_slip",
    "climber",
    "clipped_objective",
    "costs_tilt",
    "diagnosis",
    "drowning_weight",
    "episodes_needed",
    "felt_gate",
    "flat_speed",
    "half_height",
    "half_open_at",
    "horizon_seconds",
    "noise_gap",
    "pay_for_way",
    "real_or_privileged",
    "samples_per_update",
    "telescopes",
    "verdict_of",
    "whegs_height",
    "where_it_ended",
    "widest_angle",
]
