"""A server that answers as vLLM does, of a tiny network, and ways in which servers go wrong."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import torch


class Fake:
    """What is answered. A fault overrides one of the methods."""

    key = ""  # that it wants to see
    takes_ids, takes_echo = True, True

    def __init__(self, model):
        self.model, self.asked, self.running, self.most = model, [], 0, 0
        self.lock = threading.Lock()

    def logprobs(self, ids):
        """float64 (tokens, vocabulary): of what follows each token."""
        with self.lock, torch.no_grad():
            return torch.log_softmax(self.model.model(torch.tensor([ids])).logits[0].double(), -1).numpy()

    def status(self, path, body):
        return 200

    def answer(self, path, body):
        if path == "/v1/models":
            return {"data": [{"id": "tiny", "max_model_len": 512}]}
        if path == "/tokenize":
            return {"tokens": self.model.tokenizer(body["prompt"], add_special_tokens=False)["input_ids"]}
        if path == "/detokenize":
            return {"prompt": self.model.tokenizer.decode(body["tokens"])}
        ids = body["prompt"]
        if body["max_tokens"] > 1:
            return {"choices": [{"text": self.model.tokenizer.decode(ids[-body["max_tokens"] :])}]}
        return {"choices": [self.choice(ids, body)]}

    def choice(self, ids, body):
        found = self.logprobs(ids)
        last = found[-1]
        shown = list(np.argsort(-last)[: body.get("logprobs") or 1])
        shown += [t for t in body.get("logprob_token_ids", []) if self.takes_ids and t not in shown]
        choice = {"text": "", "logprobs": {"top_logprobs": [{f"token_id:{t}": self.shown(last, t) for t in shown}]}}
        if body.get("echo") and self.takes_echo:
            listed = [{str(t): {"logprob": self.shown(found[i], t)}} for i, t in enumerate(ids[1:])]
            choice["prompt_logprobs"] = [None, *listed]
        return choice

    def shown(self, row, token):
        return float(row[token])


class Handler(BaseHTTPRequestHandler):
    fake: Fake

    def do_GET(self):
        self.serve(None)

    def do_POST(self):
        self.serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def serve(self, body):
        fake = self.fake
        fake.running += 1
        fake.most = max(fake.most, fake.running)
        fake.asked.append((self.path, body))
        status = fake.status(self.path, body)
        if fake.key and self.headers.get("Authorization") != f"Bearer {fake.key}":
            status = 401
        content = b"no"
        if status == 200:
            found = fake.answer(self.path, body)
            content = found if isinstance(found, bytes) else json.dumps(found).encode()
        fake.running -= 1
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 64  # who asks sixteen questions at once is not turned away, to try again a second later


@contextlib.contextmanager
def serving(fake):
    """The address of its API."""
    server = Server(("127.0.0.1", 0), type("Own", (Handler,), {"fake": fake}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Wavering(Fake):
    def shown(self, row, token):
        return float(row[token]) - float(np.random.default_rng(time.perf_counter_ns()).random())


class OfTheLikeliest(Fake):
    """Probabilities are shared out anew among twenty tokens."""

    def shown(self, row, token):
        best = np.sort(row)[-20:]
        return float(row[token] - np.log(np.exp(best).sum())) if row[token] >= best[0] else -9999.0


class Floored(Fake):
    def shown(self, row, token):
        return float(row[token]) if row[token] >= np.sort(row)[-20] else -100.0


class Logits(Fake):
    def shown(self, row, token):
        return float(row[token]) + 30.0


class NotANumber(Fake):
    def shown(self, row, token):
        return float("nan")


class Words(Fake):
    def shown(self, row, token):
        return f"{row[token]:.4f}"


class Forgetful(Fake):
    """Reads the end of a long prompt alone."""

    def logprobs(self, ids):
        found = super().logprobs(ids[-16:])
        return np.concatenate([found[:1].repeat(max(0, len(ids) - 16), 0), found])


class Deaf(Fake):
    def logprobs(self, ids):
        return super().logprobs([7] * len(ids))


class Muddled(Fake):
    """Gives one question the answer to another while it has several."""

    before = None

    def choice(self, ids, body):
        time.sleep(0.003)
        if self.running > 1:
            ids = [*ids[:-1], 9]
        return super().choice(ids, body)


class TwoAnswers(Fake):
    def answer(self, path, body):
        found = super().answer(path, body)
        return {"choices": found["choices"] * 2} if "choices" in found else found


class OnlyEcho(Fake):
    takes_ids = False


class Shifted(OnlyEcho):
    """Log-probabilities stand one place too late."""

    def choice(self, ids, body):
        found = super().choice(ids, body)
        if "prompt_logprobs" in found:
            found["prompt_logprobs"] = [None, *found["prompt_logprobs"][:-1]]
        return found


class OneByOne(OnlyEcho):
    """Of a longer target each token after the first is given without what precedes it."""

    def logprobs(self, ids):
        found = super().logprobs(ids)
        found[-2] = super().logprobs([ids[-2]])[0] if len(ids) > 3 and len(ids) % 2 else found[-2]
        return found


class LlamaCpp(Fake):
    takes_ids = takes_echo = False

    def choice(self, ids, body):
        return {"text": "", "logprobs": {"content": [{"token": " a", "logprob": -0.5, "top_logprobs": []}]}}


class Ollama(Fake):
    takes_ids = takes_echo = False

    def choice(self, ids, body):
        return {"text": " a", "logprobs": None}


class Page(Fake):
    def answer(self, path, body):
        return b"<html>Welcome</html>"


class OtherTokens(Fake):
    def answer(self, path, body):
        found = super().answer(path, body)
        return {"tokens": found["tokens"][::-1]} if path == "/tokenize" else found


class Broken(Fake):
    def status(self, path, body):
        return 503 if path == "/v1/completions" else 200


class Busy(Fake):
    """Turns away every third question when it is first asked."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.known = set()

    def status(self, path, body):
        one, count = json.dumps([path, body]), len(self.known)
        self.known.add(one)
        return 429 if count < len(self.known) and count % 3 == 2 else 200


class Untold(Fake):
    def status(self, path, body):
        return 404 if path == "/tokenize" else 200
