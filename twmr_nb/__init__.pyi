"""The public names, and where each comes from."""

from . import course as course
from . import plot as plot
from . import robot as robot
from .config.presets import preset as preset
from .config.schema import ConfigError as ConfigError
from .config.schema import EnvConfig as EnvConfig
from .config.schema import PPOConfig as PPOConfig
from .config.schema import TrainConfig as TrainConfig
from .draw.film import still as still
from .draw.film import video as video
from .episodes.evaluate import evaluate as evaluate
from .episodes.evaluate import sweep as sweep
from .episodes.intervals import rate_difference as rate_difference
from .episodes.intervals import wilson_interval as wilson_interval
from .episodes.plan import plan as plan
from .episodes.rollout import Rollout as Rollout
from .episodes.rollout import load_rollout as load_rollout
from .episodes.rollout import record as record
from .episodes.rollout import record_many as record_many
from .episodes.worlds import world as world
from .lab.experiment import compare as compare
from .lab.experiment import variant as variant
from .policies.planner import Planner as Planner
from .policies.protocol import Policy as Policy
from .policies.saved import SavedPolicy as SavedPolicy
from .policies.saved import load_policy as load_policy
from .policies.saved import shipped_policies as shipped_policies
from .policies.scripted import ConstantPolicy as ConstantPolicy
from .runs.run import Run as Run
from .runs.run import open_run as open_run
from .runs.run import train as train
from .task.env import TwmrEnv as TwmrEnv
from .task.rewards import REWARD_TERMS as REWARD_TERMS
from .task.rewards import RewardTerm as RewardTerm
from .task.rewards import reward_term as reward_term
from .task.transition import Transition as Transition
from .ui.gate_explorer import GateExplorer as GateExplorer
from .ui.panel import TrainingPanel as TrainingPanel
from .ui.policy_browser import PolicyBrowser as PolicyBrowser
from .ui.pose_explorer import PoseExplorer as PoseExplorer
from .ui.replay import Replay as Replay
from .ui.reward_explorer import RewardExplorer as RewardExplorer
from .ui.runs import Runs as Runs

__all__: list[str]
