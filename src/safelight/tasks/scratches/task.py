"""Scratch detection: where scratches, cracks and dust are in a scan of an old print."""

from safelight.tasks.base import IgnoredSetting, Measure, Task

TASK = Task(
    name="scratches",
    title="Scratches",
    noun="a scratch detector",
    plural="scratch detectors",
    trainer="safelight.tasks.scratches.training:ScratchesTraining",
    evaluator="safelight.tasks.scratches.evaluate:ScratchesEvaluation",
    recipes="safelight.tasks.scratches.recipes:RECIPES",
    main_recipe="scratches",
    loader="safelight.tasks.scratches.restore:load_finder",
    card_tasks=("scratches",),
    bundled="scratches",
    used_by="scratches, repair",
    fixed_size="a finder looks at photos in tiles",
    exporter="safelight.tasks.scratches.export:ScratchesExporter",
    progress={"f1": "F1 {:.3f}", "false_finds": "{:.2g} per mille found in whole prints"},
    ignored=(IgnoredSetting("augment.aging", was=0.2, now=0.0),),
    measured=("preparation.threshold",),
    measure=Measure(
        statistic="f1",
        columns=("found", "right", "damaged", "seen"),
        value="safelight.masks.match:f1_of_parts",
        what="F1",
        digits=3,
        title="F1",
        cells="damage, px",
        cell="damage, px: {}",
        mean="mean over {count} kinds of damage",
        protocol="drawn damage in {size} px",
    ),
)
