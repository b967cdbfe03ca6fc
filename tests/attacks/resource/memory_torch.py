# expect: out-of-memory
import torch

torch.ones(100, 1024, 1024, 1024)
