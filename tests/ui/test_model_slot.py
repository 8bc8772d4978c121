"""The server's model: what is told while it is loaded."""

from dataclasses import replace

import pytest

from model.language import Language
from model.text.handshake import Handshake
from ui.shell.jobs import Job
from ui.shell.model_slot import ModelSlot
from ui.text.request import TextRequest
from ui.text.run import answer, cost, make_game, size, subject


def test_a_sentence_is_printed_once_however_often_its_share_grows(capsys):
    slot = ModelSlot()
    for fraction, sentence in (
        (0.0, "Loading torch"),
        (0.8, "Reading the weights"),
        (0.9, "Reading the weights"),
        (1.0, "Ready"),
    ):
        slot._tell(fraction, sentence)
        assert (slot.fraction, slot.sentence) == (fraction, sentence)
    assert capsys.readouterr().out.splitlines() == [
        "Swing:   0 % Loading torch",
        "Swing:  80 % Reading the weights",
        "Swing: 100 % Ready",
    ]


@pytest.mark.slow
def test_a_server_stands_in_the_slot(tiny_gemma, tiny_checkpoint, monkeypatch):
    """What pages ask of the model they ask of the server: an answer, the likeliest tokens, and a game for its pace."""
    from servers import Fake, serving

    with serving(Fake(tiny_gemma)) as url:
        monkeypatch.setenv("SWING_SERVER_MODEL", "tiny")
        monkeypatch.setenv("SWING_SERVER_TOKENIZER", str(tiny_checkpoint))
        slot = ModelSlot(server=url)
        slot.load()
        assert slot.state == "ready" and slot.source == url and slot.seconds_per_token > 0
        rounds, hides = slot.loaded.notes[-2:]
        assert slot.loaded.name.startswith("tiny at http://127.0.0.1")
        assert "does not say in which numbers it is run" in rounds and "cannot be asked to hide words" in hides


def test_a_long_answer_is_foretold_to_cost_more(tiny_gemma):
    """As a game of that many target tokens does; never longer than the answer may be; a target that is given is known."""
    slot, request = ModelSlot(), TextRequest("", "jumps over the lazy", "", until="end", longest=20)
    before, seconds_before = slot.answer_tokens, slot.answer_seconds
    subject(tiny_gemma, request, Job(lambda job: None), answered=slot.learn_answer)
    said = len(tiny_gemma.target_ids(answer(tiny_gemma, request)))
    assert slot.answer_tokens == (before + said) / 2 > before
    assert slot.answer_seconds != seconds_before

    def seconds(tokens, request=request):
        return size(tiny_gemma, request, 1.0, tokens).seconds

    assert seconds(2) == make_game(tiny_gemma, request, " yes yes").work < seconds(20) == seconds(500)
    given = replace(request, target=" dog")
    assert seconds(2, given) == seconds(20, given)
    own, typed = (cost(tiny_gemma, one, 1.0, 1, 7.0) for one in (replace(request, longest=1), replace(request, target=" yes")))
    assert own.evaluations == typed.evaluations and own.before == 7.0 and typed.before == 0.0
    assert own.seconds == typed.seconds + 7.0 and own.of(0) == 7.0 and own.of(own.evaluations) == own.seconds


def test_visitors_are_not_told_where_on_the_server_a_model_lies(tiny_gemma, tiny_checkpoint, monkeypatch):
    monkeypatch.chdir(tiny_checkpoint.parent)
    slot = ModelSlot()
    for name in (str(tiny_checkpoint), f"./{tiny_checkpoint.name}", f"../{tiny_checkpoint.parent.name}/{tiny_checkpoint.name}"):
        slot.source, slot.gemma = name, None
        assert slot.served == tiny_checkpoint.name
        slot.gemma = Language(tiny_gemma.tokenizer, name, 9, 9, Handshake("way", lines=("is scored slowly",)))
        assert slot.served == tiny_checkpoint.name
        assert slot.notes.startswith(f"{tiny_checkpoint.name[0].upper()}{tiny_checkpoint.name[1:]} is scored slowly.")
        for ask in (lambda: slot.gemma.check_length(9, 9), slot.gemma.reader):
            with pytest.raises(ValueError, match=rf"^[^/]*{tiny_checkpoint.name}[^/]*$"):
                ask()
    for name in ("the bundled model", "served/" + "m" * 300):
        slot.gemma = Language(tiny_gemma.tokenizer, name, 9, 9, Handshake("way"))
        assert slot.served == name
