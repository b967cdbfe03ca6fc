"""Which transforms do the same to every pixel of every image, whatever is around it: known by type, never guessed."""

from __future__ import annotations

import dis
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch

Description = tuple[object, ...]

_MODULES = ("torchvision.transforms.transforms", "torchvision.transforms.v2")
#: what besides its type decides what a transform does
_SETTINGS: dict[str, Callable[[Any], Description | None]] = {
    "ToTensor": lambda step: (),
    "PILToTensor": lambda step: (),
    "ToImage": lambda step: (),
    "ToPureTensor": lambda step: (),
    "ConvertImageDtype": lambda step: (step.dtype,),
    "ToDtype": lambda step: (step.dtype, step.scale) if isinstance(step.dtype, torch.dtype) else None,
    "Normalize": lambda step: (tuple(map(float, step.mean)), tuple(map(float, step.std)), step.inplace),
    "Grayscale": lambda step: () if step.num_output_channels == 1 else None,
}
#: all that a function may do on its way from the first line to the last: no jump, no name, no call but of a method
_OPERATIONS = frozenset((
    "RESUME", "CACHE", "NOP", "PUSH_NULL", "PRECALL", "CALL", "CALL_KW", "KW_NAMES", "LOAD_FAST", "LOAD_FAST_BORROW",
    "LOAD_CONST", "LOAD_SMALL_INT", "LOAD_METHOD", "LOAD_ATTR", "LOAD_GLOBAL", "BINARY_OP", "COMPARE_OP",
    "UNARY_NEGATIVE", "BUILD_TUPLE", "RETURN_VALUE", "RETURN_CONST",
))  # fmt: skip
#: methods that keep the values in their order, and types to convert to
_METHODS = frozenset((
    "view", "reshape", "flatten", "ravel", "squeeze", "unsqueeze", "contiguous", "clone", "float", "to", "type",
    "float32", "add", "sub", "mul", "div", "neg",
))  # fmt: skip
_ARITHMETIC = frozenset("+-*/")
_FUNCTIONS = (torch.flatten, torch.squeeze, torch.ravel)


class Kinds:
    """The transforms of torchvision that are known here, as they were before anybody changed them."""

    def __init__(self, modules: Mapping[str, ModuleType]) -> None:
        self._modules = modules
        self._originals: dict[type, Description] = {}
        self._functions: dict[CodeType, bool] = {}
        self._find()

    def describe(self, transform: object) -> Description | None:
        """Two transforms of one description do the same; None where it is not known to be elementwise."""
        try:
            return self._describe(transform)
        except (AttributeError, TypeError):  # settings that a student has replaced by anything
            return None

    def _find(self) -> None:
        """Look up the types once they have been imported; version 2 comes only when it is asked for."""
        for name in _MODULES:
            module = self._modules.get(name)
            for kind in (*_SETTINGS, "Compose", "Lambda") if module is not None else ():
                found = getattr(module, kind, None)
                if isinstance(found, type):
                    self._originals.setdefault(found, _code(found))

    def _describe(self, transform: Any) -> Description | None:
        kind = type(transform)
        if kind not in self._originals:
            if kind.__module__.startswith(_MODULES[1]):
                self._find()
            if kind not in self._originals:
                return None
        if _code(kind) != self._originals[kind] or _is_altered(vars(transform)):
            return None
        if kind.__name__ == "Compose":
            steps = [self._describe(step) for step in transform.transforms]
            return None if None in steps else (kind, *steps)
        if kind.__name__ == "Lambda":
            function = transform.lambd
            return (kind, function, getattr(function, "__code__", None)) if self._is_elementwise(function) else None
        settings = _SETTINGS[kind.__name__](transform)
        return None if settings is None else (kind, *settings)

    def _is_elementwise(self, function: object) -> bool:
        """Whether a function can do nothing but arithmetic on single values and reshaping."""
        if any(function is known for known in _FUNCTIONS):
            return True
        if not isinstance(function, FunctionType) or function.__globals__.get("torch", torch) is not torch:
            return False
        code = function.__code__
        if code not in self._functions:
            self._functions[code] = _is_plain(code)
        return self._functions[code]


def _is_plain(code: CodeType) -> bool:
    if code.co_argcount != 1 or code.co_kwonlyargcount or code.co_flags & _UNUSUAL or code.co_freevars:
        return False
    return all(map(_is_harmless, dis.get_instructions(code)))


#: *args, **kwargs, generators and coroutines of all kinds
_UNUSUAL = 0x4 | 0x8 | 0x20 | 0x80 | 0x100 | 0x200


def _is_harmless(instruction: dis.Instruction) -> bool:
    if instruction.opname == "BINARY_OP":
        return instruction.argrepr in _ARITHMETIC
    if instruction.opname == "LOAD_GLOBAL":
        return bool(instruction.argval == "torch")
    if instruction.opname in ("LOAD_METHOD", "LOAD_ATTR"):
        return instruction.argval in _METHODS
    return instruction.opname in _OPERATIONS


def _code(kind: type) -> Description:
    names = ("__call__", "forward", "transform", "_call_kernel", "__getattribute__", "__getattr__")
    return tuple(getattr(kind, name, None) for name in names)


def _is_altered(own: Mapping[str, Any]) -> bool:
    """Whether an instance was given a method or a hook of its own."""
    hooks = own.get("_forward_hooks") or own.get("_forward_pre_hooks")
    return bool(hooks) or any(name in own for name in ("forward", "transform", "_call_kernel"))
