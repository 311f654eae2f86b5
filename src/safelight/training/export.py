"""A trained run as a model that needs no torch: what a task brings, and how its files come to be."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

from safelight.arrays import Planes
from safelight.files import new_file
from safelight.nn.export import ModelPart, export_onnx, part_path
from safelight.reports.text import count_pictures, join_words
from safelight.runtime.card import ModelCard
from safelight.tasks.registry import task_named
from safelight.training.model_card import NetworkT, RecipeT, Trained, model_card


@dataclass(frozen=True)
class Export:
    """A model about to be written.

    samples: for each part, inputs made of real pictures. card: of the whole. files: further ones, by their endings.
    remark: said of the model beside sizes and differences.
    """

    parts: Sequence[ModelPart]
    samples: Sequence[Sequence[Planes]]
    card: ModelCard
    files: Mapping[str, bytes] = field(default_factory=dict)
    remark: str = ""

    def write(self, out: Path) -> str:
        """Write NAME.onnx, or the files whose endings stand in its place, and their cards; one line that says so.

        Raises ModelError.
        """
        parities = export_onnx(self.parts, self.card, out, self.samples)
        paths = [part_path(out, part) for part in self.parts]
        for ending, content in self.files.items():
            paths.append(Path(f"{out.with_suffix('')}{ending}"))
            with new_file(paths[-1], overwrite=True) as file:
                file.write(content)
        size, weights = sum(path.stat().st_size for path in paths) / 1e6, self.card.parameters / 1e6
        verb = "differs" if len(paths) == 1 else "differ"
        return (
            f"{join_words(map(str, paths))}{self.remark}: {size:.1f} MB, {weights:.2g} M parameters; {verb} from torch "
            f"by at most {join_words(map(str, parities))} on {count_pictures(parities[0].images)}"
        )


class Exporter(ABC, Generic[NetworkT, RecipeT]):
    """What one task brings to `safelight export`, and to a training that begins with an exported model.

    endings: of a model's files, in the order of its parts and of the task's `card_tasks`.
    """

    endings: tuple[str, ...] = (".onnx",)

    @abstractmethod
    def parts(self, network: NetworkT, recipe: RecipeT) -> list[ModelPart]:
        """The model's files. Raises ModelError for a network that no photo can be given to."""

    @abstractmethod
    def prepare(self, trained: Trained[NetworkT, RecipeT], card: ModelCard) -> Export:
        """All that is to be written. card: what the run's folder and dataset say, without ports and checksum."""


def export_run(trained: Trained[Any, Any], out: Path) -> str:
    """Write the model of a run, NAME.onnx, and its card; one line that says so. Raises ModelError."""
    export = task_named(trained.recipe.task).exporting.prepare(trained, model_card(trained, out.stem))
    trained.stage(f"writing {out.name}, and comparing it with torch")
    return export.write(out)
