"""The robot and its world: the MuJoCo model, its poses, its outline."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
