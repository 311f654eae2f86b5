"""report"""


def write_report(draft, source, settings, progress): ...
