"""One robot as a plain gymnasium.Env, for other libraries: gymnasium.make("twmr_nb/Twmr-v0")."""

from collections.abc import Iterable
from typing import Any

import gymnasium
import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from twmr_nb.config.schema import EnvConfig
from twmr_nb.graphics import no_gl
from twmr_nb.task.env import Info, TwmrEnv
from twmr_nb.task.rewards import RewardTerm


class TwmrSingleEnv(gymnasium.Env):
    """A TwmrEnv of one robot without its leading axis; episodes start by reset() only."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}  # noqa: RUF012 (gymnasium declares it so)

    def __init__(
        self,
        config: EnvConfig | None = None,
        extra_terms: Iterable[RewardTerm] = (),
        render_mode: str | None = None,
        width: int = 640,
        height: int = 480,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode = {render_mode!r} is not allowed: choose 'rgb_array' or None.")
        self.batch = TwmrEnv(config, 1, extra_terms, autoreset=False)
        self.observation_space = self.batch.single_observation_space
        self.action_space = self.batch.single_action_space
        self.metadata = self.metadata | {"render_fps": self.batch.metadata["render_fps"]}
        self.render_mode = render_mode
        self._size = (height, width)
        self._renderer: mujoco.Renderer | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[NDArray, Info]:
        """Start an episode: observation [D] and info."""
        super().reset(seed=seed)
        obs, info = self.batch.reset(seed=seed, options=options)
        return obs[0], first(info)

    def step(self, action: ArrayLike) -> tuple[NDArray, float, bool, bool, Info]:
        """One control step with an action [8]."""
        obs, reward, terminated, truncated, info = self.batch.step(np.asarray(action)[None])
        return obs[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), first(info)

    def render(self) -> NDArray[np.uint8] | None:
        """The robot seen by its tracking camera, [height, width, 3]; None without a render mode."""
        if self.render_mode is None:
            return None
        sim = self.batch.sim
        if self._renderer is None:
            try:
                self._renderer = mujoco.Renderer(sim.model, *self._size)
            except (AttributeError, RuntimeError, mujoco.FatalError) as error:  # no GL library, or none that works
                raise RuntimeError(no_gl()) from error
            for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
                self._renderer.scene.flags[flag] = False  # costly without a GPU
        data = mujoco.MjData(sim.model)
        data.qpos[:] = sim.qpos[0]
        mujoco.mj_forward(sim.model, data)
        self._renderer.update_scene(data, camera="track")
        return self._renderer.render()

    def close(self) -> None:
        """Free the renderer, if there is one."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def first(info: Info) -> Info:
    """The first robot's values, as plain scalars."""
    return {k: first(v) if isinstance(v, dict) else v[0].item() for k, v in info.items()}
