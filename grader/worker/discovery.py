"""Finds the leaves of a graph and the modules that own parameters, without running anybody's code."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

MAX_NODES = 5000
MAX_MODULES = 5000


def leaves_of(roots: list[Tensor]) -> list[Tensor]:
    """The leaves that a backward pass from these tensors would reach."""
    todo: list[Any] = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen: set[Any] = set(todo)
    found: list[Tensor] = []
    while todo:
        node = todo.pop()
        if type(node).__name__ == "AccumulateGrad":
            found.append(node.variable)
            continue
        for following, _ in node.next_functions:
            if following is not None and following not in seen and len(seen) < MAX_NODES:
                seen.add(following)
                todo.append(following)
    return found


def living_modules(*, young: bool) -> list[nn.Module]:
    """Every module that is alive, or only those made lately, which is found out in no time.

    By types only, so that no property of anybody's is touched.
    """
    kinds, todo = {nn.Module}, [nn.Module]
    while todo:
        derived = set(type.__subclasses__(todo.pop())) - kinds
        kinds |= derived
        todo.extend(derived)
    things = [*gc.get_objects(0), *gc.get_objects(1)] if young else gc.get_objects()
    return [thing for thing in things if type(thing) in kinds]


def owners_of(leaves: list[Tensor], *, young: bool) -> list[tuple[nn.Module, list[tuple[str, nn.Parameter]]]]:
    """Modules that hold any of these leaves, with all their parameters; the outermost first."""
    wanted = {id(leaf) for leaf in leaves}
    modules = [(module, list(own_parameters(module))) for module in living_modules(young=young)]
    owners = [owner for owner in modules if any(id(parameter) in wanted for _, parameter in owner[1])]
    return sorted(owners, key=lambda owner: -len(owner[1]))


def below(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """A module and all modules inside it with their names, each once."""
    todo, seen = [(prefix, module)], {id(module)}
    while todo and len(seen) < MAX_MODULES:
        name, current = todo.pop()
        yield name, current
        children = part_of(current, "_modules")
        for key, child in children.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                todo.append((f"{name}.{key}" if name else str(key), child))


def own_parameters(module: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Parameters of a module and of all modules inside it with their names."""
    for prefix, part in below(module):
        for key, parameter in part_of(part, "_parameters").items():
            if parameter is not None:
                yield (f"{prefix}.{key}" if prefix else str(key)), parameter


def own_buffers(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Buffers of a module and of all modules inside it with their names."""
    for prefix, part in below(module):
        for key, buffer in part_of(part, "_buffers").items():
            if buffer is not None:
                yield (f"{prefix}.{key}" if prefix else str(key)), buffer


def part_of(module: nn.Module, name: str) -> dict[str, Any]:
    """`_modules`, `_parameters` or `_buffers`; empty while the module's constructor is still running."""
    found = object.__getattribute__(module, "__dict__").get(name) or {}
    # a scripted module keeps them in something that has only half of a dictionary's methods
    return found if isinstance(found, dict) else dict(found.items())


def unwrapped(module: nn.Module) -> nn.Module:
    """The module that a compiled one was made of."""
    inner = part_of(module, "_modules").get("_orig_mod")
    return inner if isinstance(inner, nn.Module) else module
