"""Autoencoding: a short code for a picture, and a picture for a code."""

from safelight.tasks.base import Advice, Measure, SheetLayout, Task

TASK = Task(
    name="autoencode",
    title="Autoencoders",
    noun="an autoencoder",
    plural="autoencoders",
    trainer="safelight.tasks.autoencode.training:AutoencodeTraining",
    evaluator="safelight.tasks.autoencode.evaluate:AutoencodeEvaluation",
    recipes="safelight.tasks.autoencode.recipes:RECIPES",
    main_recipe="figures",
    loader="safelight.tasks.autoencode.restore:load_vae",
    recognizes="safelight.tasks.autoencode.restore:is_autoencoder",
    card_tasks=("encode", "decode"),
    endings=(".encoder.onnx", ".decoder.onnx"),
    bundled="figures",
    used_by="sample, reconstruct, interpolate, encode",
    fixed_size="an autoencoder runs at the size it was trained at",
    exporter="safelight.tasks.autoencode.export:AutoencodeExporter",
    progress={
        "psnr": "{:.2f} dB",
        "kl": "code of {:.1f} nats",
        "active_units": "{:.0f} of its numbers in use",
    },
    sheet=SheetLayout(
        caption="pictures, each above its reconstruction; the last two rows are drawn from the prior;"
    ),
    checklist="safelight.tasks.autoencode.symptoms:CHECKLIST",
    failures={
        "color": Advice(
            "the decoder gives the same picture whatever the code",
            "a lower learning rate: --optimizer.lr {lr:.2g}, a smaller --loss.kl or --model.sd",
        ),
        "code": Advice(
            "the code costs more than what it gains the decoder, which learned to do without it",
            "--loss.kl 1 or less, --loss.warmup 0.2, or a smaller --model.sd (or --model.learn_sd true)",
        ),
    },
    measured=("preparation.aspect",),
    compared_at=("augment.size", "preparation.fit"),
    measure=Measure(
        statistic="psnr",
        columns=("mse",),
        value="safelight.verdicts.measure:decibels",
        what="PSNR",
        unit="dB",
        title="PSNR, dB",
        cells="method",
        cell="method: {}",
        protocol="codes of {latent}",
    ),
)
