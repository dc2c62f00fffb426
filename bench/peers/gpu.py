"""The peer of bench/gpu.ts: PyTorch on a GPU. One JSON request a line on stdin, one JSON answer a line on stdout.

  gpu.py cuda   first line {"name", "version"} or, where there is no CUDA, {"error"}
  gpu.py any    the same on the CPU where there is no CUDA, for checking

Requests: {"work", "precision": "float32" | "tf32", "seconds", sizes...}; answers {"times": milliseconds of each round} or {"error"}.
Pieces of work are queued and the device is waited for once a round, as bench/gpu/timing.ts does it for ours.
"""
import json
import sys
import time

ROUND_SECONDS, MOST_REPEATS, MOST_ROUNDS, WARM_UP = 0.1, 50, 9, 2


def answer(value):
    print(json.dumps(value), flush=True)


try:
    import torch
except ImportError as error:
    answer({"error": f"{sys.executable}: {error}"})
    sys.exit(0)

from elegant import Elegant

cuda = torch.cuda.is_available()
if not cuda and sys.argv[1] == "cuda":
    answer({"error": f"{sys.executable}: PyTorch {torch.__version__} sees no CUDA"})
    sys.exit(0)
device = torch.device("cuda" if cuda else "cpu")
# Shapes do not change: let cuDNN try its algorithms while warming up.
torch.backends.cudnn.benchmark = True
name = f"PyTorch {torch.__version__} on {torch.cuda.get_device_name() if cuda else 'the CPU'}"
answer({"name": name, "version": torch.__version__})


def wait():
    if cuda:
        torch.cuda.synchronize()


def rand(*shape):
    return torch.rand(*shape, device=device) * 2 - 1


def swap(size, width, batch, read, **_):
    model = Elegant(size, width, batch, device)
    return lambda: model.swap().cpu() if read else model.swap()


def update(size, width, batch, **_):
    return Elegant(size, width, batch, device).update


def inception(size, batch, dims, **_):
    from inception import NETWORK, features

    NETWORK.to(device)
    x = rand(batch, 3, size, size)
    return lambda: features(x, dims)


def product(size, **_):
    a, b = rand(size, size), rand(size, size)
    return lambda: a @ b


def copy(size, **_):
    x = rand(size)
    return lambda: torch.relu(x)


def layer(side, inputs, outputs, batch, passed, **_):
    """A convolution of 3 x 3 with stride 2 and padding 1: forward, or one of its two gradients."""
    x, w = rand(batch, inputs, side, side), rand(outputs, inputs, 3, 3)
    if passed == "forward":
        return lambda: torch.nn.functional.conv2d(x, w, stride=2, padding=1)
    dy = rand(batch, outputs, side // 2, side // 2)
    wanted = [passed == "input gradient", passed == "filter gradient", False]
    backward = torch.ops.aten.convolution_backward
    return lambda: backward(dy, x, w, None, [2, 2], [1, 1], [1, 1], False, [0, 0], 1, wanted)


WORKS = {"swap": swap, "update": update, "inception": inception, "product": product, "copy": copy, "layer": layer}


def measure(body, seconds, alone):
    """Milliseconds of one piece in each round; `alone`: each is waited for, as an update of ours is."""
    began = time.perf_counter()
    wait()
    for _ in range(WARM_UP):
        start = time.perf_counter()
        body()
        wait()
        once = time.perf_counter() - start
    repeats = 1 if alone else max(1, min(MOST_REPEATS, round(ROUND_SECONDS / once)))
    times = []
    while not times or (len(times) < MOST_ROUNDS and time.perf_counter() - began < seconds):
        start = time.perf_counter()
        for _ in range(repeats):
            body()
        wait()
        times.append(1000 * (time.perf_counter() - start) / repeats)
    return times


for line in sys.stdin:
    request = json.loads(line)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = request["precision"] == "tf32"
    try:
        body = WORKS[request["work"]](**request)
        alone = request["work"] == "update" or request.get("read", False)
        answer({"times": measure(body, request["seconds"], alone)})
    except Exception as error:  # out of memory, above all: the next request may fit
        answer({"error": str(error).split("\n")[0]})
    body = None
    if cuda:
        torch.cuda.empty_cache()
