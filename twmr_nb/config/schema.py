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
ActionMode = Literal["torque", "leg_position"]
ObsMode = Literal["proprio", "proprio_contact", "compact", "compact_obstacle", "full"]
CriticObsMode = Literal["same", "compact", "compact_obstacle", "full"]
GateMode = Literal["none", "obstacle", "proprio"]
ExtendMode = Literal["auto", "opposite", "midpoint"]
MAX_SEED = 995_000  # seeds from a million on are for evaluation, so that it never repeats an episode of training


@dataclass(frozen=True)
class EnvConfig(Config):
    """The robot's world: scene, senses, gate, reward. Defaults are the original's."""

    scene: Scene = setting("step_5cm", group="robot and scene")
    """What lies ahead: nothing, one of the two original steps, or a step of your own size."""
    step_height: float = setting(0.05, group="robot and scene", low=0.0, high=0.2, unit="m")
    """Height of the step's top; used by scene 'step' only."""
    step_height_max: float | None = setting(None, group="robot and scene", low=0.0, high=0.2, unit="m")
    """If given, every episode draws its step height between step_height and this; scene 'step' only."""
    step_x: float = setting(1.0, group="robot and scene", low=0.3, high=5.0, unit="m")
    """Where the step's centre lies ahead of the start; used by scene 'step' only."""
    step_half_depth: float = setting(0.2, group="robot and scene", low=0.05, high=5.0, unit="m")
    """Half the step's depth along the way; used by scene 'step' only."""
    action_mode: ActionMode = setting("torque", group="robot and scene")
    """What the four leg actions command: a motor torque, or the angle of a position servo of the same strength."""
    # At most half the 0.01 s in which a contact recovers (its solref): beyond, MuJoCo would soften the contacts.
    timestep: float = setting(0.002, group="robot and scene", low=0.0005, high=0.005, unit="s")
    """Length of a physics step, the original's at first; 0.005 simulates twice as fast, good enough to learn in."""
    ctrl_dt: float = setting(0.02, group="robot and scene", low=0.002, high=0.2, unit="s")
    """Time between two decisions of the policy; rounded to whole physics steps."""
    frame_skip: int | None = setting(None, group="robot and scene", low=1, high=100)
    """Physics steps per decision; overrides ctrl_dt when given."""
    max_steps: int = setting(1000, group="robot and scene", low=1, high=100_000, unit="steps")
    """Decisions after which an episode is truncated."""
    min_z: float = setting(0.02, group="robot and scene", low=-1.0, high=0.1, unit="m")
    """The episode terminates when the root sinks below this height."""
    max_tilt: float | None = setting(None, group="robot and scene", low=0.1, high=3.2, unit="rad")
    """If given, the episode terminates when the chassis tips further than this: no climbing by turning over."""
    end_on_success: bool = setting(False, group="robot and scene")
    """Truncate the episode in the step that passes the obstacle, instead of driving on."""

    retract_legs: bool = setting(True, group="reset")
    """Start with the legs at their retract targets."""
    start_on_ground: bool = setting(True, group="reset")
    """Shift the robot so that its lowest point is ground_clearance above the floor."""
    ground_clearance: float = setting(1e-3, group="reset", low=0.0, high=0.1, unit="m")
    """Gap under the lowest point at the start."""
    reset_noise: float = setting(0.01, group="reset", low=0.0, high=0.5, unit="rad, rad/s, m/s")
    """Standard deviation of the noise added to joint positions and all velocities."""
    settle_steps: int = setting(25, group="reset", low=0, high=1000, unit="physics steps")
    """Physics steps with still wheels before the episode begins."""
    hold_retract: bool = setting(True, group="reset")
    """Hold the legs at their retract targets while settling."""
    hold_kp: float = setting(4.0, group="reset", low=0.0, high=100.0, unit="N m/rad")
    """Stiffness of that hold."""
    hold_kd: float = setting(0.2, group="reset", low=0.0, high=10.0, unit="N m s/rad")
    """Damping of that hold."""
    start_x_range: float = setting(0.0, group="reset", low=0.0, high=0.5, unit="m")
    """Every episode starts up to this far ahead of or behind x = 0, so that the step is nearer or farther."""
    friction_range: float = setting(0.0, group="reset", low=0.0, high=0.9)
    """Every episode scales all friction by a factor drawn from 1 - this to 1 + this."""
    mass_range: float = setting(0.0, group="reset", low=0.0, high=0.9)
    """Every episode scales the chassis' mass and inertia by a factor drawn from 1 - this to 1 + this."""

    obs_mode: ObsMode = setting("proprio", group="senses and gate")
    """What the policy sees: joints and IMU, these and contact, or (privileged) a summary, that and the step, all."""
    critic_obs_mode: CriticObsMode = setting("same", group="senses and gate")
    """What the critic sees on top, with the step's height; in training only, the policy never does."""
    gate_mode: GateMode = setting("proprio", group="senses and gate")
    """Who says when the legs should be out: nobody, the step's known place, or the feel of an impact or a stall."""
    obstacle_smooth: float = setting(0.05, group="senses and gate", low=0.0, high=1.0, unit="m")
    """Width of the obstacle gate's soft edges; 0 is a hard window."""
    obstacle_buffer: float = setting(0.05, group="senses and gate", low=0.0, high=2.0, unit="m")
    """How far before and after the step the obstacle gate is open."""
    obstacle_pre_buffer: float | None = setting(None, group="senses and gate", low=0.0, high=2.0, unit="m")
    """The same before the step only; obstacle_buffer when not given."""
    obstacle_post_buffer: float | None = setting(None, group="senses and gate", low=0.0, high=2.0, unit="m")
    """The same after the step only; obstacle_buffer when not given."""
    gate_acc_scale: float = setting(3.0, group="senses and gate", low=0.01, high=100.0, unit="m/s²")
    """Acceleration beyond gravity that adds 1 to the proprio gate's score."""
    gate_gyro_scale: float = setting(3.0, group="senses and gate", low=0.01, high=100.0, unit="rad/s")
    """Rotation rate that adds 1 to the proprio gate's score."""
    gate_stall_scale: float = setting(2.0, group="senses and gate", low=0.01, high=1000.0, unit="N m s/rad")
    """Stall (wheel torque over wheel speed) that adds 1 to the proprio gate's score."""
    gate_bias: float = setting(1.0, group="senses and gate", low=-10.0, high=10.0)
    """Score at which the proprio gate is half open."""
    gate_smooth: float = setting(0.5, group="senses and gate", low=0.01, high=10.0)
    """How gradually the proprio gate opens around its bias."""

    forward_weight: float = setting(1.0, group="reward", low=0.0, high=10.0, unit="1/(m/s)")
    """Pay per metre per second of forward speed."""
    alive_bonus: float = setting(0.05, group="reward", low=0.0, high=5.0, unit="1/step")
    """Pay for every step not ended."""
    control_cost: float = setting(1e-3, group="reward", low=0.0, high=1.0, unit="1/(N m)²", log=True)
    """Price of the summed squares of the eight motor torques."""
    extension_penalty: float = setting(1e-3, group="reward", low=0.0, high=10.0, unit="1/rad²", log=True)
    """Price of the legs' mean squared distance from the pose that the gate asks for."""
    post_success_penalty: float = setting(0.0, group="reward", low=0.0, high=10.0, unit="1/rad²", log=True)
    """Price of the legs' mean squared distance from the retract pose, once the step is passed."""
    success_bonus: float = setting(1.0, group="reward", low=0.0, high=1000.0)
    """Paid once, in the step that reaches success_x."""
    success_x: float | None = setting(None, group="reward", low=-10.0, high=100.0, unit="m")
    """Where the obstacle counts as passed; beyond the step's far edge when not given."""
    auto_retract: bool = setting(True, group="reward")
    """Fold towards whichever joint limit leaves the robot's lowest point higher; the low limit when off."""
    retract_angle: float | None = setting(None, group="reward", low=-1.047, high=3.427, unit="rad")
    """Leg angle that counts as retracted; overrides auto_retract."""
    extend_mode: ExtendMode = setting("auto", group="reward")
    """Which pose the open gate asks for: the limit opposite the retract pose, or the middle of the range."""
    extend_angle: float | None = setting(None, group="reward", low=-1.047, high=3.427, unit="rad")
    """Leg angle that counts as extended; overrides extend_mode."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step_height_max is not None and self.step_height_max < self.step_height:
            raise ConfigError(
                f"step_height_max = {self.step_height_max:g} is below step_height = {self.step_height:g}: "
                "give the larger height as step_height_max."
            )
        if self.scene != "step" and self.step_height_max is not None:
            raise ConfigError(
                f"step_height_max = {self.step_height_max:g} has no effect in scene = {self.scene!r}: use scene 'step'."
            )


@dataclass(frozen=True)
class PPOConfig(Config):
    """The learner: network size and PPO's settings. Defaults are those of the `recommended` preset."""

    total_timesteps: int = setting(200_000, group="learner", low=1, high=10**10, unit="steps", log=True)
    """Control steps of all robots together after which training ends."""
    num_envs: int = setting(64, group="learner", low=1, high=4096, unit="robots", log=True)
    """Robots that collect experience side by side."""
    rollout_steps: int = setting(32, group="learner", low=2, high=4096, unit="steps", log=True)
    """Control steps that every robot takes between two updates."""
    stagger: bool = setting(True, group="learner")
    """Let the first episodes end one after the other, so that the robots are not all at the same place ever after."""
    epochs: int = setting(2, group="learner", low=1, high=50)
    """Passes over the collected experience per update."""
    minibatches: int = setting(4, group="learner", low=1, high=64)
    """Groups of robots (whole sequences) that one pass is divided into."""
    learning_rate: float = setting(1e-3, group="learner", low=1e-6, high=1e-1, log=True)
    """Adam's step size."""
    anneal_lr: bool = setting(True, group="learner")
    """Let the step size fall linearly to zero over the training."""
    target_kl: float | None = setting(None, group="learner", low=1e-4, high=1.0, log=True)
    """If given, steps are shortened while updates change the policy more than this, and lengthened again after."""
    gamma: float = setting(0.99, group="learner", low=0.0, high=1.0)
    """Discount: how much a reward one step later counts."""
    gae_lambda: float = setting(0.95, group="learner", low=0.0, high=1.0)
    """Bias against variance in the advantage estimate."""
    clip_coef: float = setting(0.2, group="learner", low=0.01, high=1.0)
    """How far the probability ratio may move before its gain is cut off."""
    ent_coef: float = setting(0.0, group="learner", low=0.0, high=1.0, log=True)
    """Weight of the entropy bonus."""
    vf_coef: float = setting(0.5, group="learner", low=0.0, high=10.0)
    """Weight of the value loss."""
    max_grad_norm: float = setting(0.5, group="learner", low=1e-3, high=1000.0)
    """Gradients longer than this are shortened to it."""
    normalize_advantages: bool = setting(True, group="learner")
    """Scale the advantages of every minibatch to mean 0 and standard deviation 1."""
    normalize_observations: bool = setting(True, group="learner")
    """Scale observations by their running mean and standard deviation."""
    bootstrap_truncation: bool = setting(True, group="learner")
    """Value what lies beyond a time limit, instead of treating it as the end of the world."""
    curriculum_start: float | None = setting(None, group="learner", low=0.0, high=0.2, unit="m")
    """If given, drawn steps are at first no higher than this; the limit rises with success up to step_height_max."""
    curriculum_rise: float = setting(0.0025, group="learner", low=0.0005, high=0.05, unit="m")
    """How far that limit rises at a time, once four in five of the robots before it pass."""
    # At most the share at which the limit rises: it cannot do both.
    curriculum_retreat: float = setting(0.0, group="learner", low=0.0, high=0.8)
    """Share of passed steps below which that limit falls back, by as much as it rises; 0: it never does."""
    validate_every: int = setting(0, group="learner", low=0, high=100_000, unit="updates")
    """In the second half, try the policy without noise every so many updates and keep the best; 0 keeps the last."""
    keep_carry: bool = setting(True, group="learner")
    """Keep the LSTM's state from one rollout to the next, instead of zeroing it in mid-episode."""
    mlp_size: int = setting(64, group="learner", low=1, high=1024, log=True)
    """Width of the dense layers before and after the LSTM."""
    hidden_size: int = setting(64, group="learner", low=1, high=2048, log=True)
    """Width of the LSTM."""
    log_std_init: float = setting(0.0, group="learner", low=-5.0, high=2.0)
    """Logarithm of the exploration noise's standard deviation at the start."""
    log_std_final: float | None = setting(-1.2, group="learner", low=-5.0, high=2.0)
    """If given, the noise is not learned: a third of the training at log_std_init, a third falling, a third at this."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_envs % self.minibatches:
            raise ConfigError(
                f"minibatches = {self.minibatches} does not divide num_envs = {self.num_envs}: "
                "minibatches hold whole robots, so choose a divisor."
            )


@dataclass(frozen=True)
class TrainConfig:
    """Everything one training run needs; saved with it."""

    env: EnvConfig = dataclasses.field(default_factory=EnvConfig)
    ppo: PPOConfig = dataclasses.field(default_factory=PPOConfig)
    seed: int = setting(0, group="learner", low=0, high=MAX_SEED)
    """Seed of robots, network and noise; the same seed gives the same run."""
    preset: str = "original"
    """The preset that this configuration started from; a label, which in an old file need not be one of ours."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", checked_seed(self.seed))
        if not isinstance(self.preset, str):
            raise ConfigError(f"preset = {shown(self.preset)} is not allowed: give a preset's name.")
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

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values, nested as the dataclasses are."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of to_dict; raises ConfigError on unknown fields and values that are not allowed."""
        for part in (data, data.get("env", {}), data.get("ppo", {})) if isinstance(data, dict) else (data,):
            if not isinstance(part, dict):
                raise ConfigError(f"a configuration is a table of settings, not {shown(part)}.")
        refuse_unknown(data, field_names(cls))
        env = EnvConfig.from_settings(**data.get("env", {}))
        ppo = PPOConfig.from_settings(**data.get("ppo", {}))
        return cls(env, ppo, **{k: v for k, v in data.items() if k in ("seed", "preset")})


def all_settings() -> dict[str, Setting]:
    """Every setting of environment and learner by its flat name, in the order of their fields, and the seed."""
    return settings_of(EnvConfig) | settings_of(TrainConfig) | settings_of(PPOConfig)


def checked_seed(seed: Any, highest: int = MAX_SEED) -> int:
    """The seed as a plain int; raises ConfigError if it is none."""
    if not (is_number(seed, int) and 0 <= seed <= highest):
        raise ConfigError(f"seed = {shown(seed)} is not allowed: give a whole number from 0 to {highest}.")
    return int(seed)
