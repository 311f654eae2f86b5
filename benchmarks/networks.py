"""What each choice in the plain U-Net costs, one step of training, in CPU time. No data is needed.

    python benchmarks/networks.py [--channels 24] [--size 128] [--batch 8] [--rounds 5] [--only gated ...]

For every variant of one small U-Net: milliseconds of processor time a picture, forward and backward, in bf16
with channels_last (as recipes train), in bf16 without, and in single precision with neither; the least of the
rounds counts. Processor time, so that other programs on the machine matter little.

What keeps channels_last from paying, and what the code does about it:
- InstanceNorm2d gives back a channels-first tensor, which the next convolution turns again. As group norm with
  a group a channel it would keep the layout, at six times the cost (16 against 2.6 ms on 32 x 64 x 64, batch
  4): left as it is.
- A tensor cut in two along its channels is contiguous in neither layout: gated blocks have two convolutions.
- torch pads with replicate or reflect in float32 under autocast: BlurPool uses means with uneven counts
  instead, and ContextualAttention, which has to pad, works at the bottleneck's size.
- torch.nn.init.orthogonal_ and in-place draws fill a channels_last weight wrongly or not at all: initialize.py
  draws into new memory and copies.
- Attention (both kinds) works on cells in a row; it pays a copy in and a copy out.
"""

import argparse
import os
import time
from dataclasses import replace

import torch

from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.plain_unet import PlainSettings, PlainUNet

BASE = PlainSettings(steps=4, skips=(1, 2, 3), blocks=1, widest=192)
VARIANTS: dict[str, PlainSettings] = {
    "as it is": BASE,
    "without skips": replace(BASE, skips=()),
    "all skips": replace(BASE, skips=(0, 1, 2, 3)),
    "two blocks a level": replace(BASE, blocks=2),
    "attention gates": replace(BASE, skip_gates=True),
    "max pool": replace(BASE, downsampling="max_pool"),
    "average pool": replace(BASE, downsampling="average_pool"),
    "blur pool": replace(BASE, downsampling="blur_pool"),
    "bilinear up": replace(BASE, upsampling="bilinear"),
    "two steps of four": replace(BASE, factor=4, steps=2, skips=(1,)),
    "group norm": replace(BASE, norm="group"),
    "instance norm": replace(BASE, norm="instance"),
    "no norm": replace(BASE, norm="none"),
    "elu": replace(BASE, activation="elu"),
    "silu": replace(BASE, activation="silu"),
    "gelu": replace(BASE, activation="gelu"),
    "gated": replace(BASE, convolution="gated"),
    "partial": replace(BASE, convolution="partial"),
    "dilated bottleneck": replace(BASE, bottleneck=BottleneckSettings(depth=3, dilations=(2, 4, 8))),
    "self-attention": replace(BASE, bottleneck=BottleneckSettings(self_attention=4)),
    "contextual": replace(BASE, bottleneck=BottleneckSettings(contextual=True)),
}
LAYOUTS = {
    "bf16 channels_last": (True, torch.channels_last),
    "bf16": (True, torch.contiguous_format),
    "float32": (False, torch.contiguous_format),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--channels", type=int, default=24)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=VARIANTS, default=list(VARIANTS), metavar="VARIANT")
    given = parser.parse_args()
    print(f"CPU ms a picture of {given.size} px; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"{'':20}{'weights':>9}" + "".join(f"{name:>20}" for name in LAYOUTS))
    for name in given.only:
        settings = replace(VARIANTS[name], channels=given.channels)
        times = [
            step_time(settings, given.size, given.batch, given.rounds, *layout) for layout in LAYOUTS.values()
        ]
        weights = sum(p.numel() for p in PlainUNet(7, 3, settings).parameters())
        print(f"{name:20}{weights:9,}" + "".join(f"{each:20.1f}" for each in times), flush=True)


def step_time(
    settings: PlainSettings, size: int, batch: int, rounds: int, bf16: bool, layout: torch.memory_format
) -> float:
    """Least processor time of a forward and backward pass, in ms a picture."""
    network = PlainUNet(7, 3, settings, torch.Generator().manual_seed(0)).to(memory_format=layout)
    x = torch.rand(batch, 7, size, size).contiguous(memory_format=layout)
    mask = (torch.rand(batch, 1, size, size) > 0.99).float()
    times = []
    for _ in range(rounds + 1):  # the first makes torch choose its kernels
        start = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = network(x, mask).square().mean()
        loss.backward()
        times.append(time.process_time() - start)
        network.zero_grad()
    return min(times[1:]) * 1000 / batch


if __name__ == "__main__":
    main()
