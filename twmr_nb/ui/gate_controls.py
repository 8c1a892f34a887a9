"""Controls for the gate and for the poses it asks for: a mode, the parameters that matter in it, the targets."""

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from twmr_nb.config.fields import choices, field_docs
from twmr_nb.config.schema import EnvConfig
from twmr_nb.task.gate import obstacle_buffers
from twmr_nb.ui.sliders import ValueSlider, field_slider

PARAMETERS = {
    "none": (),
    "obstacle": ("obstacle_pre_buffer", "obstacle_post_buffer", "obstacle_smooth"),
    "proprio": ("gate_acc_scale", "gate_gyro_scale", "gate_stall_scale", "gate_bias", "gate_smooth"),
}
BUFFERS = ("obstacle_pre_buffer", "obstacle_post_buffer")
LABELS = {
    "obstacle_pre_buffer": "before step", "obstacle_post_buffer": "after step", "obstacle_smooth": "softness",
    "gate_acc_scale": "impact scale", "gate_gyro_scale": "rotation scale", "gate_stall_scale": "stall scale",
    "gate_bias": "bias", "gate_smooth": "softness",
}  # fmt: skip


class GateControls(w.VBox):
    """Says what was changed through `override(field=value)`; told what to show by `show`."""

    def __init__(self, config: EnvConfig, override: Callable[..., None], targets: bool = True) -> None:
        self.override = override
        self.mode = self._choice("gate_mode", "gate")
        self.extend = self._choice("extend_mode", "open gate asks")
        self.sliders: dict[str, ValueSlider] = {}
        for names in PARAMETERS.values():
            for name in names:
                slider = field_slider(name, effective(config, name), LABELS[name])
                slider.on_move(lambda value, name=name: self._moved(name, value))  # type: ignore[misc]
                self.sliders[name] = slider
        self.parameters = w.VBox()
        self._showing = False
        super().__init__([self.mode, self.parameters, *([self.extend] if targets else [])])
        self.show(config, config)

    def show(self, config: EnvConfig, before: EnvConfig) -> None:
        """Show these settings; the sliders say what they were before."""
        self._showing = True
        self.mode.value, self.extend.value = config.gate_mode, config.extend_mode
        for name, slider in self.sliders.items():
            slider.show(effective(config, name), effective(before, name))
        wanted = tuple(self.sliders[name] for name in PARAMETERS[config.gate_mode])
        if self.parameters.children != wanted:
            self.parameters.children = wanted
        self._showing = False

    def _choice(self, name: str, label: str) -> w.Dropdown:
        box = w.Dropdown(
            options=choices(EnvConfig, name),
            description=label,
            tooltip=field_docs(EnvConfig)[name],
            layout=w.Layout(width="auto"),
            style={"description_width": "100px"},
        )
        box.observe(lambda change: self._moved(name, change["new"]), "value")
        return box

    def _moved(self, name: str, value: Any) -> None:
        if not self._showing:
            self.override(**{name: value})


def effective(config: EnvConfig, name: str) -> float:
    """A gate parameter's value; where a buffer is not given, the common one that stands for it."""
    if name in BUFFERS:
        return obstacle_buffers(config)[BUFFERS.index(name)]
    return float(getattr(config, name))
