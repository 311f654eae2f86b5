"""Write the pages that are made from the code: docs/commands.md."""

from pathlib import Path

from safelight.app.help_page import help_page

page = Path(__file__).parent / "commands.md"
page.write_text(help_page(), encoding="utf-8")
print(page)
