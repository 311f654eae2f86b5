"""Denoising: the picture without the noise of its film."""

from safelight.tasks.base import Measure, SheetLayout, Task

TASK = Task(
    name="denoise",
    title="Denoising",
    noun="a denoiser",
    plural="denoisers",
    trainer="tests.toy_task.learning:DenoiseTraining",
    evaluator="tests.toy_task.evaluate:DenoiseEvaluation",
    recipes="tests.toy_task.learning:RECIPES",
    main_recipe="denoise",
    loader="tests.toy_task.restore:load_denoiser",
    card_tasks=("denoise",),
    exporter="tests.toy_task.export:DenoiseExporter",
    progress={"psnr": "{:.2f} dB"},
    sheet=SheetLayout(("noisy", "denoised", "truth"), 1),
    measure=Measure(
        statistic="psnr",
        columns=("psnr",),
        what="PSNR",
        unit="dB",
        title="PSNR, dB",
        cells="noise",
        cell="noise {}",
        protocol="Gaussian noise in {size} px",
    ),
)
