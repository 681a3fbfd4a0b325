"""Turns ``connector.py`` into ``dist/component.wasm``; ``keyway connector build`` runs this and adds the manifest."""

import ast
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

EXPORTS = {"sms": "Sender as Sms", "email": "Sender as Email", "social": "Social", "social-tokens": "SocialTokens"}

# The SDK comes first: it puts the server's clock and random source in place before anything else looks at them.
APP = """import importlib
from keyway_connector.guest import {bases}
import connector

for name in {imported!r}:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


def imported(paths) -> list:
    """Every module that the files import anywhere: at a call there are no files, so an import inside a function is too late."""
    names = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(), str(path))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return sorted(names)


def main() -> None:
    """Builds the project in the present folder."""
    contract = os.environ.get("KEYWAY_WIT")
    if not contract:
        sys.exit("run `keyway connector build`: it brings the contract")
    settings = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["tool"]["keyway"]
    kind, features = settings.get("kind", "sms"), settings.get("features", [])
    names = ["log", "clock", "random", "crypto", "http", *features]
    lines = [f"import keyway:host/{name}@1.0.0;" for name in names]
    kinds = [kind, "social-tokens"] if settings.get("tokens") else [kind]
    lines += [f"export keyway:connector/{name}@1.0.0;" for name in ("meta", "config", *kinds)]
    with tempfile.TemporaryDirectory() as folder:
        wit, source = pathlib.Path(folder, "wit"), pathlib.Path(folder, "source")
        shutil.copytree(contract, wit)
        wit.joinpath("world.wit").write_text("package keyway:build;\nworld connector {\n" + "\n".join(lines) + "\n}\n")
        source.mkdir()
        for path in pathlib.Path(".").glob("*.py"):
            shutil.copy(path, source)
        shutil.copytree(pathlib.Path(__file__).parent, source / "keyway_connector", ignore=shutil.ignore_patterns("__pycache__", "build.py"))
        readme = pathlib.Path(settings.get("readme", "README.md")).read_text()
        source.joinpath("_keyway_project.py").write_text(f"README = {readme!r}\nFEATURES = {features!r}\n")
        bases = ", ".join(["Meta", "Config", *map(EXPORTS.get, kinds)])
        source.joinpath("app.py").write_text(APP.format(bases=bases, imported=imported(pathlib.Path(".").glob("*.py"))))
        pathlib.Path("dist").mkdir(exist_ok=True)
        # By the interpreter that runs now: the installed script names the folder where the environment was made.
        program = [sys.executable, "-c", "import componentize_py; componentize_py.script()"]
        command = [*program, "-q", "-d", str(wit), "-w", "connector", "componentize", "--stub-wasi", "app", "-p", str(source), "-o", "dist/component.wasm"]
        sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
