"""What a function does, as a digest: two that could give different numbers never share one.

A function is described by its code, defaults, closure, attributes and the globals it reads, all the way down; what
comes from a library by its name and version. What cannot be told apart raises Untellable, whose message names it.
"""

import builtins
import collections
import datetime
import decimal
import dis
import enum
import fractions
import functools
import hashlib
import importlib.metadata
import json
import operator
import pathlib
import platform
import re
import site
import sys
import sysconfig
import types
from collections.abc import Callable
from typing import Any

import numpy as np

Description = Any  # lists, texts and numbers, ready for JSON
PACKAGE = pathlib.Path(__file__).parents[1]
TEXTUAL = (
    int, complex, str, bytes, range, decimal.Decimal, fractions.Fraction, datetime.date, datetime.time,
    datetime.datetime, datetime.timedelta, type(None), type(...), type(NotImplemented),
    pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath,
)  # fmt: skip
SLOT = (
    types.WrapperDescriptorType | types.MethodDescriptorType | types.GetSetDescriptorType | types.MemberDescriptorType
)
READ = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
WRITTEN = {"STORE_GLOBAL", "DELETE_GLOBAL"}
ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}
NOTHING = {"CACHE", "EXTENDED_ARG"}
HEAP_TYPE = 1 << 9  # a flag of classes made by a class statement, and of some written in C
POINTER = 8  # bytes
BOOKKEEPING = re.compile(
    r"__(dict|weakref|doc|module|annotations|annotate_?\w*|firstlineno|static_attributes|dataclass_\w+|match_args"
    r"|orig_bases|parameters)__|_abc_(impl|registry|cache|negative_cache|negative_cache_version)"
)
# What answers differently without being asked differently.
IMPURE_MODULES = {
    "codecs", "contextvars", "ctypes", "fileinput", "gc", "importlib", "inspect", "io", "mmap", "nt", "os", "pathlib",
    "pickle", "posix", "random", "secrets", "shelve", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "uuid", "zipfile",
}  # fmt: skip
IMPURE = {
    "builtins": {"__import__", "compile", "eval", "exec", "globals", "input", "locals", "open", "vars"},
    "numpy": {"fromfile", "fromregex", "genfromtxt", "load", "loadtxt", "memmap"},
}
IMPURE_ATTRIBUTES = {"__annotations__", "now", "read_bytes", "read_text", "setflags", "today", "utcnow", "writeable"}


class Untellable(Exception):
    """Something whose behaviour cannot be described; the message names it."""


def digest(description: Description) -> str:
    """SHA-256 of a description, as 64 hexadecimal digits; floats count to the last digit."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def behaviour(fn: Callable[..., Any]) -> str:
    """The digest of what a function does now; raises Untellable."""
    try:
        return digest(Describer().of(fn))
    except Untellable:
        raise
    except Exception as error:  # whatever a value of the user's does when it is looked at, or nests too deeply
        raise Untellable(f"something that cannot be looked into ({type(error).__name__}: {error})") from error


class Describer:
    """Describes values by what they do. Each is met once: what refers to itself ends there."""

    def __init__(self) -> None:
        self.met: dict[int, Description] = {}
        self.kept: list[Any] = []  # alive, so that no id is given twice

    def of(self, value: Any, name: str = "") -> Description:
        """name: how the code calls the value, for the message of Untellable."""
        if type(value) in (bool, float, np.ndarray) or isinstance(value, np.generic):
            return self.number(value, name)
        if type(value) in TEXTUAL:
            return [type(value).__name__, repr(value)]
        if id(value) not in self.met:
            self.met[id(value)] = ["again", len(self.kept)]
            self.kept.append(value)
            self.met[id(value)] = digest(self.compound(value, name or words(value)))
        return self.met[id(value)]

    def number(self, value: Any, name: str) -> Description:
        """Truth values, floats and arrays, with their type, to the last bit."""
        if type(value) in (bool, float):
            return [type(value).__name__, float(value).hex()]
        array = np.asarray(value)
        if array.dtype.hasobject:
            return ["objects", list(array.shape), [self.of(v, name) for v in array.ravel().tolist()]]
        content = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
        layout = [list(array.shape), list(array.strides), array.flags.writeable]  # the order decides how a sum rounds
        return [type(value).__name__, dtype_words(array.dtype), layout, content]

    def compound(self, value: Any, name: str) -> Description:
        """All that holds other values."""
        kind = type(value).__name__
        match value:
            case types.ModuleType():
                return self.library(value, value) or refuse(value, name)
            case type():
                return self.library(value) or self.kind(value)
            case types.FunctionType():
                return self.library(value) or self.function(value)
            case types.CodeType():
                return self.code(value)
            case types.CellType():
                return self.cell(value, name)
            case types.MethodType():
                return [kind, self.of(value.__func__, name), self.of(value.__self__, name)]
            case types.BuiltinFunctionType() | types.MethodWrapperType():
                return self.builtin(value, name)
            case _ if isinstance(value, SLOT):
                return [kind, self.of(value.__objclass__), value.__name__]
            case np.ufunc():
                return self.ufunc(value, name)
            case functools.partial():
                parts = (value.func, value.args, value.keywords)
                return [*self.kin(value, name), [self.of(part, name) for part in parts]]
            case slice():
                return [kind, [self.of(part, name) for part in (value.start, value.stop, value.step)]]
            case re.Pattern():
                return [kind, self.of(value.pattern, name), value.flags]
            case np.dtype():
                return [kind, dtype_words(value)]
            case operator.attrgetter() | operator.itemgetter() | operator.methodcaller():
                return [kind, self.of(value.__reduce__(), name)]
            case _ if kind == "_tuplegetter":  # a field of a named tuple
                return [kind, self.of(value.__reduce__()[1], name)]
            case staticmethod() | classmethod() | property() | functools.cached_property():
                inner = ("__func__", "fget", "fset", "fdel", "func")
                return [self.of(type(value)), [self.of(getattr(value, part, None), name) for part in inner]]
            case enum.Enum():
                held = {k: v for k, v in vars(value).items() if not (k.startswith("_") and k.endswith("_"))}
                return [kind, self.of(type(value)), value.name, self.of(value.value, name), self.of(held, name)]
            case list() | tuple() | collections.deque():
                most = getattr(value, "maxlen", None)
                return [*self.kin(value, name), most, [self.of(v, f"{name}[{i}]") for i, v in enumerate(value)]]
            case set() | frozenset():
                return [*self.kin(value, name), sorted(json.dumps(self.of(v, name)) for v in value)]
            case dict() | types.MappingProxyType():
                pairs = [[self.of(k, name), self.of(v, f"{name}[{k!r}]")] for k, v in value.items()]
                return [*self.kin(value, name), pairs, self.of(getattr(value, "default_factory", None), name)]
            case np.ndarray():
                return [*self.kin(value, name), self.number(value.view(np.ndarray), name)]
        return self.instance(value, name)

    def kin(self, value: Any, name: str) -> list[Description]:
        """The class of a container, and what an object of a class derived from one holds besides."""
        slots = {s: getattr(value, s) for c in type(value).__mro__ for s in slot_names(c) if hasattr(value, s)}
        return [self.of(type(value)), self.of(getattr(value, "__dict__", None), name), self.of(slots or None, name)]

    def function(self, fn: types.FunctionType) -> Description:
        """A function by its code and all that the code can reach."""
        cells = [self.cell(c, f"`{n}`") for n, c in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True)]
        attributes = {k: v for k, v in vars(fn).items() if k != "__annotations__"}
        held = [self.of(part) for part in (fn.__defaults__, fn.__kwdefaults__, attributes)]
        return ["function", fn.__name__, fn.__qualname__, self.code(fn.__code__), *held, cells, self.used(fn)]

    def code(self, code: types.CodeType) -> Description:
        """Instructions and constants, without file and line numbers."""
        constants = [self.code(c) if isinstance(c, types.CodeType) else self.of(c) for c in code.co_consts]
        names = [list(n) for n in (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)]
        counts = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
        return ["code", code.co_code.hex(), code.co_exceptiontable.hex(), constants, names, counts]

    def cell(self, cell: types.CellType, name: str) -> Description:
        try:
            value = cell.cell_contents
        except ValueError:
            return ["cell, not filled yet"]
        return ["cell", self.of(value, name)]

    def used(self, fn: types.FunctionType) -> Description:
        """The globals that a function reads, as they are now; of modules only what it takes from them."""
        found: list[Description] = []
        for chain in sorted(reads(fn.__code__)):
            name, *attributes = chain
            if name not in fn.__globals__ and not hasattr(builtins, name):
                found.append([name, "missing"])
                continue
            value = fn.__globals__.get(name, getattr(builtins, name, None))
            while isinstance(value, types.ModuleType) and attributes and hasattr(value, attributes[0]):
                name, value = f"{name}.{attributes[0]}", getattr(value, attributes.pop(0))
            found.append([name, self.of(value, f"`{name}`")])
        return found

    def builtin(self, fn: Any, name: str) -> Description:
        """A function written in C: by its name, or as a method of its object."""
        owner = fn.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            return self.library(fn) or refuse(fn, name)
        return ["method", fn.__name__, self.of(owner, name)]

    def ufunc(self, fn: np.ufunc, name: str) -> Description:
        """One of a library by its name; one made of a Python function cannot be looked into."""
        places = [np, sys.modules.get("scipy.special")]
        place = next((p for p in places if p and getattr(p, fn.__name__, None) is fn), None)
        return self.library(fn, place) if place else refuse(fn, name)

    def kind(self, cls: type) -> Description:
        """A class by its bases and its members."""
        members = {k: v for k, v in vars(cls).items() if not BOOKKEEPING.fullmatch(k)}
        contents = [[k, self.of(v, f"{cls.__name__}.{k}")] for k, v in sorted(members.items())]
        return ["class", cls.__qualname__, self.of(type(cls)), [self.of(b) for b in cls.__bases__], contents]

    def instance(self, value: Any, name: str) -> Description:
        """An object written in Python by its class and contents; an array of another library by its numbers."""
        if library := self.library(value):  # a function of a library that is no function for Python
            return library
        cls = type(value)
        inner = getattr(value, "__wrapped__", None)
        if callable(inner) and not is_plain(cls, []):  # a cache, or a compiled function: what it once read, it keeps
            if frozen := read_values(inner):
                raise Untellable(f"`{frozen}` in a cached or compiled function, which would keep its old value")
            return ["wrapped", cls.__name__, self.of(inner, name)]
        filled = {k for c in cls.__mro__ for k, v in vars(c).items() if isinstance(v, functools.cached_property)}
        array = self.of(np.asarray(value), name) if hasattr(value, "__array__") else None
        slots = [s for c in cls.__mro__ for s in slot_names(c)]
        if is_plain(cls, slots) and (hasattr(value, "__dict__") or slots):
            held = {s: getattr(value, s) for s in slots if hasattr(value, s)} | getattr(value, "__dict__", {})
            held = {k: v for k, v in held.items() if k not in filled}
            contents = [[k, self.of(v, f"{name}.{k}")] for k, v in sorted(held.items())]
            return ["object", self.of(cls), contents, array]
        return ["array", cls.__name__, array] if array else refuse(value, name)

    def library(self, value: Any, module: types.ModuleType | None = None) -> Description | None:
        """What a library holds under a name, by that name and the library's version; None for all else."""
        module = module or sys.modules.get(str(getattr(value, "__module__", None) or ""))
        version = library_version(module) if module else None
        if module is None or version is None:
            return None
        path = "" if value is module else str(getattr(value, "__qualname__", getattr(value, "__name__", "")))
        top = module.__name__.partition(".")[0].lstrip("_")  # Python's own, where written in C, are _io and the like
        random = module.__name__.startswith("numpy.random")
        if top in IMPURE_MODULES or random or path in IMPURE.get(top, ()):
            refuse(value, f"`{top}.{path}`".replace(".`", "`"))
        named: Any = module
        for part in path.split("."):
            named = getattr(named, part, None)
        if value is not module and (not path or named is not value):
            return None  # made by a library, such as a closure: by what it does
        return ["library", module.__name__, path, version]


def refuse(value: Any, name: str) -> Any:
    raise Untellable(f"{name} (a {type(value).__name__})")


def words(value: Any) -> str:
    name = getattr(value, "__name__", None)
    return f"`{name}`" if name else f"an object of {type(value).__name__}"


def reads(code: types.CodeType) -> set[tuple[str, ...]]:
    """The globals that code and the functions inside it read, each with the attributes taken from it at once.

    Raises Untellable for a function that changes a global, and so remembers, or that imports.
    """
    chains: set[tuple[str, ...]] = set()
    chain: tuple[str, ...] = ()
    for step in dis.get_instructions(code):
        if step.opname in WRITTEN:
            raise Untellable(f"`global {step.argval}`, which it changes")
        if step.argval in IMPURE_ATTRIBUTES and step.opname in ATTRIBUTE | {"STORE_ATTR"}:
            raise Untellable(f"`.{step.argval}`")
        if step.opname == "IMPORT_NAME":
            raise Untellable(f"`import {step.argval}` inside the function (import it outside)")
        if chain and step.opname in ATTRIBUTE:
            chain = (*chain, str(step.argval))
        elif step.opname not in NOTHING:
            chains |= {chain} - {()}
            chain = (str(step.argval),) if step.opname in READ else ()
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return chains.union(*map(reads, inner))


def dtype_words(dtype: np.dtype) -> Description:
    """A type of numbers, its fields with their places included."""
    fields = [[name, dtype_words(kind), *more] for name, (kind, *more) in (dtype.fields or {}).items()]
    base, shape = dtype.subdtype or (None, ())
    inner = dtype_words(base) if base is not None else None
    return [dtype.str, dtype.itemsize, fields, inner, list(shape), repr(dict(dtype.metadata or {}))]


def read_values(fn: Any, met: tuple[Any, ...] = ()) -> str:
    """The first global that a function, or one that it calls, reads as a value: no function, class or module."""
    if not isinstance(fn, types.FunctionType) or fn in met or library_version(sys.modules[fn.__module__]):
        return ""
    for name, *_ in sorted(reads(fn.__code__)):
        value = fn.__globals__.get(name)
        if name in fn.__globals__ and not callable(value) and not isinstance(value, types.ModuleType):
            return name
        if found := read_values(value, (*met, fn)):
            return found
    return ""


def is_plain(cls: type, slots: list[str]) -> bool:
    """Whether objects of a class keep nothing out of sight: made by class statements, no larger than what is seen."""
    if cls is types.SimpleNamespace:
        return True
    python = all(c is object or c.__flags__ & HEAP_TYPE for c in cls.__mro__)
    ordinary = cls.__new__ is object.__new__ or isinstance(cls.__new__, types.FunctionType)
    most = object.__basicsize__ + POINTER * (len(slots) + 2)  # its dictionary and its weak references
    return python and ordinary and cls.__basicsize__ <= most


def slot_names(cls: type) -> list[str]:
    """A class's own slots, under the names by which they can be read."""
    slots = vars(cls).get("__slots__", ())
    names = [slots] if isinstance(slots, str) else list(slots)
    names = [f"_{cls.__name__.lstrip('_')}{n}" if n.startswith("__") and not n.endswith("__") else n for n in names]
    return [n for n in names if n not in ("__dict__", "__weakref__")]


def library_version(module: types.ModuleType) -> str | None:
    """What says how a module behaves that came with Python, was installed, or is ours; None for the user's own."""
    top = module.__name__.partition(".")[0]
    if top == "__main__":
        return None
    if top == PACKAGE.name:
        return own_version()
    file = getattr(module, "__file__", None)
    if file is not None and not any(pathlib.Path(file).resolve().is_relative_to(f) for f in library_folders()):
        return None
    if top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return platform.python_version()
    names = distributions().get(top)
    return importlib.metadata.version(names[0]) if names else None


@functools.cache
def library_folders() -> tuple[pathlib.Path, ...]:
    """Where Python's own modules and installed packages lie."""
    found = [*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), *site.getsitepackages()]
    return tuple(pathlib.Path(folder).resolve() for folder in [*found, site.getusersitepackages()])


@functools.cache
def distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


@functools.cache
def own_version() -> str:
    """A digest of this package's source texts; the lessons, which an installed package holds, are none of them."""
    sources = [path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(PACKAGE / "lessons")]
    texts = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in sources}
    return digest(texts)
