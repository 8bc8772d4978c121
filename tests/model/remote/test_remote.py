"""A model behind a server: the values of the same model here, and a sentence for every server whose numbers are none."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import servers

from benchmarks.languages.networks import write
from model import connect, load_model
from model.remote import client as clients

PROMPT, TARGET = "Count: one two three four five six seven eight nine ten", " seven, nine"
GPT2 = {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 512}

FAULTS = {
    "Wavering": "gives other numbers when asked the same again",
    "OfTheLikeliest": "all of the probability",
    "Floored": "gives unlikely tokens all the same log-probability",
    "Logits": "as a log-probability",
    "NotANumber": "gives nan as a log-probability",
    "Words": "as a log-probability",
    "Forgetful": "does not read the beginning of a prompt",
    "Deaf": "does not read the beginning of a prompt",
    "Muddled": "other numbers when (asked the same again|asked several questions at once|they are asked one by one)",
    "TwoAnswers": "gives 2 answers to one question",
    "Shifted": "gives no log-probability of a given token",
    "OneByOne": "gives tokens of a target other numbers when they are asked one by one",
    "LlamaCpp": "gives no log-probability of a given token: serve the model with vLLM",
    "Ollama": "gives no log-probability of a given token: serve the model with vLLM",
    "Page": "answers with what is no JSON",
    "OtherTokens": "cuts text into other tokens than this tokenizer",
    "Broken": "does not answer, after 5 tries .HTTP 503",
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return write(tmp_path_factory.mktemp("served") / "checkpoint", "GPT2Config", GPT2)


@pytest.fixture(scope="module")
def here(directory, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWING_HOME", str(tmp_path_factory.mktemp("home")))
        return load_model(directory)


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    monkeypatch.setattr(clients, "FIRST_WAIT", 0.001)
    monkeypatch.delenv(clients.KEY, raising=False)


def rows(n):
    z = np.random.default_rng(0).random((6, n)) < 0.5
    z[0], z[1] = False, True
    return z


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Fake", "OnlyEcho", "Busy", "Untold"])
@pytest.mark.parametrize("absent", ["remove", "replace"])
def test_values_are_those_of_the_model_here(here, directory, kind, absent):
    fake = getattr(servers, kind)(here)
    with servers.serving(fake) as url:
        model = connect(url, "tiny", directory)
        game, own = (one.text_game(PROMPT, TARGET, "word", absent) for one in (model, here))
        np.testing.assert_allclose(game(rows(game.n_players)), own(rows(own.n_players)), atol=2e-5)
        assert len(game.outputs) > 1 and model.way.name == (
            "echo with prompt_logprobs" if kind == "OnlyEcho" else "logprob_token_ids"
        )
        assert model.context == 512 and fake.most <= clients.AT_ONCE
        assert [token for token, _ in model.next_tokens(PROMPT, 3)] == [token for token, _ in here.next_tokens(PROMPT, 3)]
        assert isinstance(model.generate(PROMPT, max_new_tokens=3), str)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_a_server_that_goes_wrong_is_refused(here, directory, kind):
    with servers.serving(getattr(servers, kind)(here)) as url, pytest.raises(ValueError, match=FAULTS[kind]) as caught:
        connect(url, "tiny", directory)
    assert str(caught.value).startswith(f"the server at {url}") and "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_tokenizer_of_the_server(here):
    with servers.serving(servers.Fake(here)) as url:
        model = connect(url, "tiny")
        for text in (PROMPT, "Größe 🙂 東京"):
            want = here.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
            found = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
            assert found["input_ids"] == want["input_ids"]
            pieces = [{text[a:b].strip() for a, b in one["offset_mapping"]} - {""} for one in (want, found)]
            assert pieces[0] == pieces[1]
        game = model.text_game(f"Say: {PROMPT}", TARGET, [(5, 11), (12, 15), (16, 19)])
        assert np.isfinite(game(rows(3))).all()
    with servers.serving(servers.Untold(here)) as url, pytest.raises(ValueError, match="has no /tokenize: give its model's"):
        connect(url, "tiny")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "says"), [("NotANumber", "gives nan as a log-prob"), ("TwoAnswers", "gives 2 answers")])
def test_a_server_that_goes_wrong_later_ends_a_run_with_a_sentence(here, directory, kind, says):
    fake = servers.Fake(here)
    with servers.serving(fake) as url:
        model = connect(url, "tiny", directory)
        game = model.text_game(PROMPT, TARGET, "word")
        fake.__class__ = getattr(servers, kind)
        for ask in (lambda: game(rows(game.n_players)), lambda: model.next_tokens(PROMPT)):
            with pytest.raises(ValueError, match=f"the server at {url} {says}"):
                ask()


def test_where_an_event_loop_runs_already_as_in_a_notebook(here, directory):
    async def cell():
        with servers.serving(servers.Fake(here)) as url:
            return connect(url, "tiny", directory).next_tokens(PROMPT, 1)

    with ThreadPoolExecutor(1) as thread:  # this one has a loop already, where a browser was driven before
        found, there = thread.submit(asyncio.run, cell()).result(), here.next_tokens(PROMPT, 1)
    assert found[0][0] == there[0][0]


def test_what_a_server_cannot_do_is_refused(here, directory):
    with servers.serving(servers.Fake(here)) as url:
        model = connect(url, "tiny", directory)
        for absent in ("hole", "read-once"):
            with pytest.raises(ValueError, match="runs on a server, which cannot be asked to hide words: choose"):
                model.text_game(PROMPT, TARGET, [(0, 5)], absent)
        with pytest.raises(ValueError, match="reads text only"):
            model.image_game(None, PROMPT, TARGET)
        with pytest.raises(ValueError, match="continue many prompts at once"):
            model.reader()
        with pytest.raises(ValueError, match="has no model 'other'; it has tiny"):
            connect(url, "other", directory)
    with pytest.raises(ValueError, match="does not answer, after 5 tries .ConnectError"):
        connect(url, "tiny", directory)


@pytest.mark.slow
def test_a_key_comes_from_the_environment_and_is_not_told(here, directory, monkeypatch):
    fake = servers.Fake(here)
    fake.key = "secret"
    with servers.serving(fake) as url:
        with pytest.raises(ValueError, match="HTTP 401"):
            connect(url, "tiny", directory)
        monkeypatch.setenv(clients.KEY, "secret")
        model = connect(url, "tiny", directory)
        assert "secret" not in f"{model.name} {model.notes} {vars(model.handshake)}"
    with pytest.raises(ValueError, match="would be sent unencrypted to example.org: give an address with https"):
        connect("http://example.org/v1", "tiny", directory)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "", "https://", "http://me:word@host/v1"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="no address of a server|must hold no password") as caught:
        connect(url, "tiny")
    assert "word@" not in str(caught.value)
