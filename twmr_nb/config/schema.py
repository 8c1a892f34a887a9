"""Every setting of the suite, once.

The frozen dataclasses below are the single source of the command line, the notebook sliders, the validation and what
is saved with every run. A field is a value, its bounds and unit (`setting`), and a one-line docstring underneath.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, Self

from twmr_nb.config.fields import (
    Config,
    ConfigError,
    Setting,
    field_names,
    is_number,
    refuse_unknown,
    setting,
    settings_of,
    shown,
)

Scene = Literal["flat", "step_5cm", "step_7cm", "step"]
ActionMode = Literal["torque", "leg_position", "reflex"]
ObsMode = Literal["proprio", "proprio_contact", "proprio_phase", "compact", "compact_obstacle", "full"]
CriticObsMode = Literal["same", "compact", "compact_obstacle", "full"]
GateMode = Literal["none", "obstacle", "proprio", "felt"]
ExtendMode = Literal["auto", "opposite", "midpoint"]
MAX_SEED = 995_000  # seeds from a million on are for evaluation, so that it never repeats an episode of training


@dataclass(frozen=True)
class EnvConfig(Config):
    """The robot's world: scene, senses, gate, reward. Defaults are the original's.

    Raises ConfigError on an unknown setting or a value that is not allowed; `replace` gives a changed copy.

    >>> tw.EnvConfig(scene="step", step_height=0.03).replace(extension_penalty=0.05).step_height
    0.03
    """

    part = "the world (EnvConfig)"

    scene: Scene = setting("step_5cm", group="robot and scene")
    """What lies ahead: flat ground, one of the two original steps, or a step of your own size ('step')."""
    step_height: float = setting(0.05, group="robot and scene", low=0.0, high=0.2, unit="m")
    """Height of the step's top; used by scene 'step' only."""
    step_height_max: float | None = setting(None, group="robot and scene", low=0.0, high=0.2, unit="m")
    """If given, every episode draws its step height between step_height and this; scene 'step' only."""
    step_x: float = setting(1.0, group="robot and scene", low=0.3, high=5.0, unit="m")
    """Where the step's centre lies ahead of the start; used by scene 'step' only."""
    step_half_depth: float = setting(0.2, group="robot and scene", low=0.05, high=5.0, unit="m")
    """Half the step's depth along the way; used by scene 'step' only."""
    action_mode: ActionMode = setting("torque", group="robot and scene")
    """What the four leg actions mean: a torque, a servo's angle, or (reflex) that only while the gate is open."""
    action_delay: int = setting(0, group="robot and scene", low=0, high=10, unit="steps")
    """Decisions that pass before an action reaches the motors, which rest until the first arrives."""
    # At most half the 0.01 s in which a contact recovers (its solref): beyond, MuJoCo would soften the contacts.
    timestep: float = setting(0.002, group="robot and scene", low=0.0005, high=0.005, unit="s")
    """Length of one physics step. The original's is 0.002; 0.005 simulates twice as fast, good enough to learn in."""
    ctrl_dt: float = setting(0.02, group="robot and scene", low=0.002, high=0.2, unit="s")
    """Time between two decisions of the policy; rounded to whole physics steps."""
    frame_skip: int | None = setting(None, group="robot and scene", low=1, high=100)
    """Physics steps between two decisions; if given, ctrl_dt is ignored."""
    max_steps: int = setting(1000, group="robot and scene", low=1, high=100_000, unit="steps")
    """Time limit: the episode ends after this many decisions."""
    min_z: float = setting(0.02, group="robot and scene", low=-1.0, high=0.1, unit="m")
    """The episode ends as a fall when the middle of the chassis is lower than this."""
    max_tilt: float | None = setting(None, group="robot and scene", low=0.1, high=3.2, unit="rad")
    """If given, the episode ends as a fall when the chassis tilts further than this, so turning over does not pay."""
    end_on_success: bool = setting(False, group="robot and scene")
    """End the episode as soon as the obstacle is passed; off: drive on to the time limit."""
    drive_on: float = setting(0.0, group="robot and scene", low=0.0, high=20.0, unit="s")
    """With end_on_success: for so long the episode goes on after the obstacle is passed."""

    retract_legs: bool = setting(True, group="reset")
    """Start with the legs at the retract angle, folded; off: at angle 0."""
    start_on_ground: bool = setting(True, group="reset")
    """Start with the robot's lowest point ground_clearance above the floor."""
    ground_clearance: float = setting(1e-3, group="reset", low=0.0, high=0.1, unit="m")
    """Gap under the lowest point at the start."""
    reset_noise: float = setting(0.01, group="reset", low=0.0, high=0.5, unit="rad, rad/s, m/s")
    """How different the starts are: standard deviation of the noise added to joint angles and all velocities."""
    settle_steps: int = setting(25, group="reset", low=0, high=1000, unit="physics steps")
    """Physics steps, with the wheels still, in which the robot comes to rest before the episode begins."""
    hold_retract: bool = setting(True, group="reset")
    """Hold the legs at the retract angle during settle_steps."""
    hold_kp: float = setting(4.0, group="reset", low=0.0, high=100.0, unit="N m/rad")
    """Stiffness with which hold_retract holds the legs: torque per angle."""
    hold_kd: float = setting(0.2, group="reset", low=0.0, high=10.0, unit="N m s/rad")
    """Damping with which hold_retract holds the legs: torque per speed."""
    start_x_range: float = setting(0.0, group="reset", low=0.0, high=0.5, unit="m")
    """Every episode starts at a random x, up to this far before or behind 0, so that the step is nearer or farther."""
    start_yaw: float = setting(0.0, group="reset", low=-1.5, high=1.5, unit="rad")
    """Every episode starts turned by this: straight on is 0, and to the left is positive."""
    start_yaw_range: float = setting(0.0, group="reset", low=0.0, high=1.5, unit="rad")
    """Every episode starts turned by a random angle, up to this to the left or right of start_yaw."""
    start_at_step: float = setting(0.0, group="reset", low=0.0, high=1.0)
    """Share of episodes that start just before the step, most with their legs out, so that climbing is met early."""
    friction_range: float = setting(0.0, group="reset", low=0.0, high=0.9)
    """Every episode multiplies all friction by a random factor between 1 - this and 1 + this."""
    mass_range: float = setting(0.0, group="reset", low=0.0, high=0.9)
    """Every episode multiplies the chassis' mass and inertia by a random factor between 1 - this and 1 + this."""

    obs_mode: ObsMode = setting("proprio", group="senses and gate")
    """What the policy sees. proprio: joints and IMU; proprio_contact: also touch; proprio_phase: what a robot makes of
    joints and IMU (wheel phase, attitude, gate, last action); the others only a simulator knows."""
    sensor_noise: float = setting(0.0, group="senses and gate", low=0.0, high=10.0)
    """How noisy the senses are; 1: 0.01 rad and 0.1 rad/s at the joints, 0.3 m/s² and 0.03 rad/s in the IMU."""
    critic_obs_mode: CriticObsMode = setting("same", group="senses and gate")
    """What the critic sees besides, with the step's height. It helps training; the policy never sees it."""
    gate_mode: GateMode = setting("proprio", group="senses and gate")
    """What opens the gate, which asks for legs out: nothing, being near the step, feeling an impact or a stall, or
    feeling the nose rise, and then until the robot has been level for half a second or is on its way down."""
    obstacle_smooth: float = setting(0.05, group="senses and gate", low=0.0, high=1.0, unit="m")
    """How gradually the obstacle gate opens and closes along x; 0: at once."""
    obstacle_buffer: float = setting(0.05, group="senses and gate", low=0.0, high=2.0, unit="m")
    """How far before and after the step the obstacle gate is open."""
    obstacle_pre_buffer: float | None = setting(None, group="senses and gate", low=0.0, high=2.0, unit="m")
    """How far before the step the obstacle gate opens; if not given, obstacle_buffer."""
    obstacle_post_buffer: float | None = setting(None, group="senses and gate", low=0.0, high=2.0, unit="m")
    """How far after the step the obstacle gate closes; if not given, obstacle_buffer."""
    gate_acc_scale: float = setting(3.0, group="senses and gate", low=0.01, high=100.0, unit="m/s²")
    """An acceleration that differs from gravity by this much adds 1 to the proprio gate's score."""
    gate_gyro_scale: float = setting(3.0, group="senses and gate", low=0.01, high=100.0, unit="rad/s")
    """Turning this fast adds 1 to the proprio gate's score."""
    gate_stall_scale: float = setting(2.0, group="senses and gate", low=0.01, high=1000.0, unit="N m s/rad")
    """A stall (mean wheel torque divided by mean wheel speed) this large adds 1 to the proprio gate's score."""
    gate_bias: float = setting(1.0, group="senses and gate", low=-10.0, high=10.0)
    """Score at which the proprio gate is half open; a larger bias opens it less often."""
    gate_smooth: float = setting(0.5, group="senses and gate", low=0.01, high=10.0)
    """How gradually the proprio gate opens while its score rises; small: almost at once."""
    gate_tilt: float = setting(0.1, group="senses and gate", low=0.01, high=1.5, unit="rad")
    """The felt gate opens when the gyro adds up to a nose that is up by more than this, with the legs folded."""

    forward_weight: float = setting(1.0, group="reward", low=0.0, high=10.0, unit="1/(m/s)")
    """Reward in every step, per m/s of forward speed."""
    alive_bonus: float = setting(0.05, group="reward", low=0.0, high=5.0, unit="1/step")
    """Reward for every step that the episode goes on."""
    control_cost: float = setting(1e-3, group="reward", low=0.0, high=1.0, unit="1/(N m)²", log=True)
    """Cost in every step, per (N m)² of the eight motor torques' squares added up."""
    extension_penalty: float = setting(1e-3, group="reward", low=0.0, high=10.0, unit="1/rad²", log=True)
    """Cost in every step, per rad² between the legs' angles and the angle that the gate asks for (mean square)."""
    post_success_penalty: float = setting(0.0, group="reward", low=0.0, high=10.0, unit="1/rad²", log=True)
    """Cost in every step after the obstacle, per rad² between the legs' angles and the retract angle (mean square)."""
    success_bonus: float = setting(1.0, group="reward", low=0.0, high=1000.0)
    """Reward once, when the obstacle is passed."""
    climb_weight: float = setting(0.0, group="reward", low=0.0, high=10.0, unit="1/(m/s)")
    """Reward in every step, per m/s at which the wheels come along the way over the step: ahead, up its edge, ahead."""
    lift_weight: float = setting(0.0, group="reward", low=0.0, high=10.0, unit="1/(m/s)")
    """Reward in every step, per m/s at which the wheels come up the step, mean of four; for each its height, once."""
    folded_bonus: float = setting(0.0, group="reward", low=0.0, high=10.0, unit="1/step")
    """Reward in every step after the obstacle, times how far the legs are folded; never a reason to stay before it."""
    tilt_penalty: float = setting(0.0, group="reward", low=0.0, high=10.0, unit="1/rad²", log=True)
    """Cost in every step, per rad² of tilt beyond 0.6 rad."""
    astray_penalty: float = setting(0.0, group="reward", low=0.0, high=10.0, unit="1/rad", log=True)
    """Cost in every step, per rad that the heading is more than 0.5 rad off start_yaw; none while the gate is open."""
    upright_factor: bool = setting(False, group="reward")
    """Pay less to a tilted robot: what is not a cost counts by the cosine of the tilt, in full from 0.7 up."""
    action_rate_penalty: float = setting(0.0, group="reward", low=0.0, high=1.0, log=True)
    """Cost in every step, per squared change of the eight actions since the step before, added up."""
    fall_penalty: float = setting(0.0, group="reward", low=0.0, high=1000.0)
    """Cost once, when the episode ends as a fall."""
    success_x: float | None = setting(None, group="reward", low=-10.0, high=100.0, unit="m")
    """The x at which the obstacle counts as passed; if not given, obstacle_post_buffer and 0.05 m beyond the step."""
    auto_retract: bool = setting(True, group="reward")
    """Retract the legs to the joint limit that leaves more room under the robot; off: to the lower limit."""
    retract_angle: float | None = setting(None, group="reward", low=-1.047, high=3.427, unit="rad")
    """Leg angle that a shut gate asks for; if given, auto_retract is ignored."""
    extend_mode: ExtendMode = setting("auto", group="reward")
    """What an open gate asks for. midpoint: legs out; opposite: folded the other way; auto: that, if auto_retract."""
    extend_angle: float | None = setting(None, group="reward", low=-1.047, high=3.427, unit="rad")
    """Leg angle that an open gate asks for; if given, extend_mode is ignored."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step_height_max is not None and self.step_height_max < self.step_height:
            raise ConfigError(
                f"step_height_max = {self.step_height_max:g} is below step_height = {self.step_height:g}: "
                "give the larger height as step_height_max."
            )
        if self.scene != "step" and self.step_height_max is not None:
            raise ConfigError(
                f"scene = {self.scene!r} draws no step heights, as step_height_max = {self.step_height_max:g} "
                "asks for: use scene 'step' with a step_height, or give None for step_height_max and curriculum_start."
            )


@dataclass(frozen=True)
class PPOConfig(Config):
    """The learner: network size and PPO's settings. Defaults are those of the `flip` preset.

    Raises ConfigError on an unknown setting or a value that is not allowed; `replace` gives a changed copy.

    >>> tw.PPOConfig(num_envs=8, minibatches=2).gamma
    0.99
    """

    part = "the learner (PPOConfig)"

    total_timesteps: int = setting(200_000, group="learner", low=1, high=10**10, unit="steps", log=True)
    """Control steps of all robots together after which training ends."""
    num_envs: int = setting(64, group="learner", low=1, high=4096, unit="robots", log=True)
    """Robots that collect experience side by side."""
    rollout_steps: int = setting(32, group="learner", low=2, high=4096, unit="steps", log=True)
    """Control steps that every robot takes between two updates."""
    stagger: bool = setting(True, group="learner")
    """Shorten the first episodes by different amounts, so that the robots do not all start and end together."""
    epochs: int = setting(2, group="learner", low=1, high=50)
    """How often each update goes through the collected experience."""
    minibatches: int = setting(4, group="learner", low=1, high=64)
    """Groups of robots that each pass is divided into; every group makes one learning step."""
    learning_rate: float = setting(1e-3, group="learner", low=1e-6, high=1e-1, log=True)
    """How far each learning step changes the network (Adam's step size)."""
    anneal_lr: bool = setting(True, group="learner")
    """Let learning_rate fall evenly to 0 during the training."""
    target_kl: float | None = setting(None, group="learner", low=1e-4, high=1.0, log=True)
    """If given, learning steps shrink while updates change the policy by much more than this (KL), then grow back."""
    gamma: float = setting(0.99, group="learner", low=0.0, high=1.0)
    """Discount: how much a reward counts when it comes one step later; 0.99 looks about 100 steps ahead."""
    gae_lambda: float = setting(0.95, group="learner", low=0.0, high=1.0)
    """How advantages are estimated: near 0 trusts the critic (steady, biased), near 1 the rewards that came (noisy)."""
    clip_coef: float = setting(0.2, group="learner", low=0.01, high=1.0)
    """How much more or less likely an action may become in one update; further change earns nothing."""
    ent_coef: float = setting(0.0, group="learner", low=0.0, high=1.0, log=True)
    """Weight in the loss of a bonus for random actions (entropy); 0: none."""
    vf_coef: float = setting(0.5, group="learner", low=0.0, high=10.0)
    """Weight in the loss of the critic's squared error."""
    max_grad_norm: float = setting(0.5, group="learner", low=1e-3, high=1000.0)
    """A gradient longer than this is shortened to this length."""
    normalize_advantages: bool = setting(True, group="learner")
    """Scale the advantages of every minibatch to mean 0 and standard deviation 1."""
    normalize_observations: bool = setting(True, group="learner")
    """Scale observations by their running mean and standard deviation."""
    normalize_returns: bool = setting(False, group="learner")
    """Divide rewards by the running standard deviation of their discounted sums, so that their scale matters less."""
    bootstrap_truncation: bool = setting(True, group="learner")
    """When the time limit ends an episode, add the reward that the critic expects beyond it; off: count it as 0."""
    curriculum_start: float | None = setting(None, group="learner", low=0.0, high=0.2, unit="m")
    """If given, steps are at first no higher than this; that limit rises with success, up to step_height_max."""
    curriculum_rise: float = setting(0.0025, group="learner", low=0.0005, high=0.05, unit="m")
    """How far the curriculum's limit rises at a time, once 80% of the robots pass the steps close to it."""
    # At most the share at which the limit rises: it cannot do both.
    curriculum_retreat: float = setting(0.0, group="learner", low=0.0, high=0.8)
    """The curriculum's limit falls by curriculum_rise when a smaller share than this passes; 0: it never falls."""
    validate_every: int = setting(0, group="learner", low=0, high=100_000, unit="updates")
    """In the second half, test the policy without noise every so many updates and at last: the best is kept. 0: no."""
    keep_carry: bool = setting(True, group="learner")
    """Keep the policy's memory (LSTM state) when an update comes in mid-episode; off: it starts again from nothing."""
    symmetric: bool = setting(False, group="learner")
    """Treat left and right alike: the network also looks in a mirror, and answers the mean of both, mirrored back."""
    first_actions: float = setting(1.0, group="learner", low=0.0, high=10.0)
    """How large actions are before anything is learned, noise apart: a factor on the first weights they come from."""
    mlp_size: int = setting(64, group="learner", low=1, high=1024, log=True)
    """Width of the dense layers before and after the LSTM."""
    hidden_size: int = setting(64, group="learner", low=1, high=2048, log=True)
    """Width of the LSTM, the policy's memory."""
    log_std_init: float = setting(0.0, group="learner", low=-5.0, high=2.0)
    """How noisy actions are at the start: logarithm of the exploration noise's standard deviation."""
    log_std_final: float | None = setting(-1.2, group="learner", low=-5.0, high=2.0)
    """If given, noise is at log_std_init for a third of training, falls to this, and stays; if not, it is learned."""
    noise_correlation: float = setting(0.0, group="learner", low=0.0, high=0.99)
    """Correlation of the noise from one control step to the next; legs are slow and follow what lasts. 0: none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_envs % self.minibatches:
            raise ConfigError(
                f"minibatches = {self.minibatches} does not divide num_envs = {self.num_envs}: "
                "minibatches hold whole robots, so choose a divisor."
            )


@dataclass(frozen=True)
class TrainConfig(Config):
    """Everything one training run needs; saved with it.

    >>> tw.TrainConfig(seed=3).replace(num_envs=8, success_bonus=5).ppo.num_envs
    8
    """

    part = "a training (TrainConfig)"

    env: EnvConfig = dataclasses.field(default_factory=EnvConfig)
    ppo: PPOConfig = dataclasses.field(default_factory=PPOConfig)
    seed: int = setting(0, group="learner", low=0, high=MAX_SEED)
    """Seed of robots, network and noise; the same seed gives the same run."""
    preset: str = "original"
    """The preset that this configuration started from; a label, which in an old file need not be one of ours."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, (kind, wanted) in PARTS.items():
            if not isinstance(value := getattr(self, name), kind):
                raise ConfigError(f"{name} = {shown(value)} is not allowed: give {wanted}.")
        if self.ppo.curriculum_start is not None and self.env.step_height_max is None:
            raise ConfigError(
                f"curriculum_start = {self.ppo.curriculum_start:g} needs steps of drawn height: "
                "give scene 'step' a step_height and a step_height_max, or leave it None."
            )

    def replace(self, **settings: Any) -> Self:
        """A copy with flat names changed, wherever they live; raises ConfigError on an unknown one."""
        refuse_unknown(settings, ["seed", "preset", *field_names(EnvConfig), *field_names(PPOConfig)])
        own = {k: v for k, v in settings.items() if k in ("seed", "preset")}
        env = self.env.replace(**{k: v for k, v in settings.items() if k in field_names(EnvConfig)})
        ppo = self.ppo.replace(**{k: v for k, v in settings.items() if k in field_names(PPOConfig)})
        # Only what is asked for now: a preset or an old file may hold it idle.
        if ppo.curriculum_start is None and ppo.curriculum_retreat not in (0, self.ppo.curriculum_retreat):
            raise ConfigError(
                f"curriculum_retreat = {ppo.curriculum_retreat:g} has no effect without a curriculum: "
                "give curriculum_start too, or leave curriculum_retreat 0."
            )
        return dataclasses.replace(self, env=env, ppo=ppo, **own)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of to_dict; raises ConfigError on unknown fields and values that are not allowed."""
        for part in (data, data.get("env", {}), data.get("ppo", {})) if isinstance(data, dict) else (data,):
            if not isinstance(part, dict):
                raise ConfigError(f"a configuration is a table of settings, not {shown(part)}.")
        return cls(**data | {"env": EnvConfig(**data.get("env", {})), "ppo": PPOConfig(**data.get("ppo", {}))})


PARTS: dict[str, tuple[type, str]] = {  # of a TrainConfig
    "env": (EnvConfig, "an EnvConfig, such as EnvConfig(scene='flat')"),
    "ppo": (PPOConfig, "a PPOConfig, such as PPOConfig(num_envs=8)"),
    "preset": (str, "a preset's name"),
}


def all_settings() -> dict[str, Setting]:
    """Every setting of environment and learner by its flat name, in the order of their fields, and the seed."""
    return settings_of(EnvConfig) | settings_of(TrainConfig) | settings_of(PPOConfig)


def checked_world(world: Any) -> EnvConfig:
    """The world, the defaults if it is None; raises ConfigError if it is none."""
    if not isinstance(world, EnvConfig | None):
        raise ConfigError(f"{shown(world)} is no world: give tw.world(...) or an EnvConfig.")
    return world or EnvConfig()


def checked_timeout(timeout: Any) -> float:
    """The seconds to wait; raises ConfigError if it is no number."""
    if not is_number(timeout, float):
        raise ConfigError(f"timeout = {shown(timeout)} is not allowed: give a number of seconds, or leave it out.")
    return float(timeout)


def checked_seed(seed: Any, highest: int = MAX_SEED) -> int:
    """The seed as a plain int; raises ConfigError if it is none."""
    if not (is_number(seed, int) and 0 <= seed <= highest):
        raise ConfigError(f"seed = {shown(seed)} is not allowed: give a whole number from 0 to {highest}.")
    return int(seed)
