"""A program's text, its tree, and the same program with some of its parts replaced."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

#: node -> the text that takes its place; "" takes it out, and `...` in the text stands for what was there
Changes = Mapping[ast.AST, str]

Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True, eq=False)
class Program:
    """A Python text that can be asked about its nodes and written again with changes."""

    source: str
    tree: ast.Module = field(repr=False)

    @classmethod
    def parse(cls, source: str) -> Program:
        """Raises SyntaxError."""
        return cls(source, ast.parse(source))

    @cached_property
    def parents(self) -> Mapping[ast.AST, ast.AST]:
        """Each node but the module -> the node that it is a part of."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def plain(self) -> str:
        """The text without comments and blank lines, as a changed one is written: to be compared with it."""
        return ast.unparse(self.tree) + "\n"

    def all(self, kind: type[Node], inside: ast.AST | None = None) -> Iterator[Node]:
        """The nodes of a kind in the order of the text."""
        nodes = (node for node in ast.walk(inside or self.tree) if isinstance(node, kind))
        return iter(sorted(nodes, key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))))

    def above(self, node: ast.AST, kind: type[Node]) -> Node | None:
        """The innermost node of a kind that this one is a part of."""
        while (parent := self.parents.get(node)) is not None:
            if isinstance(parent, kind):
                return parent
            node = parent
        return None

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that an expression is a part of; a statement is its own."""
        if isinstance(node, ast.stmt):
            return node
        found = self.above(node, ast.stmt)
        assert found is not None
        return found

    def changed(self, changes: Changes) -> str:
        """The text with these changes, without comments. Raises SyntaxError when the result is no Python."""
        copies: dict[int, ast.AST] = {}
        tree = copy.deepcopy(self.tree, copies)
        wanted = {copies[id(node)]: text for node, text in changes.items()}
        _Replacing(wanted).generic_visit(tree)
        text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        ast.parse(text)
        return text


class _Replacing(ast.NodeTransformer):
    """Puts texts in the place of nodes; a block that lost its last statement gets `pass`."""

    def __init__(self, changes: Mapping[ast.AST, str]) -> None:
        self._changes = changes

    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt] | None:
        text = self._changes.get(node)
        if text is None:
            return self.generic_visit(node)
        if isinstance(node, ast.expr):
            return _Filling(self.generic_visit(node)).visit(ast.parse(text, mode="eval").body)  # type: ignore[no-any-return]
        if not isinstance(node, ast.stmt):
            raise TypeError(f"a {type(node).__name__} is neither a statement nor an expression")
        filling = _Filling(self.generic_visit(node))
        return [filling.visit(statement) for statement in ast.parse(text).body]

    def generic_visit(self, node: ast.AST) -> ast.AST:
        found = super().generic_visit(node)
        if isinstance(node, ast.For | ast.While | ast.If | ast.With | ast.FunctionDef) and not node.body:
            node.body = [ast.Pass()]
        return found


class _Filling(ast.NodeTransformer):
    """Puts what was there in the place of `...`."""

    def __init__(self, original: ast.AST) -> None:
        self._original = original

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(self._original, ast.stmt) and _is_ellipsis(node.value):
            return self._original
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return self._original if _is_ellipsis(node) else node


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
