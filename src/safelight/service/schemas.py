"""What the service is sent and answers as JSON. Unknown keys and numbers in quotes are refused."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from safelight.batch.project import Project
from safelight.service.bodies import shallow
from safelight.tasks.colorize.hint_values import MAX_CORNERS
from safelight.tasks.colorize.hints import FORMAT, MAX_HINTS, VERSION, HintSet
from safelight.tasks.colorize.suggest import MOST_PLACES
from safelight.tasks.colorize.task import REACH, VIVID

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Corner = Annotated[list[Share], Field(min_length=2, max_length=2)]
Color = (
    Annotated[str, Field(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]
    | Annotated[list[Share], Field(min_length=3, max_length=3)]
)
STEPS = [["mend"], ["color"], ["mend", "color"]]
DATE = (  # that there is, but for a 29th of February too many
    "[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|[12][0-9]))"
)
TIME = f"^{DATE}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"
BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


def _whole(value: object) -> object:
    """2 for 2.0: JSON knows no difference. Raises ValueError for true and false, which Python takes for numbers."""
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


Region = Annotated[list[Corner], Field(min_length=3, max_length=MAX_CORNERS)]


class Strict(BaseModel):
    """A JSON object of which every key is known."""

    model_config = ConfigDict(extra="forbid", strict=True)


class HintRow(Strict):
    """A color at a place, as in a hint file; the color #rrggbb, #rgb or three numbers 0..1."""

    x: Share
    y: Share
    color: Color
    radius: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.01
    region: Region | None = None


Hints = Annotated[list[HintRow], Field(max_length=MAX_HINTS)]


def hint_set(rows: list[HintRow]) -> HintSet:
    """The hints. Raises HintError."""
    written = [row.model_dump(exclude_none=True) for row in rows]
    return HintSet.from_json({"format": FORMAT, "version": VERSION, "hints": written})


class WithHints(Strict):
    """Hints alone."""

    hints: Hints = []


class CertaintyQuestion(WithHints):
    """How sure the colors are that a photo has with these hints."""

    vivid: Share = VIVID
    reach: Share = REACH


class ColorsQuestion(CertaintyQuestion):
    """Which colors a photo has with these hints."""

    stage: Literal["kriged", "network"] = "network"


class LikelyQuestion(WithHints):
    """Which colors a place may have."""

    x: Share
    y: Share


class SuggestQuestion(WithHints):
    """Where further hints would help."""

    count: Annotated[int, Field(ge=1, le=MOST_PLACES), BeforeValidator(_whole)] = 3


class ScratchesQuestion(Strict):
    """Where damage is. grow: pixels; null for as much as safelight repair grows."""

    sensitivity: Share = 0.5
    grow: Annotated[float, Field(ge=0, le=500, allow_inf_nan=False)] | None = None


class FillQuestion(Strict):
    """How what the kept mask marks is filled."""

    method: Literal["auto", "model", "biharmonic", "telea"] = "auto"
    grow: Annotated[float, Field(ge=0, le=500, allow_inf_nan=False)] = 0
    feather: Annotated[float, Field(ge=0, le=500, allow_inf_nan=False)] = 0
    grain: Share = 1


class ColorPartJson(Strict):
    """How the photo is colorized."""

    hints: Hints = []
    vivid: Share = VIVID
    reach: Share = REACH
    recolor: bool = False
    keep_toning: bool = False
    mount: bool = True


class MaskPng(Strict):
    """The mask's bytes, base64: of project files; pages and scripts PUT the mask and send its checksum."""

    png: Annotated[str, Field(pattern=BASE64)]


class MaskChecksum(Strict):
    """The SHA-256 of a mask that was PUT."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class MendPartJson(Strict):
    """What is filled, and how."""

    mask: MaskPng | MaskChecksum | None = None
    method: Literal["auto", "model", "biharmonic", "telea"] = "auto"
    grow: Annotated[float, Field(ge=0, le=500, allow_inf_nan=False)] = 0
    feather: Annotated[float, Field(ge=0, le=500, allow_inf_nan=False)] = 0
    grain: Share = 0


class ProjectPhotoJson(Strict):
    """Which photo the project is of; the one that it is sent to, if that is not said."""

    name: Annotated[str, Field(max_length=1000)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class ProjectJson(Strict):
    """A project (docs/project.md)."""

    format: Literal["safelight-project"] = "safelight-project"
    version: Annotated[Literal[1], BeforeValidator(_whole)] = 1
    photo: ProjectPhotoJson = ProjectPhotoJson()
    steps: Annotated[list[Literal["mend", "color"]], Field(json_schema_extra={"enum": STEPS})] = ["color"]
    color: ColorPartJson = ColorPartJson()
    mend: MendPartJson = MendPartJson()
    saved: Annotated[str, Field(pattern=TIME)] | None = None
    page: Annotated[dict[str, Any], AfterValidator(shallow)] = {}

    def sent(self) -> Project:
        """The project. Raises ProjectError, HintError."""
        document = self.model_dump(exclude_none=True)
        return Project.from_json(document)


class LikelyColor(BaseModel):
    """A color as it looks there, and how likely it is."""

    color: str
    share: float


class Likely(BaseModel):
    """The likeliest colors of a place, best first, and its lightness."""

    L: float
    colors: list[LikelyColor]


class Place(BaseModel):
    """A place, the share of all uncertainty that a hint there takes away, and its likely colors."""

    x: float
    y: float
    worth: float
    colors: list[LikelyColor]


class Suggestions(BaseModel):
    """Places, best first."""

    places: list[Place]


class BoxJson(BaseModel):
    """Whole pixels of the full-size, upright photo."""

    left: int
    top: int
    width: int
    height: int


class SizeJson(BaseModel):
    """A size in pixels."""

    width: int
    height: int


class PhotoJson(BaseModel):
    """A photo; what is only known of one that is open is null before."""

    id: str
    name: str
    bytes: int
    source: Literal["upload", "command line", "mended"]
    of: str | None
    opened: bool
    sha256: str | None
    width: int | None
    height: int | None
    format: str | None
    depth: int | None
    alpha: bool | None
    look: Literal["grey", "toned", "tinted", "faded", "colored"] | None
    has_colors: bool | None
    mount: BoxJson | None
    plane: SizeJson | None
    preview: SizeJson | None
    unfamiliarity: float | None
    remarks: list[str]


class PhotosJson(BaseModel):
    """All open photos."""

    photos: list[PhotoJson]


class MaskJson(BaseModel):
    """A kept mask: the checksum of its file, and the share of the photo that it marks."""

    sha256: str
    marked: float
    width: int
    height: int
    remarks: list[str]


class ProblemJson(BaseModel):
    """A problem (RFC 9457). instance: the id of a fault of the service, as a URN."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None


class JobJson(BaseModel):
    """A piece of long work."""

    id: str
    kind: Literal["scratches", "fill", "result"]
    photo: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    progress: float
    remarks: list[str]
    problem: ProblemJson | None
    result: str | None
    created: float
    ended: float | None


class JobsJson(BaseModel):
    """All jobs that are kept."""

    jobs: list[JobJson]


class InfoJson(BaseModel):
    """The service: its version, limits, models and defaults."""

    version: str
    limits: dict[str, Any]
    models: dict[str, Any]
    defaults: dict[str, Any]
