"""Scratch detection: where scratches, cracks and dust are in a scan of an old print."""

from safelight.tasks.base import IgnoredSetting, Task

TASK = Task(
    name="scratches",
    title="Scratches",
    noun="a scratch detector",
    plural="scratch detectors",
    trainer="safelight.tasks.scratches.training:ScratchTraining",
    recipes="safelight.tasks.scratches.recipes:RECIPES",
    main_recipe="scratches",
    loader="safelight.tasks.scratches.restore:load_finder",
    card_tasks=("scratches",),
    bundled="scratches",
    used_by="scratches, repair",
    fixed_size="a finder looks at photos in tiles",
    exporter="safelight.tasks.scratches.publish:export_scratches",
    progress={"f1": "F1 {:.3f}", "false_finds": "{:.2g} per mille found in whole prints"},
    ignored=(IgnoredSetting("augment.aging", was=0.2, now=0.0),),
    measured=("preparation.threshold",),
    comparison_sheets="safelight.cli.paired_squares:scratch_sheets",
)
