"""A verdict on codes in plain words; where PCA is better, that is said."""

from safelight.journal.words import few
from safelight.reports.text import count_pictures, join_words
from safelight.verdicts.test_split_log import times
from safelight.verdicts.verdict import ALL, Estimate, Verdict


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first."""
    return (
        _setting(verdict),
        _against_pca(verdict),
        *_codes(verdict),
        *_likelihood(verdict),
        _samples(verdict),
        _memory(verdict),
        *_cautions(verdict),
    )


def _setting(verdict: Verdict) -> str:
    where = " of ".join(
        part for part in (f"the {verdict.split} split" if verdict.split else "", verdict.dataset) if part
    )
    return (
        f"{verdict.model} was judged on {count_pictures(verdict.pictures)}{f' of {where}' if where else ''} at "
        f"{verdict.size} pixels, beside PCA on {verdict.facts['training']:,} training pictures; padding is left out."
    )


def _against_pca(verdict: Verdict) -> str:
    model, pca, mean = (verdict.estimate(method, "psnr", ALL) for method in verdict.methods)
    saved, standing = verdict.comparisons[0].difference, verdict.comparisons[0].standing
    error = (
        f"its reconstructions have {_interval(model, 2, 'dB')}, PCA's with {verdict.facts['latent']} components "
        f"{_interval(pca, 2, 'dB')}, the mean picture {mean.value:.2f} dB"
    )
    if standing == "wins":
        return f"It beats PCA: its squared error is {_percent(saved)} lower; {error}."
    if standing == "loses":
        more = Estimate(-saved.value, -saved.high, -saved.low)
        return f"PCA wins: the model's squared error is {_percent(more)} higher; {error}."
    return f"It cannot be told from PCA (share of PCA's squared error saved: {_percent(saved)}); {error}."


def _codes(verdict: Verdict) -> list[str]:
    facts = verdict.facts
    if facts["collapse"]:
        return [f"Its code is of no use: {facts['collapse']}."]
    return [f"{facts['active']} of the {facts['latent']} numbers of its code are active."]


def _likelihood(verdict: Verdict) -> list[str]:
    bounds, facts = verdict.tables["bounds"]["model"], verdict.facts
    if "elbo" not in bounds:
        return []
    elbo, weighted = bounds["elbo"], bounds["importance-weighted"]
    kl, bits = bounds["kl"], bounds.get("bits")
    text = (
        f"Under its likelihood ({facts['likelihood']}"
        + (f", sd {facts['sd']:.3g}" if facts["likelihood"] != "bernoulli" else "")
        + f") held-out pictures have an ELBO of {_interval(elbo, 0, 'nats')}, of which the KL takes "
        f"{kl.value:.0f}; the importance-weighted bound is {_interval(weighted, 0, 'nats')}"
    )
    if bits is None:
        return [
            f"{text}. Cross-entropy of shades is no log-likelihood: do not compare it with other models'."
        ]
    return [f"{text}, {bits.value:.3f} bits per dimension."]


def _samples(verdict: Verdict) -> str:
    kernels = {name: cells["kernel"] for name, cells in verdict.tables["distances"].items()}
    drawn = [name for name in kernels if name.startswith("samples")]
    best = min(drawn, key=lambda name: kernels[name].value)
    beside = join_words(f"{name} have {kernels[name].value:.3g}" for name in kernels if name != best)
    return (
        f"Kernel distance from held-out pictures (lower is nearer): {best} have {kernels[best].value:.3g} "
        f"({kernels[best].low:.3g} to {kernels[best].high:.3g}); {beside}."
    )


def _memory(verdict: Verdict) -> str:
    nearest, copied = verdict.tables["nearest_training_picture"], verdict.facts["copies"]
    samples, held_out = (nearest[name]["distance"] for name in ("samples", "held_out"))
    copies = (
        f"{100 * copied:.0f} % of the samples are nearer to one than even the nearest held-out picture is"
    )
    start = (
        f"To its nearest training picture a sample has {_interval(samples, 3, 'rms')}, a held-out "
        f"picture {_interval(held_out, 3, 'rms')}; {copies}"
    )
    if copied > 0.05:
        return f"{start}: look at neighbors.png for copies (samples that are smoother than photos are nearer too)."
    return f"{start}: it does not copy."


def _cautions(verdict: Verdict) -> list[str]:
    cautions = few(verdict.pictures)
    if verdict.pictures < 1000:
        cautions.append(
            "Fréchet distances grow as pictures get fewer: compare them at this number of pictures only."
        )
    if verdict.evaluations is not None:
        cautions.append(
            f"This test split has been evaluated {times(verdict.evaluations)}, this time included."
        )
    return cautions


def _interval(estimate: Estimate, digits: int, unit: str) -> str:
    value, low, high = (f"{number:,.{digits}f}" for number in (estimate.value, estimate.low, estimate.high))
    return f"{value} {unit} ({low} to {high})"


def _percent(estimate: Estimate) -> str:
    value, low, high = (f"{100 * number:.1f}" for number in (estimate.value, estimate.low, estimate.high))
    return f"{value} % ({low} to {high})"
