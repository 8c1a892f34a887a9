"""Settings that nothing reads, and why: to set one would change nothing. And a goal that lies behind the start.

Only who asks for one is refused: a preset or an old file may hold it.
"""

from collections.abc import Iterable

from twmr_nb.config.fields import ConfigError
from twmr_nb.config.schema import EnvConfig, TrainConfig

OWN_STEP = ("step_height", "step_x", "step_half_depth")
READ_BY_GATE: dict[str, tuple[str, ...]] = {  # by gate_mode; what the obstacle's reads, observations may read too
    "none": (),
    "obstacle": ("obstacle_pre_buffer", "obstacle_post_buffer", "obstacle_smooth"),
    "proprio": ("gate_acc_scale", "gate_gyro_scale", "gate_stall_scale", "gate_bias", "gate_smooth"),
    "felt": ("gate_tilt",),
}


def idle_settings(config: TrainConfig) -> dict[str, str]:
    """name -> the setting that makes it idle, and the way out."""
    env, ppo = config.env, config.ppo
    idle: dict[str, str] = {}
    if env.scene != "step":
        idle |= dict.fromkeys(OWN_STEP, f"scene = {env.scene!r}: choose scene 'step'")
    if env.scene == "flat":
        idle["start_at_step"] = "scene = 'flat': choose a scene with a step"
    if env.frame_skip is not None:
        idle["ctrl_dt"] = f"frame_skip = {env.frame_skip}: give one of the two"
    for mode in ("proprio", "felt"):
        if env.gate_mode != mode:
            idle |= dict.fromkeys(READ_BY_GATE[mode], f"gate_mode = {env.gate_mode!r}: choose gate_mode {mode!r}")
    if not env.end_on_success:
        idle["drive_on"] = "end_on_success = False: choose end_on_success True"
    if not env.start_on_ground:
        idle["ground_clearance"] = "start_on_ground = False: leave one of the two"
    if None not in (env.obstacle_pre_buffer, env.obstacle_post_buffer):
        idle["obstacle_buffer"] = "obstacle_pre_buffer and obstacle_post_buffer: leave one of the three"
    if env.action_mode != "torque":  # servos hold the legs
        idle |= dict.fromkeys(("hold_kp", "hold_kd"), f"action_mode = {env.action_mode!r}: choose action_mode 'torque'")
    elif not env.hold_retract:
        idle |= dict.fromkeys(("hold_kp", "hold_kd"), "hold_retract = False: choose hold_retract True")
    elif env.settle_steps == 0:
        idle |= dict.fromkeys(("hold_kp", "hold_kd"), "settle_steps = 0: give at least 1")
    if env.settle_steps == 0:
        idle["hold_retract"] = "settle_steps = 0: give at least 1"
    if env.retract_angle is not None:
        idle["auto_retract"] = f"retract_angle = {env.retract_angle:g}: give one of the two"
    elif env.extend_mode != "auto":
        idle["auto_retract"] = f"extend_mode = {env.extend_mode!r}: choose extend_mode 'auto'"
    if env.extend_angle is not None:
        idle["extend_mode"] = f"extend_angle = {env.extend_angle:g}: give one of the two"
    if ppo.log_std_final is not None:  # then no gradient reaches the noise
        idle["ent_coef"] = f"log_std_final = {ppo.log_std_final:g}: choose log_std_final None"
    if ppo.curriculum_start is None:
        idle |= dict.fromkeys(("curriculum_rise", "curriculum_retreat"), "curriculum_start = None: give a start too")
    return idle


def refuse_idle(config: TrainConfig, given: Iterable[str]) -> None:
    """Raise ConfigError if a setting that the user named would change nothing."""
    idle = idle_settings(config)
    for name in given:
        if name in idle:
            raise ConfigError(f"{name} has no effect with {idle[name]}, or leave {name} out.")


def refuse_passed(env: EnvConfig, given: Iterable[str] = ("success_x",)) -> None:
    """Raise ConfigError if, with a setting that the user named, episodes begin with the obstacle passed already."""
    asked = {"success_x", "start_x_range"} & set(given)
    if asked and env.success_x is not None and env.success_x <= env.start_x_range:
        raise ConfigError(
            f"success_x = {env.success_x:g} is not ahead of every start, which lie up to x = {env.start_x_range:g}: "
            "give a larger one, or episodes pass without having driven."
        )
