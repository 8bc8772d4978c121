"""The server's model: what is told while it is loaded."""

from ui.shell.model_slot import ModelSlot


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


def test_a_server_stands_in_the_slot(tiny_gemma, tiny_checkpoint, monkeypatch):
    """What pages ask of the model they ask of the server: an answer, the likeliest tokens, and a game for its pace."""
    from servers import Fake, serving

    with serving(Fake(tiny_gemma)) as url:
        monkeypatch.setenv("SWING_SERVER_MODEL", "tiny")
        monkeypatch.setenv("SWING_SERVER_TOKENIZER", str(tiny_checkpoint))
        slot = ModelSlot(server=url)
        slot.load()
        assert slot.state == "ready" and slot.source == url and slot.seconds_per_token > 0
        assert (
            slot.loaded.name.startswith("tiny at http://127.0.0.1") and "cannot be asked to hide words" in slot.loaded.notes[-1]
        )
