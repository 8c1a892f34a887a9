"""What makes a dataclass a configuration: bounded fields, validation in clear sentences, documented names."""

import ast
import dataclasses
import difflib
import functools
import inspect
import itertools
import textwrap
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from twmr_nb.markup import shown
from twmr_nb.types import ConfigError

NEAR = 0.7  # how alike two names must be for the one to be a slip of the other; 1: the same


def setting(
    default: Any, *, group: str, low: float | None = None, high: float | None = None, unit: str = "", log: bool = False
) -> Any:
    """A dataclass field with its panel, inclusive bounds, a unit, and whether its slider is logarithmic."""
    meta = {"group": group, "low": low, "high": high, "unit": unit, "log": log}
    return dataclasses.field(default=default, metadata=meta)


@dataclass(frozen=True)
class Setting:
    """One setting: its name, what it may be, and its words."""

    name: str
    group: str
    """The panel that it belongs to."""
    doc: str
    kind: type
    default: Any
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    log: bool = False
    """Whether its slider is logarithmic."""
    words: tuple[str, ...] = ()
    """What to choose from."""
    optional: bool = False
    """May be None: chosen automatically."""

    @property
    def allowed(self) -> str:
        """What to give for it, as the end of a sentence."""
        if self.words:
            return "choose " + ", ".join(map(repr, self.words))
        if self.kind is bool:
            return "choose True or False"
        number = "a whole number" if self.kind is int else "a number"
        return f"give {number} from {self.low:g} to {self.high:g} {self.unit}".rstrip() + " or None" * self.optional

    def allows(self, value: Any) -> bool:
        if value is None:
            return self.optional
        if self.words:
            return value in self.words
        if self.kind is bool:
            return isinstance(value, bool)
        return is_number(value, self.kind) and self.low <= value <= self.high

    def checked(self, value: Any) -> Any:
        """The value in the setting's type; raises ConfigError if it is of another kind or out of bounds."""
        if not self.allows(value):
            raise ConfigError(f"{self.name} = {shown(value)} is not allowed: {self.allowed}.")
        return value if value is None else self.kind(value)


@dataclass(frozen=True)
class Config:
    """Common behaviour: validation when built, plain-dict round trip, flat names that refuse unknown ones."""

    part: ClassVar[str]
    """Whose settings these are."""

    def __new__(cls, /, *args: Any, **settings: Any) -> Self:
        refuse_unknown(settings, field_names(cls))
        return super().__new__(cls)

    def __post_init__(self) -> None:
        cls: type = type(self)
        for name, setting in settings_of(cls).items():
            object.__setattr__(self, name, setting.checked(getattr(self, name)))

    def replace(self, **settings: Any) -> Self:
        """A copy with some fields changed, validated like a new one."""
        return dataclasses.replace(self, **settings)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values, one per field."""
        return dataclasses.asdict(self)


def field_names(cls: type) -> list[str]:
    return [f.name for f in dataclasses.fields(cls)]


def refuse_unknown(given: Iterable[str], known: list[str]) -> None:
    """Raise ConfigError on the first name that is not known, with the nearest one that is, or the part that has it."""
    for name in given:
        if name not in known:
            if owner := next((cls for cls in Config.__subclasses__() if name in field_names(cls)), None):
                raise ConfigError(f"{name!r} is a setting of {owner.part}: it has no place here.")
            near = difflib.get_close_matches(str(name), known, n=1, cutoff=NEAR)
            hint = f"did you mean {near[0]!r}?" if near else "`twmr train --help` lists all there are."
            raise ConfigError(f"unknown setting {shown(name)}; {hint}")


@functools.cache
def field_types(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


@functools.cache
def field_docs(cls: type) -> dict[str, str]:
    """The docstring underneath each field, read from the class's source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body  # type: ignore[attr-defined]
    return {
        ast.unparse(field.target): ast.literal_eval(doc.value)
        for field, doc in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr)
    }


@functools.cache
def settings_of(cls: type) -> dict[str, Setting]:
    """The settings among the fields of a dataclass, by name."""
    found, docs = {}, field_docs(cls)
    for field in dataclasses.fields(cls):
        if field.metadata:
            name, kind = field.name, field_types(cls)[field.name]
            how = {k: v for k, v in field.metadata.items() if v is not None}
            if typing.get_origin(kind) is Literal:
                how["words"], kind = typing.get_args(kind), str
            elif isinstance(kind, types.UnionType):  # with None
                how["optional"], kind = True, typing.get_args(kind)[0]
            found[name] = Setting(name, doc=docs[name], kind=kind, default=field.default, **how)
    return found


def is_number(value: Any, kind: type) -> bool:
    """Whether value can stand for a number of this kind: 3.0 is a whole number, True and "3" are not."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        return False
    try:
        number = float(value)
        return kind is float or number.is_integer()
    except (TypeError, ValueError, OverflowError):  # an array; a number beyond all bounds
        return False
