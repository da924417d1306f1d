"""What mkdocs does to the pages besides: they are written for a reader on a code host, and read there too.

Pages outside of docs/ and the scripts of examples/ become pages of the site, links to other files lead to the code host
(GITHUB_REPOSITORY, as GitHub's workflows set it; elsewhere the text stays without a link), and equations become MathML.
"""

from __future__ import annotations

import html
import os
import posixpath
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# File of the repository -> page of the site.
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "code_of_conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
    "README.md": "index.md",
    **{f"examples/{path.name}": f"examples/{path.stem}.md" for path in (ROOT / "examples").glob("*.py")},
    "examples/own_method": "add_a_method.md",
}
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^\s*(```|~~~)")
FIGURES = re.compile(
    r"(<td[^>]*>(?:<strong>)?)([-+0-9.,:±‡ ]+ [-+0-9.,:±‡ ]+)((?: \(.*?\))?(?:</strong>)?</td>)"
)
NO_BREAK = "\N{NO-BREAK SPACE}"
ITEM = re.compile(r"( *)(?:[-*] |\d+\. )")


def on_config(config: Any) -> Any:
    """The code host's address, where it is known."""
    if host := _host():
        config.repo_url = host
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside of docs/, and the pictures that pages show."""
    for source, page in PAGES.items():
        if page == "index.md" or not (ROOT / source).is_file():
            continue
        text = (ROOT / source).read_text(encoding="utf-8")
        if source.endswith(".py"):
            text = example(text)
        files.append(File.generated(config, page, content=text))
    shown = {
        posixpath.normpath(posixpath.join("docs", target))
        for path in (ROOT / "docs").glob("*.md")
        for picture, _, target in LINK.findall(path.read_text(encoding="utf-8"))
        if picture and target.startswith("../")
    }
    for source in sorted(shown):
        files.append(File.generated(config, _picture(source), abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(text: str, page: Any, config: Any, files: Files) -> str:
    """The page as Python-Markdown reads it, with links that lead somewhere."""
    uri = page.file.src_uri
    source = next(
        (source for source, made in PAGES.items() if made == uri and uri != "index.md"), f"docs/{uri}"
    )
    if source == "examples/own_method":
        source = f"docs/{uri}"
    return lists(
        _outside_of_code(text, lambda part: LINK.sub(lambda link: _link(link, source, uri), _no_marks(part)))
    )


def on_page_content(text: str, page: Any, config: Any, files: Files) -> str:
    r"""Equations, which arithmatex has left as \(...\) and \[...\], as MathML; figures of tables on one line."""
    text = re.sub(
        r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>',
        lambda one: convert(_latex(html.unescape(one[3])), display="inline" if one[2] == "(" else "block"),
        text,
        flags=re.DOTALL,
    )
    return FIGURES.sub(lambda cell: f"{cell[1]}{cell[2].replace(' ', NO_BREAK)}{cell[3]}", text)


def _latex(equation: str) -> str:
    r"""Without what latex2mathml does not know: \arg, and sizes of braces."""
    equation = re.sub(r"\\arg\\(max|min)", r"\\text{arg \1}", equation)
    return re.sub(r"\\[bB]ig[lr]\\([{}])", r"\\\1", equation)


def example(script: str) -> str:
    """A script in cells (`# %%`, as jupytext has it) as a page; one without cells is its docstring and its code."""
    cells = script.split("\n# %%")
    if len(cells) == 1:
        told, code = re.match(r'"""(.*?)"""\n(.*)', script, re.DOTALL).groups()  # type: ignore[union-attr]
        first, _, rest = told.partition("\n")
        return f"# {first.rstrip('.')}\n{rest}\n```python\n{code.strip()}\n```\n"
    parts = []
    for cell in cells[1:]:
        head, _, body = cell.partition("\n")
        if head.strip() == "[markdown]":
            parts.append(re.sub(r"^# ?", "", body.strip(), flags=re.MULTILINE))
        else:
            parts.append(f"```python\n{body.strip()}\n```")
    return "\n\n".join(parts) + "\n"


def lists(text: str) -> str:
    """A list begins after an empty line and its items are indented by four, as Python-Markdown wants it."""
    lines: list[str] = []
    depth, fence, before, loose = 0, "", "", False
    for line in text.splitlines():
        item, indent = ITEM.match(line), len(line) - len(line.lstrip())
        if not fence and item:
            level = indent // 2
            if (loose or not depth) and before.strip() and not before.lstrip().startswith("#"):
                lines.append("")
            depth, loose = level + 1, False
            line = "    " * level + line.lstrip()
        elif depth and line.strip():
            if indent == 0 and not fence and not before.strip():
                depth = 0
            elif indent:
                loose = loose or not before.strip()
                line = (
                    " " * (4 * depth + max(indent - (2 if depth == 1 and indent == 2 else 3 * depth), 0))
                    + line.lstrip()
                )
        if mark := FENCE.match(line):
            fence = "" if fence == mark[1] else fence or mark[1]
        if line.startswith("#") and not fence:
            depth = 0
        lines.append(line)
        before = line
    return "\n".join(lines) + "\n"


def _no_marks(part: str) -> str:
    """Without the comments around what is generated from records."""
    return re.sub(r"<!-- .*? -->\n?", "", part)


def _outside_of_code(text: str, change: Any) -> str:
    parts = re.split(r"(^ *```.*?^ *```[^\n]*$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if number % 2 else change(part) for number, part in enumerate(parts))


def _link(link: re.Match[str], source: str, uri: str) -> str:
    picture, words, target = link.groups()
    path, hash_, anchor = target.partition("#")
    if not path or ":" in path:
        return link[0]
    file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if file in PAGES or file.startswith("docs/"):
        page = PAGES.get(file, file.removeprefix("docs/"))
        return f"{picture}[{words}]({posixpath.relpath(page, posixpath.dirname(uri) or '.')}{hash_}{anchor})"
    if picture:
        return f"![{words}]({posixpath.relpath(_picture(file), posixpath.dirname(uri) or '.')})"
    kind = "blob" if (ROOT / file).is_file() else "tree"
    return f"[{words}]({_host()}/{kind}/main/{file})" if _host() else words


def _picture(source: str) -> str:
    return "pictures/" + source.removeprefix("benchmarks/results/").replace("/", "-")


def _host() -> str:
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}" if repository else ""
