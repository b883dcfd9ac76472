"""JsonLogic compiled once to closures, which then run over any number of responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from surveys.expressions.catalogue import check_call, checked, operation
from surveys.expressions.errors import BadPattern, ExpressionError
from surveys.expressions.limits import Limits, Meter
from surveys.expressions.operators import Function
from surveys.expressions.patterns import compile_pattern
from surveys.expressions.scopes import LOOPS, Run, Scope, lookup, missing, some_missing
from surveys.expressions.values import JsonValue, Value, clean, truthy, words

_Build: TypeAlias = Callable[["_Compiler", Sequence[JsonValue], str, bool], Run]


class Expression:
    """Compiled logic; safe to share between threads.

    ``paths`` are the variables it reads of the data, by their dotted names; those inside map,
    filter and their kin name parts of an item and are not among them. ``is_closed`` says that
    ``paths`` is all there is: false where a name is computed or all data is read at once.
    """

    __slots__ = ("_limits", "_run", "is_closed", "paths", "source")

    def __init__(self, source: JsonValue, limits: Limits) -> None:
        compiler = _Compiler(limits)
        self._run = compiler.build(checked(source, limits), "", False)
        self._limits = limits
        self.source = source
        self.paths = frozenset(compiler.paths)
        self.is_closed = compiler.is_closed

    def evaluate(self, data: Mapping[str, object] | JsonValue) -> Value:
        """The value of the logic over this data; raises ExpressionError and nothing else.

        Every value on the way is JSON: NaN, infinity, division by zero and overflow are null.
        """
        meter = Meter(self._limits)
        value = self._run(data, meter)
        if isinstance(value, list | dict):
            _check_result(value, meter)
        return value


def compile_expression(logic: JsonValue, *, limits: Limits | None = None) -> Expression:
    """Compile logic; raises ExpressionError for what is no logic or beyond its bounds."""
    return Expression(logic, limits or Limits())


class _Compiler:
    """Builds closures, and notes on the way which variables are read."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.paths: set[str] = set()
        self.is_closed = True

    def build(self, logic: JsonValue, path: str, is_inner: bool) -> Run:
        """The closure of a part; ``is_inner`` inside the logic of map and its kin."""
        if isinstance(logic, list):
            return self._listed(logic, path, is_inner)
        call = operation(logic)
        if isinstance(logic, dict) and call is None:
            # Copied, so that who gets it may change it.
            return lambda data, meter: clean(logic, meter)
        if call is None:
            return lambda data, meter: logic
        name, given = call
        path = f"{path}.{name}" if path else name
        operator = check_call(name, len(given), path)
        if operator.function is not None:
            run = self._eager(operator.function, given, path, is_inner)
        else:
            run = _LAZY[name](self, given, path, is_inner)
        return _placed(run, path, _cost(given))

    def parts(self, given: Sequence[JsonValue], path: str, is_inner: bool) -> list[Run]:
        """The closures of the arguments."""
        return [self.build(each, f"{path}[{i}]", is_inner) for i, each in enumerate(given)]

    def note(self, names: Sequence[JsonValue], is_inner: bool) -> None:
        """Note variables that are read by name; anything but plain names leaves the set open."""
        if is_inner:
            return
        for name in names:
            if isinstance(name, bool | list | dict) or name is None or name == "":
                self.is_closed = False
            else:
                self.paths.add(str(name))

    def _listed(self, logic: list[JsonValue], path: str, is_inner: bool) -> Run:
        parts = self.parts(logic, path, is_inner)
        return _placed(
            lambda data, meter: [part(data, meter) for part in parts], path, _cost(logic)
        )

    def _eager(
        self, function: Function, given: Sequence[JsonValue], path: str, is_inner: bool
    ) -> Run:
        parts = self.parts(given, path, is_inner)
        if len(parts) == 2:
            first, second = parts
            return lambda data, meter: function((first(data, meter), second(data, meter)), meter)
        return lambda data, meter: function([part(data, meter) for part in parts], meter)


def _placed(run: Run, path: str, cost: int) -> Run:
    """Count the steps, and tell where it was when something is refused."""

    def placed(data: object, meter: Meter) -> Value:
        try:
            meter.spend(cost)
            return run(data, meter)
        except ExpressionError as error:
            error.path = error.path or path
            raise

    return placed


def _cost(given: Sequence[JsonValue]) -> int:
    """Plain arguments are quick, yet a thousand of them for each item of a list are work."""
    return 1 + (len(given) >> 2)


def _if(compiler: _Compiler, given: Sequence[JsonValue], path: str, is_inner: bool) -> Run:
    parts = compiler.parts(given, path, is_inner)
    otherwise = parts.pop() if len(parts) % 2 else None
    pairs = list(zip(parts[::2], parts[1::2], strict=True))

    def run(data: object, meter: Meter) -> Value:
        for condition, consequence in pairs:
            if truthy(condition(data, meter)):
                return consequence(data, meter)
        return otherwise(data, meter) if otherwise else None

    return run


def _until(is_wanted: bool) -> _Build:
    def build(compiler: _Compiler, given: Sequence[JsonValue], path: str, is_inner: bool) -> Run:
        parts = compiler.parts(given, path, is_inner)

        def run(data: object, meter: Meter) -> Value:
            value: Value = None
            for part in parts:
                value = part(data, meter)
                if truthy(value) is is_wanted:
                    break
            return value

        return run

    return build


def _var(compiler: _Compiler, given: Sequence[JsonValue], path: str, is_inner: bool) -> Run:
    compiler.note(given[:1] or [None], is_inner)
    scope = Scope(is_inner)
    default: Run = (
        compiler.build(given[1], f"{path}[1]", is_inner)
        if len(given) == 2
        else lambda data, meter: None
    )
    named = given[0] if given else None
    if not isinstance(named, list | dict):
        read = lookup(named, scope, Meter(compiler.limits))
        return lambda data, meter: read(data, meter, default)
    name = compiler.build(named, f"{path}[0]", is_inner)

    def run(data: object, meter: Meter) -> Value:
        return lookup(name(data, meter), scope, meter)(data, meter, default)

    return run


def _missing(compiler: _Compiler, given: Sequence[JsonValue], path: str, is_inner: bool) -> Run:
    one = given[0] if given else None
    compiler.note(one if isinstance(one, list) else given, is_inner)
    parts = compiler.parts(given, path, is_inner)
    scope = Scope(is_inner)

    def run(data: object, meter: Meter) -> Value:
        names = [part(data, meter) for part in parts]
        if names and isinstance(names[0], list):
            names = names[0]
        return missing(names, data, meter, scope)

    return run


def _missing_some(
    compiler: _Compiler, given: Sequence[JsonValue], path: str, is_inner: bool
) -> Run:
    compiler.note(given[1] if isinstance(given[1], list) else given[1:], is_inner)
    least, names = compiler.parts(given, path, is_inner)
    scope = Scope(is_inner)
    return lambda data, meter: some_missing(
        least(data, meter), names(data, meter), data, meter, scope
    )


def _loop(name: str) -> _Build:
    def build(compiler: _Compiler, given: Sequence[JsonValue], path: str, is_inner: bool) -> Run:
        items = compiler.build(given[0], f"{path}[0]", is_inner)
        body = compiler.build(given[1], f"{path}[1]", True)
        initial = compiler.build(given[2], f"{path}[2]", is_inner) if len(given) == 3 else None
        return LOOPS[name](items, body, initial)

    return build


def _matches(compiler: _Compiler, given: Sequence[JsonValue], path: str, is_inner: bool) -> Run:
    if not isinstance(given[1], str):
        raise BadPattern("Write the pattern itself as the second argument, as text.", path)
    try:
        pattern = compile_pattern(given[1])
    except ExpressionError as error:
        error.path = path
        raise
    text = compiler.build(given[0], f"{path}[0]", is_inner)
    return lambda data, meter: pattern.is_found(words(text(data, meter), meter), meter)


def _check_result(value: Value, meter: Meter) -> None:
    """Lists that hold one another twice over are small here and endless once written down."""
    level: list[Value] = [value]
    depth = 0
    while level:
        meter.spend(len(level))
        depth += 1
        if depth > meter.limits.depth + 1:
            meter.refuse_depth()
        below: list[Value] = []
        for each in level:
            if isinstance(each, list | dict):
                meter.check_items(len(each), len(each))
                below.extend(each if isinstance(each, list) else each.values())
        level = below


_LAZY: Mapping[str, _Build] = {
    "if": _if,
    "and": _until(False),
    "or": _until(True),
    "var": _var,
    "missing": _missing,
    "missing_some": _missing_some,
    "matches": _matches,
    **{name: _loop(name) for name in LOOPS},
}
