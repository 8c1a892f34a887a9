"""The checks by the exercise, and what else a lesson takes from the course."""

from .checks.rewards import asks_for_legs_out as asks_for_legs_out
from .checks.rewards import charges_slip as charges_slip
from .checks.rewards import drowning_weight as drowning_weight
from .checks.rewards import pay_for_way as pay_for_way
from .checks.rewards import telescopes as telescopes
from .checks.robot import angles_for_step as angles_for_step
from .checks.robot import climber as climber
from .checks.robot import flat_speed as flat_speed
from .checks.robot import widest_angle as widest_angle
from .checks.senses import felt_gate as felt_gate
from .checks.senses import half_open_at as half_open_at
from .checks.senses import real_or_privileged as real_or_privileged
from .checks.shaping import alive_break_even as alive_break_even
from .checks.shaping import chance_of_order as chance_of_order
from .checks.shaping import costs_tilt as costs_tilt
from .checks.shaping import verdict_of as verdict_of
from .checks.start_here import whegs_height as whegs_height
from .checks.training import PATIENTS as PATIENTS
from .checks.training import clipped_objective as clipped_objective
from .checks.training import diagnosis as diagnosis
from .checks.training import horizon_seconds as horizon_seconds
from .checks.training import samples_per_update as samples_per_update
from .checks.watching import episodes_needed as episodes_needed
from .checks.watching import half_height as half_height
from .checks.watching import noise_gap as noise_gap
from .checks.watching import where_it_ended as where_it_ended
from .leaderboard import board as board
from .leaderboard import submit as submit
from .learner import excerpt as excerpt
from .learner import log_line as log_line
from .predictions import predict as predict
from .predictions import reveal as reveal
from .worked import SEEDS as SEEDS
from .worked import STEPS as STEPS
from .worked import WORKED as WORKED
from .worked import measured as measured

__all__: list[str]
