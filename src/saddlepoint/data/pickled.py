"""Plain values out of a pickle, without ever running one.

A pickle is a program, and Python's own reader imports and calls whatever it names. This one reads the same opcodes
and can build containers, strings, numbers and arrays of whole numbers; it has no way to call anything else.
"""

from __future__ import annotations

import math
import pickletools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from saddlepoint.errors import UserError

NUMBERS = re.compile(r"[|<>=]?[ui][1248]")  # dtypes of arrays that we build

VALUES = frozenset(
    {"NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
SINGLETONS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
SKIPPED = frozenset({"PROTO", "FRAME", "STOP"})


class RefusedError(Exception):
    """The pickle asks for something that plain data has no need of; the message says what."""


class _Type:
    """A numpy dtype under construction."""

    def __init__(self, name: Any, *_: Any) -> None:
        if not NUMBERS.fullmatch(_text(name)):
            raise RefusedError(f"an array of the type {_text(name)!r}")
        self.dtype = np.dtype(_text(name))

    def build(self, state: Any) -> _Type:
        if _text(state[1]) not in ("<", ">", "=", "|"):
            raise ValueError("an unknown byte order")
        self.dtype = self.dtype.newbyteorder(state[1])
        return self


class _Array:
    """A numpy array under construction: made empty, then given its state."""

    def __init__(self, *_: Any) -> None:
        self.values: Any = None

    def build(self, state: Any) -> Any:
        _, shape, kind, by_column, content = state
        self.values = _array(content, kind, shape, "F" if by_column else "C")
        return self.values


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected, and this is none")
    return value


def _array(content: Any, kind: Any, shape: Any, order: Any) -> Any:
    if isinstance(content, str):  # Python 2 wrote bytes as its `str`
        content = content.encode("latin-1")
    if not isinstance(kind, _Type) or any(type(n) is not int or n < 0 for n in shape) or order not in ("C", "F"):
        raise ValueError("an array of no known layout")
    if math.prod(shape) * kind.dtype.itemsize != len(content):
        raise ValueError("an array whose shape and content do not agree")
    return np.frombuffer(content, kind.dtype).reshape(shape, order=order)


def _encoded(text: Any, encoding: Any) -> bytes:
    if _text(encoding) not in ("latin1", "latin-1"):
        raise RefusedError(f"text encoded as {encoding!r}")
    return _text(text).encode("latin-1")


# What stands in for each name that a pickle of plain arrays holds. `numpy.ndarray` is only ever an argument.
STAND_INS: dict[str, Callable[..., Any] | None] = {
    "numpy.ndarray": None,
    "numpy.dtype": _Type,
    "numpy.core.multiarray._reconstruct": _Array,
    "numpy.core.numeric._frombuffer": _array,
    "_codecs.encode": _encoded,
}


class _Global:
    def __init__(self, module: str, name: str) -> None:
        full = f"{module}.{name}"
        known = full.replace("numpy._core.", "numpy.core.")
        if known not in STAND_INS:
            raise RefusedError(f"the Python object {full}")
        self.stand_in = STAND_INS[known]


def read_pickle(content: bytes, title: str) -> Any:
    """The containers, strings, whole numbers and arrays of whole numbers in a pickle of protocol 2 to 5.

    Bytes strings of Python 2 come as str, one character a byte.

    Raises:
        UserError: damaged, or it holds anything else; nothing of it was run.
    """
    try:
        return _Machine().run(content)
    except RefusedError as refused:
        raise UserError(
            f"{title} is a pickle that holds {refused}, which is no plain data: nothing of it was run."
        ) from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise UserError(f"{title} is no readable pickle of plain data: {error}.") from error


class _Machine:
    """The stack and memo of a pickle being read. `outer` are the stacks below each mark."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name in VALUES:
                self.stack.append(SINGLETONS.get(opcode.name, argument))
            elif opcode.name in TUPLES:
                at = len(self.stack) - TUPLES[opcode.name]
                self.stack[at:] = [tuple(self.stack[at:])]
            elif opcode.name not in SKIPPED:
                act = ACTIONS.get(opcode.name)
                if act is None:
                    raise RefusedError(f"the instruction {opcode.name}")
                act(self, argument)
        (result,) = self.stack
        return result

    def top(self, kind: type[Any]) -> Any:
        if type(self.stack[-1]) is not kind:
            raise RefusedError(f"items for a {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    def since_mark(self) -> list[Any]:
        values, self.stack = self.stack, self.outer.pop()
        return values

    def mark(self, _: Any) -> None:
        self.outer.append(self.stack)
        self.stack = []

    def empty_dict(self, _: Any) -> None:
        self.stack.append({})

    def empty_list(self, _: Any) -> None:
        self.stack.append([])

    def empty_tuple(self, _: Any) -> None:
        self.stack.append(())

    def tuple(self, _: Any) -> None:
        values = tuple(self.since_mark())
        self.stack.append(values)

    def append(self, _: Any) -> None:
        self.extend_last([self.stack.pop()])

    def appends(self, _: Any) -> None:
        self.extend_last(self.since_mark())

    def extend_last(self, values: list[Any]) -> None:
        self.top(list).extend(values)

    def set_item(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.update_last([key, value])

    def set_items(self, _: Any) -> None:
        self.update_last(self.since_mark())

    def update_last(self, pairs: list[Any]) -> None:
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, str | bytes | int):  # the hash of nested tuples could take for ever
                raise RefusedError(f"a dictionary key that is a {type(key).__name__}")
            self.top(dict)[key] = value

    def put(self, slot: Any) -> None:
        self.memo[slot] = self.stack[-1]

    def memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, slot: Any) -> None:
        value = self.memo[slot]  # an array was noted before it was given its values
        self.stack.append(value.values if isinstance(value, _Array) and value.values is not None else value)

    def find_global(self, names: Any) -> None:
        self.stack.append(_Global(*names.split(" ", 1)))

    def find_stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_Global(_text(module), _text(name)))

    def reduce(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, _Global) or function.stand_in is None:
            raise RefusedError("a call of what is no function")
        self.stack.append(function.stand_in(*arguments))

    def build(self, _: Any) -> None:
        state, made = self.stack.pop(), self.stack.pop()
        if not isinstance(made, _Type | _Array):
            raise RefusedError(f"a state for a {type(made).__name__}")
        self.stack.append(made.build(state))


ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "EMPTY_DICT": _Machine.empty_dict,
    "EMPTY_LIST": _Machine.empty_list,
    "EMPTY_TUPLE": _Machine.empty_tuple,
    "TUPLE": _Machine.tuple,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": _Machine.find_global,
    "STACK_GLOBAL": _Machine.find_stack_global,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
}
