"""Write the pages that are made from the code: docs/commands.md, docs/settings.md and docs/pictures/house.svg."""

import runpy
from pathlib import Path

from safelight.cli.commands_page import commands_page
from safelight.cli.settings_page import settings_page

for name, text in (("commands.md", commands_page()), ("settings.md", settings_page())):
    page = Path(__file__).parent / name
    page.write_text(text, encoding="utf-8")
    print(page)

runpy.run_path(str(Path(__file__).parent / "make_house.py"), run_name="__main__")
