"""The server's model: what is told while it is loaded."""

import json
import shutil
import time
from dataclasses import replace

import pytest

from model.language import Language, title_of, without_directories
from model.text.handshake import Handshake
from ui.shell.jobs import Job
from ui.shell.model_slot import Choice, ModelSlot
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


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("/srv/a/x could not be loaded: nothing in /srv/a/x/sub.", "x could not be loaded: nothing in sub."),
        ("[Errno 2] No such file: '/srv/a b/x.json'", "[Errno 2] No such file: 'x.json'"),
        ("mine is a LoRA of ../theirs/base, which is one itself", "mine is a LoRA of base, which is one itself"),
        ("~/models/x.gguf cannot be read (No such file)", "x.gguf cannot be read (No such file)"),
        (r"C:\models\x is a file of another kind", "x is a file of another kind"),
        ("some/dir/x/config.json does not say (see ./b/c)", "x/config.json does not say (see c)"),
        ("owner/name at http://host:8000/v1: 1/2 and/or a / b", "owner/name at http://host:8000/v1: 1/2 and/or a / b"),
    ],
)
def test_of_a_path_in_a_sentence_its_last_part_is_shown(sentence, shown):
    assert without_directories(sentence, "some/dir/x", ".", None) == shown


def test_a_path_that_is_there_may_have_spaces(tmp_path):
    there = tmp_path / "of mine" / "base two"
    there.mkdir(parents=True)
    assert without_directories(f"x is a LoRA of {there}, which is one itself") == "x is a LoRA of base two, which is one itself"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("/srv/none/x", "x"),
        ("models/none.gguf", "none.gguf"),
        ("a/b/c", "c"),
        ("owner/name", "owner/name"),
        ("owner/name, redrawn", "owner/name, redrawn"),
        ("x at http://host:8000/v1", "x at http://host:8000/v1"),
    ],
)
def test_a_model_that_is_not_there_is_called_by_its_last_part_too(name, title):
    assert title_of(name) == title == Choice(name).title


def refusals(tiny_checkpoint, directory):
    """Models that cannot be loaded, each for another reason: what is asked for."""
    config = json.loads((tiny_checkpoint / "config.json").read_text())
    adapter = {"base_model_name_or_path": str(directory / "of mine" / "lora")}
    files = {
        "empty": {},
        "typeless": {"config.json": "{}"},
        "broken": {"config.json": "{"},
        "encoder": {"config.json": json.dumps({"model_type": "bart", "is_encoder_decoder": True})},
        "seeing": {"config.json": json.dumps({"model_type": "vit"})},
        "quantised": {"config.json": json.dumps(config | {"quantization_config": {"quant_method": "awq"}})},
        "weightless": {"config.json": json.dumps(config)},
        "pickled": {"config.json": json.dumps(config), "pytorch_model.bin": "x"},
        "damaged": {"config.json": json.dumps(config), "model.safetensors": "x"},
        "indexed": {"config.json": json.dumps(config), "model.safetensors.index.json": "{}"},
        "lacking": {"config.json": json.dumps(config), "model.safetensors.index.json": '{"weight_map": {"a": "b.safetensors"}}'},
        "lora": {"adapter_config.json": json.dumps(adapter)},
        "of mine": {},
        "of mine/lora": {"adapter_config.json": "{}"},
        "baseless": {"adapter_config.json": "{}"},
    }
    for name, held in files.items():
        (directory / name).mkdir(parents=True)
        for file, text in held.items():
            (directory / name / file).write_text(text)
    whole = shutil.copytree(tiny_checkpoint, directory / "wordless")  # its tokenizer, and one of its weights, are not there
    (whole / "tokenizer.json").unlink()
    short = shutil.copytree(tiny_checkpoint, directory / "cut")
    (short / "model.safetensors").write_bytes((short / "model.safetensors").read_bytes()[:-9])
    names = ["x.gguf", "x.onnx", "x.pkl", "x.safetensors", "x.txt"]
    for name in names:
        (directory / name).write_text("hello")
    return [*files, "wordless", "cut", *names, "never there", "never.gguf"]


def test_visitors_see_no_directory_of_a_model_that_cannot_be_loaded(ready, tiny_checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("model.about.find_spec", lambda name: None if name == "gptqmodel" else name)
    for name in refusals(tiny_checkpoint, tmp_path / "kept here"):
        source = str(tmp_path / "kept here" / name)
        slot = ModelSlot(source)
        with pytest.raises(ValueError) as refused:
            slot.load()
        ready.refused = ""
        ready.choose(Choice(source))
        while ready.another is not None:
            time.sleep(0.01)
        for said in (slot.error, str(refused.value), ready.refused):
            assert name.rpartition("/")[2] in said and "kept here" not in said and "/tmp" not in said, said
            assert str(tmp_path) not in said
        assert source in capsys.readouterr().out  # the operator's log
