"""What a terminal of this system takes: advice that can be pasted. On Windows that is PowerShell."""

import sys


def unset(*names: str) -> str:
    """The line that takes variables out of the environment."""
    if sys.platform == "win32":
        return "; ".join(f"Remove-Item Env:{name}" for name in names)
    return f"unset {' '.join(names)}"


def export(name: str, value: str) -> str:
    """The line that puts a variable into the environment; the value as it is typed, ~ and all."""
    return f'$env:{name} = "{value}"' if sys.platform == "win32" else f"export {name}={value}"
