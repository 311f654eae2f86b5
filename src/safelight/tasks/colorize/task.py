"""Colorization: color for a grey photo, with hints or without."""

from safelight.tasks.base import Advice, Measure, SheetLayout, Task

# Options of a colorizer where none are given; here, as the help of the command needs no network.
VIVID = 0.5  # between the cautious answer, 0, and one as colorful as life, 1
REACH = 0.0  # a hint colors what lies near it and looks alike, 0, or says something of the whole picture, 1

TASK = Task(
    name="colorize",
    title="Colorization",
    noun="a colorizer",
    plural="colorizers",
    trainer="safelight.tasks.colorize.training:ColorizeTraining",
    evaluator="safelight.tasks.colorize.evaluate:ColorizeEvaluation",
    recipes="safelight.tasks.colorize.recipes:RECIPES",
    main_recipe="color",
    loader="safelight.tasks.colorize.restore:load_colorizer",
    card_tasks=("colorize",),
    bundled="color",
    used_by="colorize, suggest, repair --color",
    exporter="safelight.tasks.colorize.export:ColorizeExporter",
    progress={"gain_0": "gain {:.2f} dB", "gain_10": "with 10 hints {:.2f} dB"},
    sheet=SheetLayout(("grey", "its hints", "automatic", "with 5 hints", "truth"), 2, hidden=("its hints",)),
    checklist="safelight.tasks.colorize.symptoms:CHECKLIST",
    failures={
        "color": Advice(
            "the network gives all pictures the same color: it collapsed",
            "a lower learning rate: --optimizer.lr {lr:.2g}, and more weight on the loss of color",
        )
    },
    measured=("preparation.vivid_gain",),
    has_protocols=True,
    fold_judge="safelight.tasks.colorize.evaluate:evaluate_fold",
    measure=Measure(
        statistic="gain",
        columns=("gain",),
        what="gain over grey",
        unit="dB",
        title="gain over grey, dB",
        cells="hints",
        cell="{} hints",
        mean="mean over {names} hints",
        protocol="protocol {protocol}",
        on_card={"psnr": "PSNR, dB", "ciede2000": "CIEDE2000"},
    ),
    key_sentences="safelight.tasks.colorize.report:key_sentences",
)
