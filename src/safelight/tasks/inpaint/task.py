"""Inpainting: what a mask marks as missing is filled."""

from safelight.tasks.base import Advice, IgnoredSetting, Measure, SheetLayout, Task

TASK = Task(
    name="inpaint",
    title="Inpainting",
    noun="an inpainting model",
    plural="inpainting models",
    trainer="safelight.tasks.inpaint.training:InpaintTraining",
    evaluator="safelight.tasks.inpaint.evaluate:InpaintEvaluation",
    recipes="safelight.tasks.inpaint.recipes:RECIPES",
    main_recipe="fill",
    loader="safelight.tasks.inpaint.restore:load_filler",
    card_tasks=("fill",),
    bundled="fill",
    used_by="fill, repair",
    exporter="safelight.tasks.inpaint.export:InpaintExporter",
    progress={"hole_psnr": "{:.2f} dB in the holes", "gain_over_telea": "{:+.2f} dB over Telea"},
    sheet=SheetLayout(("the hole", "Telea 2004", "filled", "truth"), 2),
    checklist="safelight.tasks.inpaint.symptoms:CHECKLIST",
    failures={
        "color": Advice(
            "the network gives all pictures the same color: it collapsed",
            "a lower learning rate: --optimizer.lr {lr:.2g}, and more weight on the hole: --loss.hole",
        )
    },
    ignored=(IgnoredSetting("augment.aging", was=0.2, now=0.0),),
    measure=Measure(
        statistic="hole_psnr",
        columns=("hole_psnr",),
        what="PSNR in the hole",
        unit="dB",
        title="PSNR in it, dB",
        cells="hole",
        cell="hole: {}",
        mean="mean over {count} kinds of holes",
        protocol="holes in {size} px",
        hidden=(" b",),  # at the border: they are in the mean
    ),
)
