"""Loads each file of the folder argv[1] with weights_only=True and saves it in PyTorch's older container into argv[2]."""
import collections, os, sys
import torch

for name in sorted(os.listdir(sys.argv[1])):
    tensors = torch.load(os.path.join(sys.argv[1], name), map_location="cpu", weights_only=True)
    assert isinstance(tensors, collections.OrderedDict) and all(t.dtype == torch.float32 for t in tensors.values()), name
    torch.save(tensors, os.path.join(sys.argv[2], name), _use_new_zipfile_serialization=False)
