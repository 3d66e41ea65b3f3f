"""A program as it would be with other names: two of the same normal form do the same."""

import ast

from service.domain.syntax import parsed

_NAMED = (ast.Name, ast.arg, ast.keyword)


def normalized(code: str) -> str:
    """Return the program less its comments, layout and choice of names; as it is where it is not Python."""
    tree = parsed(code)
    if tree is None:
        return code.strip()
    try:
        _rename(tree)
        return ast.unparse(tree)
    except (RecursionError, ValueError):
        return code.strip()


def _rename(tree: ast.Module) -> None:
    """Rename what the program itself binds, to names that no program can hold."""
    named = [node for node in ast.walk(tree) if isinstance(node, _NAMED)]
    bound = dict.fromkeys(name for node in named if (name := _bound(node)) is not None)
    new_names = {name: f"${number}" for number, name in enumerate(bound)}
    for node in named:
        if isinstance(node, ast.Name):
            node.id = new_names.get(node.id, node.id)
        elif node.arg is not None:
            node.arg = new_names.get(node.arg, node.arg)


def _bound(node: ast.Name | ast.arg | ast.keyword) -> str | None:
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else None
    return node.arg if isinstance(node, ast.arg) else None
