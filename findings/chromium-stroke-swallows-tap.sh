#!/bin/sh
# Chromium 150 (Debian's, headless) driven by playwright 1.65, Python 3.11. A canvas with `touch-action: none`, as every
# page has it that draws by touch: after a quick stroke on it the next tap within about a second is swallowed, anywhere
# on the page. The button gets pointerdown, pointerup and touchend, but no click. Chromium takes the stroke for a fling,
# though nothing can scroll, and the tap for what stops the fling. With `touch-action: auto`, where the page is as
# short, no tap is lost; nor where the finger rests before it is lifted, nor where the stroke's touchmove is prevented
# (preventDefault), which is the cure: pointer events come as before.
# Seen: clicks of three taps: 0 after a quick stroke, 3 where touchmove is prevented, 3 after a finger that rests.
# Needs a `chromium` on the PATH. Exits 0 while this is so, 1 when it has changed.
set -eu
command -v chromium > /dev/null || { echo "needs chromium (Debian: apt-get install chromium)"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check "playwright==1.65.*"
"$folder/env/bin/python" - <<'PYTHON'
import shutil, sys, time

from playwright.sync_api import sync_playwright

PAGE = """<meta name=viewport content="width=device-width"><style>body { margin: 0 }</style>
<canvas id=canvas width=390 height=300 style="touch-action: none"></canvas>
<p><button id=button style="height: 60px">button</button>
<script>
window.clicks = 0;
button.onclick = () => clicks++;
if (PREVENT) canvas.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });
</script>"""


def stroke(client, rest):
    def touch(kind, *points):
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (60, 60))
    for step in range(1, 7):
        touch("touchMove", (60 + 32 * step, 60 + 5 * step))
    time.sleep(rest)
    touch("touchEnd")


def clicks(browser, prevent, rest):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_content(PAGE.replace("PREVENT", "true" if prevent else "false"))
    page.wait_for_timeout(100)
    client = context.new_cdp_session(page)
    stroke(client, rest)
    page.tap("#button")
    page.wait_for_timeout(200)
    counted = page.evaluate("clicks")
    context.close()
    return counted


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    print("Chromium", browser.version)
    seen = [sum(clicks(browser, *how) for _ in range(3)) for how in ((False, 0), (True, 0), (False, 0.3))]
    browser.close()
print("clicks of three taps: after a quick stroke {}, touchmove prevented {}, finger at rest {}".format(*seen))
sys.exit(0 if seen == [0, 3, 3] else 1)
PYTHON
