"""The smallest training: two robots, a network of eight, four updates of eight steps, episodes of ten."""

TINY = {
    "num_envs": 2, "minibatches": 1, "rollout_steps": 8, "epochs": 1, "mlp_size": 8, "hidden_size": 8,
    "max_steps": 10, "total_timesteps": 2 * 8 * 4,
}  # fmt: skip
ONE_UPDATE = TINY | {"max_steps": 25, "total_timesteps": 2 * 8}


def as_flags(settings: dict) -> str:
    """Settings as they are typed behind `twmr train`."""
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in settings.items())
