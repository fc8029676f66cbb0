"""Reads YAML as a person wrote it: every scalar stays the text it is (`no`, `010`), and every place keeps its line. Pure."""

from __future__ import annotations

from typing import Final

import yaml

from feedback.written import Path, Repeat, Written, WrittenError

DEEPEST: Final = 12
LONGEST: Final = 256 * 1024
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HINTS: Final = {
    "mapping values are not allowed": "put quotation marks around a text with a colon in it",
    "cannot start any token": "indent with spaces, not with tabs, and put quotation marks around a text that begins with a sign",
    "found another document": "write one questionnaire a file, without a second “---”",
    "expected ',' or '": "put quotation marks around a text with ?, a comma or brackets in it, and look for a missing } or ]",
    "alias": "aliases (*) are not read; put quotation marks around a text that begins with *",
}


def read_yaml(text: str) -> Written:
    """Read one YAML document.

    Raises:
        WrittenError: it is no YAML, or uses what these files do without: aliases, very deep nesting.
    """
    if len(text) > LONGEST:
        raise WrittenError(f"the file is longer than {LONGEST // 1024} KiB; shorten it")
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "it cannot be read"
        hint = next((hint for words, hint in _HINTS.items() if words in said), "check indents, quotation marks and brackets")
        raise WrittenError(f"this is no valid YAML ({said}); {hint}", mark.line + 1 if mark else None) from error
    except (yaml.YAMLError, ValueError) as error:
        raise WrittenError("it holds characters that YAML does not allow; save it as plain UTF-8 text") from error
    except RecursionError as error:
        raise WrittenError("it is nested too deeply; check its brackets and indents") from error
    if root is None:
        raise WrittenError("it is empty")
    reader = _Reader()
    tree = reader.read(root, ())
    return Written(tree, reader.lines, tuple(reader.repeats))


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.repeats: list[Repeat] = []
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: Path) -> object:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if len(path) > DEEPEST:
            raise WrittenError("it is nested too deeply; check its brackets and indents", line)
        if id(node) in self._seen:
            raise WrittenError("aliases (*) are not read; write it out instead", line)
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(entry, (*path, index)) for index, entry in enumerate(node.value)]
        return str(node.value).strip()

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise WrittenError("a key is a list or a mapping; put quotation marks around it if it is meant as text", line)
            key = str(key_node.value)
            if key in found:
                self.repeats.append(Repeat((*path, key), self.lines[*path, key], line))
                continue
            self.lines[*path, key] = line
            found[key] = self.read(value, (*path, key))
        return found
