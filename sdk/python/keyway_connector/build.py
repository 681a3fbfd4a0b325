"""Turns ``connector.py`` into ``dist/component.wasm``; ``keyway connector build`` runs this and adds the manifest."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

APP = """import connector
from keyway_connector.guest import Config, Meta, Sender, Social


class {kind}({base}):
    pass
"""


def main() -> None:
    """Builds the project in the present folder."""
    contract = os.environ.get("KEYWAY_WIT")
    if not contract:
        sys.exit("run `keyway connector build`: it brings the contract")
    settings = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["tool"]["keyway"]
    kind, features = settings.get("kind", "sms"), settings.get("features", [])
    names = ["log", "clock", "random", "crypto", "http", *features]
    lines = [f"import keyway:host/{name}@1.0.0;" for name in names]
    lines += [f"export keyway:connector/{name}@1.0.0;" for name in ("meta", "config", kind)]
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
        base = "Social" if kind == "social" else "Sender"
        text = APP.format(kind=kind.capitalize(), base=base) if base != kind.capitalize() else APP.split("\n\n\n")[0] + "\n"
        source.joinpath("app.py").write_text(text)
        pathlib.Path("dist").mkdir(exist_ok=True)
        program = pathlib.Path(sys.executable).with_name("componentize-py")
        command = [str(program), "-q", "-d", str(wit), "-w", "connector", "componentize", "--stub-wasi", "app", "-p", str(source), "-o", "dist/component.wasm"]
        sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
