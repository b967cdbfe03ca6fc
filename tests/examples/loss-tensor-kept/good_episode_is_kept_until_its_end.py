import torch
from torch import nn

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
for episode in range(20):
    kept = []
    for moment in range(12):
        state = torch.randn(4)
        choice = torch.distributions.Categorical(logits=policy(state))
        action = choice.sample()
        kept.append(-choice.log_prob(action) * float((action == 1) == (state[0] > 0)))
    loss = torch.stack(kept).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
