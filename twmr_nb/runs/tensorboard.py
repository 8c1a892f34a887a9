"""A training's log as an event file of TensorBoard, for those who keep all their runs there."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory

from twmr_nb.columns import Columns
from twmr_nb.files import ready_file, write_bytes
from twmr_nb.types import ConfigError

FILE = "events.out.tfevents.0.twmr"  # the same each time: what was written before makes room
AXES = ("update", "num_updates", "global_step", "progress")  # no curves


def write_events(columns: Columns, folder: Path, end: float) -> Path:
    """A scalar of each finite number over global_step; the file is written whole or not at all. Returns its path.

    end: when the last update was done, s since 1970. Raises ConfigError where it cannot be written.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise ConfigError("event files need tensorboardX: pip install 'twmr-nb[tensorboard]'.") from None
    target = ready_file(folder / FILE)
    curves = {name: values.tolist() for name, values in columns.items() if name not in AXES}
    times = end - columns["train_s"][-1:] + columns["train_s"]
    with TemporaryDirectory() as temporary:
        with SummaryWriter(temporary) as writer:
            for row, (step, time) in enumerate(zip(columns["global_step"].tolist(), times.tolist(), strict=True)):
                for name, values in curves.items():
                    if math.isfinite(values[row]):
                        writer.add_scalar(name, values[row], int(step), walltime=time)
        return write_bytes(target, next(Path(temporary).iterdir()).read_bytes())
