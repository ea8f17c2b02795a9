#!/usr/bin/env python3
"""Checks that what the documents name is there: files, headings that links lead to, and settings.

A file or folder in backticks is given from the root, from the document's own folder, or by the end of its path
(`wasi/functions.h`); NAME stands for any. Every setting of src/node/config.cc is in docs/reference/cli.md, and documents name no other.
"""
import pathlib
import posixpath
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ("h", "cc", "py", "go", "rs", "sh", "md", "ipldsch", "wit")
TOPS = ("src", "sim", "tests", "tools", "bench", "bridge", "docs", "examples")
PATH = r"[\w.*-]+(?:/[\w.*-]+)*"
NAMED = re.compile(rf"`({PATH}\.(?:{'|'.join(SOURCES)})|{PATH}/|(?:{'|'.join(TOPS)})/{PATH})`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SETTING = re.compile(r'^    \{"([\w.]+)",', re.MULTILINE)
NAMED_SETTING = re.compile(r"`([A-Z]\w*(?:\.[A-Z]\w*)+)")


def listed(*patterns: str) -> list[str]:
    return subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, text=True).stdout.splitlines()


FILES = {path for path in listed() if (ROOT / path).exists()}
FOLDERS = {f"{parent}/" for path in FILES for parent in pathlib.PurePath(path).parents}


def is_there(name: str, document: str) -> bool:
    """`*` and NAME stand for any part of a name."""
    here = posixpath.normpath(f"{pathlib.PurePath(document).parent}/{name}")
    if name.startswith("build/") or here in FILES or f"{here}/" in FOLDERS:
        return True
    # A program bears the name of its source.
    end = re.compile(r"(?:.*/)?" + re.sub(r"\\\*|NAME", "[^/]*", re.escape(name)) + r"(?:/|\.cc)?")
    return any(end.fullmatch(path) for path in FILES | FOLDERS)


def headings(text: str) -> set[str]:
    """As they are linked to: lower case, without signs, with - for blanks."""
    return {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in text.splitlines()
            if line.startswith("#")}


def problems_of_link(target: str, document: str):
    if "://" in target or target.startswith("mailto:"):
        return
    path, _, heading = target.partition("#")
    linked = (ROOT / document).parent / path if path else ROOT / document
    if not linked.exists():
        yield f"there is no {target}"
    elif heading and heading not in headings(linked.read_text()):
        yield f"{linked.relative_to(ROOT) if path else document} has no heading #{heading}"


def problems_of(document: str, settings: set[str]):
    groups = {name.split(".")[0] for name in settings if "." in name}
    for number, line in enumerate((ROOT / document).read_text().splitlines(), 1):
        found = [f"there is no {name}" for name in NAMED.findall(line) if not is_there(name, document)]
        for target in LINK.findall(line):
            found += problems_of_link(target, document)
        found += [f"there is no setting {name}" for name in NAMED_SETTING.findall(line)
                  if name.split(".")[0] in groups and not any(one.startswith(name) for one in settings)]
        yield from (f"{document}:{number}: {one}" for one in found)


def main() -> int:
    settings = set(SETTING.findall((ROOT / "src/node/config.cc").read_text()))
    reference = (ROOT / "docs/reference/cli.md").read_text()
    problems = [f"docs/reference/cli.md: does not tell of the setting {name}" for name in sorted(settings)
                if f"`{name}`" not in reference]
    for document in listed("*.md"):
        problems += problems_of(document, settings)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
