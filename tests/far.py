"""A second device that needs no GPU: its tensors hold their numbers on the processor, and refuse what a GPU would.

What mixes them with other tensors fails, and so does NumPy. Inside FarDevice, tensors are sent there as to any device.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

FAR = torch.device("mps")  # a name that torch knows; nothing of it is used
TO_NUMPY = (Tensor.numpy, Tensor.__array__)


class Far(Tensor):
    """A tensor on the second device."""

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func == Tensor.device.__get__:  # type: ignore[attr-defined]
            return FAR
        if func is Tensor.cpu or (func is Tensor.to and _goes_home(args, kwargs)):
            return _near(args[0])
        if func == Tensor.grad.__get__:  # type: ignore[attr-defined]
            grad = super().__torch_function__(func, types, args, kwargs or {})
            return grad if grad is None else grad.as_subclass(Far)
        if func is torch._has_compatible_shallow_copy_type:
            return False  # a module that moves gets new weights
        if func in TO_NUMPY:
            raise TypeError("can't convert a tensor on another device to numpy; use Tensor.cpu() first")
        given = [*_tensors(args), *_tensors(kwargs)]
        if func is not Tensor.to and any(not isinstance(each, Far) and each.ndim for each in given):
            raise RuntimeError(f"{func} was given tensors on two devices")
        return super().__torch_function__(func, types, args, kwargs or {})


class FarDevice(TorchFunctionMode):
    """While it lasts, `.to(FAR)` and `device=FAR` lead there, whole modules too."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        sent = func is Tensor.to and FAR in [each for each in args if isinstance(each, torch.device)]
        if not sent and kwargs.get("device") != FAR:
            return func(*args, **kwargs)
        kwargs.pop("device", None)
        kinds = [each for each in (*args, *kwargs.values()) if isinstance(each, torch.dtype)]
        made = args[0].to(*kinds[:1] or [args[0].dtype]) if sent else func(*args, **kwargs)
        return made if isinstance(made, Far) else made.as_subclass(Far)


def send(network: nn.Module) -> nn.Module:
    """The network with its weights and buffers, and nothing else of it, on the second device."""
    for module in network.modules():
        for held in (module._parameters, module._buffers):
            for name, tensor in held.items():
                if tensor is not None:
                    far = tensor.detach().as_subclass(Far).requires_grad_(tensor.requires_grad)
                    held[name] = far  # type: ignore[assignment]
    return network


def sent(batch: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """A batch on the second device."""
    return tuple(part.as_subclass(Far) for part in batch)


def _near(tensor: Tensor) -> Tensor:
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.as_subclass(Tensor)


def _goes_home(args: tuple[Any, ...], kwargs: Any) -> bool:
    asked = [*args[1:], *(kwargs or {}).values()]
    return any(
        str(each) == "cpu" or (isinstance(each, Tensor) and not isinstance(each, Far)) for each in asked
    )


def _tensors(tree: Any) -> Iterator[Tensor]:
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, dict):
        yield from _tensors(list(tree.values()))
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            yield from _tensors(part)
