"""A prompt as a kind of input: the server's Gemma 3 answers it, and parts of it are left out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from markupsafe import Markup

from model.conversation import spoken
from model.language import Language
from ui.kind import Cost, Kind, Result, Subject
from ui.runs.comparison import Plan
from ui.shell.bench import Bench
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.text import ask, run, show
from ui.text.ask import asked
from ui.text.picture import TextPicture
from ui.text.request import TextAbout, TextRequest
from ui.text.samples import SAMPLES

FIRST = TextRequest(SAMPLES[0].before, SAMPLES[0].text, SAMPLES[0].after, plan=Plan(budget=258))


def _read(model: Language, prompt: str) -> str:
    """What a model reads of a prompt."""
    return model.encode(prompt).read


class TextKind(Kind[TextRequest, None, TextPicture]):
    key, Request, About = "text", TextRequest, TextAbout
    another = "an earlier prompt or setting"
    title = "Swing: why did the model say that?"
    lead = (
        "Swing leaves out parts of a prompt, again and again, and measures how the probability of the model's answer "
        "swings. Pick a sample or write your own, then press Explain."
    )

    def offer(self, state: Bench[None]) -> None:
        ask.offer()

    def ask(self, state: Bench[None]) -> TextRequest:
        slot = model_slot()
        reads = partial(_read, slot.gemma) if slot.gemma is not None and slot.gemma.chat else None
        return ask.ask(lambda request: run.size(slot.loaded, request, slot.seconds_per_token, slot.answer_tokens), reads)

    def open(self, request: TextRequest, state: Bench[None], upload: bytes | None) -> None:
        ask.set_widgets(request)

    def first(self, request: TextRequest | None = None) -> TextRequest:
        return FIRST

    def name(self, request: TextRequest) -> str:
        return spoken(request.text)[:60]

    def asked(self, request: TextRequest) -> Markup:
        return asked(request)

    def asks_server_model(self, request: TextRequest) -> bool:
        return True

    def cost(self, request: TextRequest, state: Bench[None]) -> Cost:
        slot = model_slot()
        return run.cost(slot.loaded, request, slot.seconds_per_token, slot.answer_tokens, slot.answer_seconds)

    def subject(self, request: TextRequest, state: Bench[None]) -> Callable[[Job], Subject]:
        slot = model_slot()
        return partial(run.subject, slot.loaded, request, learn=slot.learn_rate, answered=slot.learn_answer)

    def fingerprint(self, request: TextRequest) -> str:
        return model_slot().fingerprint

    def record_of(self, shown: dict[str, Any], request: TextRequest) -> dict[str, Any]:
        if request.prompt != shown["prompt"]:
            raise ValueError("This bundle shows another prompt than its settings say.")
        return {"subject": {"next": shown.get("next", []), **{name: shown[name] for name in ("target", "spans", "tokens")}}}

    def picture(self, result: Result) -> TextPicture:
        return TextPicture(result.request, result.about)

    view = staticmethod(show.view)
