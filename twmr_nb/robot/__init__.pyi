"""What lessons need of the robot's geometry."""

from .model import LEG_RANGE as LEG_RANGE
from .model import WHEEL_RADIUS as WHEEL_RADIUS
from .model import build_model as build_model
from .model import step_edges as step_edges
from .model import tip_radius as tip_radius
from .pose import HIGH as HIGH
from .pose import LOW as LOW
from .pose import MIDDLE as MIDDLE
from .pose import leg_targets as leg_targets

__all__: list[str]
