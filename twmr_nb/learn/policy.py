"""What a policy consists of, as plain data; it is read and told apart without JAX, which takes seconds to import."""

from typing import Any, NamedTuple

Array = Any  # of JAX or NumPy
Params = dict[str, Any]

ACTION_SIZE = 8


class Mirror(NamedTuple):
    """A symmetry of robot and world: for each column the one that it is the image of, and 1 or -1, its sign there."""

    obs: tuple[tuple[int, int], ...]
    action: tuple[tuple[int, int], ...]


class Normalizer(NamedTuple):
    """Running mean and variance of the observations, over everything seen so far (Chan et al. 1979)."""

    mean: Array  # [D]
    var: Array  # [D]
    samples: Array  # []


class PolicyParams(NamedTuple):
    """All that is needed to act: network parameters, the noise's log standard deviation [A], the normaliser."""

    params: Params
    log_std: Array
    normalizer: Normalizer
