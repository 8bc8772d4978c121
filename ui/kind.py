"""What a kind of input must say of itself; `ui.kind_page` makes its page of this, and knows nothing else of it.

A new kind is a folder with a subclass of `Kind`, and a line in `app.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from markupsafe import Markup, escape

from ui.maps.picture import Picture
from ui.runs.comparison import Comparison, Plan
from ui.shell.bench import Bench
from ui.shell.jobs import Job
from ui.shell.pace import Cost as Cost  # which every kind says
from xai import Ledger, Redrawn
from xai.exchange.visible import visible
from xai.game import Game

LOOK = 3.0  # seconds that `Kind.look` takes


class Request(Protocol):
    """Everything that is asked: a frozen dataclass, as a rule one of `ui.settings.Settings`.

    plan : how the game is explained
    same_game : what two requests must share for the one to go on with the other's ledger
    """

    @property
    def plan(self) -> Plan: ...
    @property
    def same_game(self) -> Any: ...
    def to_settings(self) -> dict[str, Any]: ...


class About:
    """What a picture needs beside a request and its attributions; a kind that needs nothing takes this one."""

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it, for the store."""
        return {}

    def to_shown(self) -> dict[str, Any]:
        """The same for a bundle, which the user takes along."""
        return self.to_record()

    @classmethod
    def from_record(cls, record: dict[str, Any], request: Any, comparison: Comparison) -> "About":
        """What `to_record` gave; any of the usual errors where it is not of the request or the comparison."""
        return cls()


R = TypeVar("R", bound=Request)
S = TypeVar("S")
P = TypeVar("P", bound=Picture)


@dataclass(frozen=True, eq=False)
class Subject:
    """An input made a game.

    outputs, weights : names of the game's k output columns; (k,) what each counts in the maps that are shown first
    learn(seconds, evaluations) : told what a run took, for the estimate of the next
    redrawn : the same input on networks whose weights were drawn anew, None where there are none
    """

    game: Game
    outputs: list[str]
    weights: list[float]
    about: Any = field(default_factory=About)
    learn: Callable[[float, int], None] = lambda seconds, evaluations: None
    redrawn: Redrawn | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """What a page shows: what was asked, what came of it, and what a picture needs beside."""

    request: Any
    about: Any
    comparison: Comparison

    @property
    def state(self) -> str:
        """ "preliminary" (a run goes on), "partial" (cancelled) or "done"."""
        return self.comparison.state

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it, the request (which is the run's settings) and the ledger left out."""
        return {**self.about.to_record(), "comparison": self.comparison.to_record()}


@dataclass(frozen=True, eq=False)
class View:
    """How a result is shown below what a page said of it.

    below() : draws what stands under the maps: what can be done with them, and the small print
    weights : (k,) of the output columns, None for those of the comparison;  sections : further tabs, title → what draws
    files() : further downloads
    """

    picture: Picture
    weights: list[float] | None = None
    sections: dict[str, Callable[[], None]] = field(default_factory=dict)
    files: Callable[[], None] | None = None
    below: Callable[[], None] | None = None


class Kind(ABC, Generic[R, S, P]):
    """A kind of input: R is its request, S what its page remembers in a session."""

    key: str  # in the store, in bundles, in the names of the page's widgets
    title: str
    lead: str
    another: str = "an earlier input or setting"  # of which a result may be that the page still shows
    Request: type[R]  # one of `ui.settings.Settings`, where `read` is not told otherwise
    About: Any = About  # a class with the methods of `About`
    State: type[S] = type(None)  # type: ignore[assignment]  # for a page that remembers nothing

    # What is asked.

    def offer(self, state: Bench[S]) -> None:  # noqa: B027  # a kind may have no samples
        """Draw what stands above the question even where that is folded away: samples, kinds of question."""

    @abstractmethod
    def ask(self, state: Bench[S]) -> R | None:
        """Draw the widgets; what they ask, or None, with a sentence, where nothing can be."""

    def read(self, settings: Any, upload: bytes | None = None) -> R:
        """The request of kept settings; ValueError for what are none. upload : the file that was kept with them"""
        return self.Request.from_settings(settings)  # type: ignore[attr-defined, no-any-return]  # of `Settings`

    @abstractmethod
    def open(self, request: R, state: Bench[S], upload: bytes | None) -> None:
        """Set the widgets to a request. upload : the file that was kept with its run"""

    def first(self, request: R | None = None) -> R | None:
        """A newcomer's request, whose result is shown at once to whoever asks `request` without a click; None for nothing.

        request : None where nobody asks anything yet
        """
        return None

    @abstractmethod
    def name(self, request: R) -> str:
        """What its run is called, in the list of runs and in files."""

    def asked(self, request: R) -> Markup:
        """The question in a line of HTML, shown where its widgets are folded away."""
        return escape(visible(self.name(request)))

    # What it costs, and the game.

    def asks_server_model(self, request: R) -> bool:
        """Whether the server's own model must be loaded first."""
        return False

    @abstractmethod
    def cost(self, request: R, state: Bench[S]) -> Cost:
        """Most evaluations, and about how many seconds; ValueError where nothing can be explained."""

    @abstractmethod
    def subject(self, request: R, state: Bench[S]) -> Callable[[Job], Subject]:
        """What makes the game, in the job's thread; what it needs of the session is taken here. ValueError as `cost`."""

    def look(self, request: R, state: Bench[S]) -> Callable[[Job], None] | None:
        """What publishes a map within seconds, where making the game takes longer than that; None where it does not."""
        return None

    def pool(self, request: R) -> str:
        """In which line it waits: that of the server's model, or that of its own kind."""
        return "model" if self.asks_server_model(request) else self.key

    def fingerprint(self, request: R) -> str:
        """Of the model that a request asks."""
        return ""

    # What is kept.

    def may_keep(self, request: R) -> bool:
        """Whether a run may stand in the store."""
        return True

    def upload(self, request: R, state: Bench[S], on_server: bool) -> bytes | None:
        """The user's file that is kept with a run, on the server or in a bundle."""
        return None

    def record_of(self, shown: dict[str, Any], request: R) -> dict[str, Any]:
        """What `About.to_record` gave, from what `About.to_shown` did; ValueError where it is not of the request."""
        return shown

    def about(self, record: dict[str, Any], request: R, comparison: Comparison, upload: bytes | None) -> Any:
        """What `About.to_record` gave, read. upload : the file that was kept, or brought, with it"""
        return self.About.from_record(record, request, comparison)

    # What is shown.

    def picture(self, result: Result) -> P:
        """How the input is drawn; ValueError where it is gone."""
        return Picture()  # type: ignore[return-value]  # which is P where a kind draws nothing of its own

    def shows(self, result: Result) -> bool:
        """Whether the result is of what the page asks for now."""
        return True

    def view(self, result: Result, picture: P, state: Bench[S]) -> View:
        """Draw what stands above the maps, and say how they are shown. picture : as `picture` gave it, of what comes first"""
        return View(picture)

    def result(
        self, record: dict[str, Any], request: R, ledger_of: Callable[[list[str]], Ledger], upload: bytes | None = None
    ) -> Result:
        """What `Result.to_record` gave; ValueError for anything else. ledger_of(labels) : what was paid"""
        try:
            ledger = ledger_of([str(label) for label in record["comparison"]["maps"][0]["labels"]])
            comparison = Comparison.from_record(record["comparison"], request.plan, ledger)
            return Result(request, self.about(record, request, comparison, upload), comparison)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"this is not a result that Swing wrote ({error})") from error
