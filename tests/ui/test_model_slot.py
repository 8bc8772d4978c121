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
