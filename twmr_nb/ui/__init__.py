"""What people see and touch in a notebook: one widget per file."""

from twmr_nb.ui.gate_explorer import GateExplorer
from twmr_nb.ui.live import LiveView, live_view
from twmr_nb.ui.panel import TrainingPanel
from twmr_nb.ui.policy_browser import PolicyBrowser
from twmr_nb.ui.pose_explorer import PoseExplorer
from twmr_nb.ui.reward_explorer import RewardExplorer

__all__ = [
    "GateExplorer",
    "LiveView",
    "PolicyBrowser",
    "PoseExplorer",
    "RewardExplorer",
    "TrainingPanel",
    "live_view",
]
