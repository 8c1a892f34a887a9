"""Players that report every control step they play: for progress bars, and for stopping."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from twmr_nb.policies.protocol import Policy
from twmr_nb.policies.saved import SavedPolicy


class ReportingPlayer:
    """Any player; calls on_act() before each action. What that raises ends the episode."""

    def __init__(self, player: Policy, on_act: Callable[[], None]) -> None:
        self.player, self.on_act = player, on_act
        self.title, self.saved = getattr(player, "title", ""), getattr(player, "saved", None)

    def reset(self, num_envs: int) -> None:
        self.player.reset(num_envs)

    def act(self, obs: np.ndarray) -> np.ndarray:
        self.on_act()
        return self.player.act(obs)


@dataclass(frozen=True, repr=False)
class ReportingPolicy(SavedPolicy):
    """A saved policy whose players report."""

    on_act: Callable[[], None] = lambda: None

    def player(self, *how: Any, **more: Any) -> ReportingPlayer:  # type: ignore[override]
        return ReportingPlayer(super().player(*how, **more), self.on_act)
