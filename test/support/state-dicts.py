"""State dicts as PyTorch saves them, of all protocols and both containers, into argv[1]; their values as values.json."""
import argparse, collections, json, sys, tarfile, warnings
import numpy as np, torch

warnings.filterwarnings("ignore")
folder = sys.argv[1]
torch.manual_seed(0)
named = torch.nn.Parameter(torch.randn(2))
named.note = "an attribute, for which PyTorch rebuilds parameters in another way"
base = torch.randn(4, 6)
tensors = collections.OrderedDict(
    parameter=torch.nn.Parameter(torch.randn(3, 4)), named=named, turned=base.t(), column=base[:, 2],
    bfloat16=torch.randn(5).to(torch.bfloat16), half=torch.randn(5).half(), counter=torch.tensor(7),
    mask=torch.tensor([True, False]), double=torch.randn(2, dtype=torch.float64))
foreign = dict(complex=torch.randn(2, dtype=torch.complex64))
for name in ("float8_e4m3fn", "float8_e5m2", "uint16"):
    if hasattr(torch, name): foreign[name] = torch.tensor([1, 2]).to(getattr(torch, name))
meta = dict(
    loss=np.float64(0.5), step=np.int64(3), array=np.arange(3.0), args=argparse.Namespace(lr=1e-3, device=torch.device("cpu")),
    dtype=torch.float16, size=torch.Size([1, 2]), set={1, 2}, frozen=frozenset([3]), bytes=b"abc" * 200,
    bytearray=bytearray(b"x" * 300), default=collections.defaultdict(list), big=2**70, none=None, tuple=(1, 2.5, "x"), complex=1 + 2j)
values = {k: [str(v.dtype)[6:], list(v.shape), v.detach().to(torch.float64).flatten().tolist()] for k, v in tensors.items()}
json.dump(values, open(f"{folder}/values.json", "w"))
for protocol in (2, 3, 4, 5):
    for container in ("zip", "legacy"):
        torch.save({"model": {**tensors, **foreign}, "meta": meta}, f"{folder}/protocol-{protocol}-{container}.pth",
                   pickle_protocol=protocol, _use_new_zipfile_serialization=container == "zip")
try:
    from torch.utils.serialization import config
    config.save.compute_crc32 = False
    torch.save({"model": tensors}, f"{folder}/without-crc.pth")
except ImportError: pass # since 2.6
