# expect: completed crashed killed exited
# limits: wall=8
# torch is asked for thousands of threads: the number of a run's threads is limited.
import torch

torch.set_num_threads(4096)
(torch.randn(2000, 2000) @ torch.randn(2000, 2000)).sum().item()
