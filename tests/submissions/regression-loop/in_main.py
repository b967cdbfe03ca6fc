# exercise: regression-loop
import torch
from torch import nn, optim


def main():
    torch.manual_seed(3)
    data, goal = torch.randn(100, 10), torch.randn(100, 1)
    net = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
    opt = optim.SGD(net.parameters(), lr=0.01)
    for _ in range(20):
        for rows in torch.randperm(100).split(10):
            loss = (net(data[rows]) - goal[rows]).pow(2).mean()
            net.zero_grad()
            loss.backward()
            opt.step()
    print(f"{loss:.3f}")


main()
