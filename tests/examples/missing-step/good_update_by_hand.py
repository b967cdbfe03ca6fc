import torch

torch.manual_seed(0)
X = torch.randn(64, 4)
Y = X @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]])
w = torch.zeros(4, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for epoch in range(10):
    for x, y in zip(X.split(16), Y.split(16)):
        loss = ((x @ w + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            b -= 0.1 * b.grad
            w.grad.zero_()
            b.grad = None
