"""Reading a checkpoint: the share that is read, its end midway, and nothing wider than it was published."""

import gc
import json

import pytest
import torch
from gguf_files import vocabulary
from gguf_kinds import tiny, write_kind
from safetensors.torch import load_file, save_file
from tiny import build_tokenizer, randomise, write_tiny_checkpoint, write_tiny_vision_checkpoint
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, Gemma3ForConditionalGeneration, LlamaConfig, LlamaForCausalLM

from benchmarks.languages.networks import NETWORKS, make
from model import about, halved, load_model
from model.halved import HalfLinear
from model.loading import COMPARING, READING


class Ended(Exception):
    """Raised where a loader tells how far it is."""


def ended_at(share, wanted):
    """What is told to a loader's `progress`, which ends it at a share of a sentence; what it was told."""
    told = []

    def progress(fraction, sentence):
        told.append((fraction, sentence))
        if sentence == wanted and fraction >= share:
            raise Ended

    return progress, told


def alive():
    """Bytes of all tensors that anybody holds."""
    gc.collect()
    return sum(one.nbytes for one in gc.get_objects() if issubclass(type(one), torch.Tensor) and not one.is_meta)


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    directory = write_tiny_checkpoint(tmp_path_factory.mktemp("sharded") / "tiny")
    network = AutoModelForCausalLM.from_pretrained(directory)
    (directory / "model.safetensors").unlink()
    network.save_pretrained(directory, max_shard_size="30KB")
    assert len(list(directory.glob("*.safetensors"))) > 3
    return directory


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    network = tiny(LlamaConfig, vocab_size=len(vocabulary()), tie_word_embeddings=False)
    return write_kind(tmp_path_factory.mktemp("file") / "tiny.gguf", network, "llama")


def of_weights(told, sentence):
    return [fraction for fraction, said in told if said == sentence]


def test_what_is_told_grows_with_every_tensor_of_a_checkpoint(sharded):
    told = []
    model = load_model(sharded, progress=lambda *step: told.append(step))
    shares = of_weights(told, READING)
    assert len(shares) == len(list(model.model.parameters())) and len(set(shares)) == len(shares)
    assert 0.1 < shares[0] < 0.4 and 0.85 < shares[-1] <= 0.9
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    largest = max(one.nbytes for one in model.model.parameters())
    size = sum(file.stat().st_size for file in sharded.glob("*.safetensors"))
    steps = [later - earlier for earlier, later in zip([0.1, *shares], shares)]
    assert max(steps) == pytest.approx(0.8 * largest / size)  # shares of the bytes


def test_the_weights_are_those_of_transformers(sharded):
    wanted = AutoModelForCausalLM.from_pretrained(sharded, dtype=torch.float32)
    found = load_model(sharded).model
    assert type(found) is type(wanted) and str(found.config) == str(wanted.config)
    assert str(found.generation_config) == str(wanted.generation_config)
    pairs = zip(found.state_dict().items(), wanted.state_dict().items(), strict=True)
    assert all(one == other and torch.equal(mine, theirs) for (one, mine), (other, theirs) in pairs)
    assert found.lm_head.weight is found.get_input_embeddings().weight


@pytest.mark.parametrize("kind", ["sharded", "file"])
def test_loading_ends_midway_through_the_weights_and_leaves_nothing(request, kind):
    source = request.getfixturevalue(kind)
    load_model(source)
    before = alive()
    progress, told = ended_at(0.4, READING if kind == "sharded" else "Reading the weights")
    with pytest.raises(Ended):
        load_model(source, progress=progress)
    assert 0.4 <= told[-1][0] < 0.8 and not of_weights(told, COMPARING)
    del told
    assert alive() <= before


def test_a_comparison_ends_between_its_passes_and_nothing_is_kept_of_it(sharded, tmp_path, monkeypatch):
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    progress, told = ended_at(0.97, COMPARING)
    with pytest.raises(Ended):
        load_model(sharded, progress=progress)
    assert 0.97 <= told[-1][0] < 0.99 and not (tmp_path / "handshakes.json").exists()
    shared = []
    load_model(sharded, progress=lambda *step: shared.append(step))
    assert len(of_weights(shared, COMPARING)) > 15 and (tmp_path / "handshakes.json").exists()


def publish(directory, network=None):
    """Have the numbers of a checkpoint be such of bfloat16; of a network of transformers where one is given."""
    if network is not None:
        randomise(network)
        network.save_pretrained(directory)
        build_tokenizer(False).save_pretrained(directory)
    weights = directory / "model.safetensors"
    save_file({name: tensor.bfloat16() for name, tensor in load_file(weights).items()}, weights, {"format": "pt"})
    return directory


def untied(directory):
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "head_dim": 16}
    vocabulary = len(build_tokenizer(False))
    config = LlamaConfig(vocab_size=vocabulary, num_key_value_heads=1, tie_word_embeddings=False, attention_bias=True, **sizes)
    return publish(directory, LlamaForCausalLM(config))


PUBLISHED = {
    "tied": lambda directory: publish(write_tiny_checkpoint(directory)),
    "untied": untied,
    "seeing": lambda directory: publish(write_tiny_vision_checkpoint(directory)),
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_what_was_published_in_bfloat16_is_read_so_and_is_bit_for_bit_what_halving_gives(tmp_path, monkeypatch, kind):
    directory = PUBLISHED[kind](tmp_path / "tiny")
    architecture = Gemma3ForConditionalGeneration if kind == "seeing" else AutoModelForCausalLM
    wide = architecture.from_pretrained(directory, dtype=torch.float32)
    wide = load_model(directory, precision="float32").model if kind == "seeing" else wide.eval()
    assert halved.halve(wide)
    read, halve = [], halved.halve

    def seen(network):
        read.append({type(one).__name__: one.weight.dtype for one in network.modules() if hasattr(one, "weight")})
        return halve(network)

    monkeypatch.setattr(halved, "halve", seen)
    model = load_model(directory, precision="bfloat16")
    assert read[0]["Linear"] == torch.bfloat16 and model.rounds
    own, theirs = model.model.state_dict(), wide.state_dict()
    assert own.keys() == theirs.keys()
    for name, tensor in own.items():
        assert tensor.dtype == theirs[name].dtype and torch.equal(tensor, theirs[name]), name
    assert sum(one.nbytes for one in model.model.parameters()) == sum(one.nbytes for one in wide.parameters())
    assert sum(isinstance(one, HalfLinear) for one in model.model.modules()) == len(model.layers) * 7
    for (_, one), (_, other) in zip(model.model.named_buffers(), wide.named_buffers(), strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other)
    ids = torch.arange(3, 20)[None]
    with torch.no_grad():
        torch.testing.assert_close(model.model(ids).logits, wide(ids).logits, atol=1e-5, rtol=0)
    if model.vision:
        assert all(one.dtype == torch.float32 for one in model.vision.model.model.vision_tower.parameters())


@pytest.mark.parametrize("kind", ["gpt2", "falcon"])
def test_a_network_without_linear_layers_stays_in_float32(tmp_path, kind):
    """Theirs are of classes of their own, which nothing halves: neither are their tables."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": len(build_tokenizer(False))}
    network = AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**sizes))
    directory = publish(tmp_path / "tiny", network)
    model, wide = (
        load_model(directory, precision="bfloat16"),
        AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32),
    )
    assert not model.rounds and any("its weights are no numbers of bfloat16" in note for note in model.notes)
    ids = torch.arange(3, 20)[None]
    with torch.no_grad():
        assert torch.equal(model.model(ids).logits, wide(ids).logits)


@pytest.mark.parametrize("title", ["Mamba", "Jamba", "Qwen 3 Next", "Gemma 3n"])
def test_networks_that_reach_past_their_layers_are_halved_too(title):
    configuration, settings = next(rest for name, _, *rest in NETWORKS if name == title)
    network = make(configuration, settings)
    for one in network.parameters():
        one.data = one.data.bfloat16().float()
    ids = torch.arange(3, 20)[None]
    with torch.no_grad():
        wide = network(ids).logits
        assert halved.halve(network)
        off = network(ids).logits - wide
    assert any(isinstance(one, HalfLinear) for one in network.modules())
    assert 0 < off.abs().max() < 0.2 * wide.std()


def test_only_what_was_published_so_is_read_so(tmp_path, sharded):
    """Where one matrix is wider all are read in float32, and halved where they can be."""
    directory = untied(tmp_path / "tiny")
    weights = load_file(directory / "model.safetensors")
    name = "model.layers.0.mlp.up_proj.weight"
    assert about.look(directory).halves and not about.look(sharded).halves
    for changed, rounds in ((weights[name].float(), True), (weights[name].float() + 1e-5, False)):
        save_file({**weights, name: changed}, directory / "model.safetensors", {"format": "pt"})
        assert not about.look(directory).halves
        assert load_model(directory, precision="bfloat16").rounds == rounds


def test_a_model_fits_where_its_own_numbers_do(tmp_path, monkeypatch):
    directory = untied(tmp_path / "tiny")
    free = tmp_path / "meminfo"
    free.write_text(f"MemAvailable: {about.look(directory).needs() * 3 // 4 // 1024} kB\n")
    monkeypatch.setattr(about, "MEMORY", free)
    assert load_model(directory, precision="bfloat16").rounds
    for precision in ("float32", "auto"):  # too small for anybody to wait for it
        with pytest.raises(ValueError, match=f"^{directory} takes 0.[0-9] MB of memory, and 0.[0-9] MB are free"):
            load_model(directory, precision=precision)


@pytest.mark.parametrize("write", [write_tiny_checkpoint, write_tiny_vision_checkpoint])
def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path, write):
    """transformers would fill them with what chance says, and only warn."""
    directory = write(tmp_path / "tiny")
    weights = load_file(directory / "model.safetensors")
    gone = next(name for name in sorted(weights) if name.endswith("layers.1.self_attn.q_proj.weight"))
    del weights[gone], weights[gone.replace("q_proj", "o_proj")]
    save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"could not be loaded: its files lack 2 of its weights, '.*o_proj\.weight' among them"):
        load_model(str(directory))


def test_a_file_that_was_cut_off_is_called_damaged(tmp_path):
    directory = untied(tmp_path / "tiny")
    weights = directory / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ValueError, match="could not be loaded: model.safetensors is damaged: "):
        load_model(directory)


def test_config_of_a_checkpoint_stays_what_it_was(tmp_path):
    directory = untied(tmp_path / "tiny")
    kept = json.loads((directory / "config.json").read_text())
    load_model(directory, precision="bfloat16")
    assert json.loads((directory / "config.json").read_text()) == kept
