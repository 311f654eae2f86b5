"""Write the pages that are made from the code: docs/commands.md and docs/settings.md."""

from pathlib import Path

from safelight.cli.commands_page import commands_page
from safelight.cli.settings_page import settings_page

for name, text in (("commands.md", commands_page()), ("settings.md", settings_page())):
    page = Path(__file__).parent / name
    page.write_text(text, encoding="utf-8")
    print(page)
