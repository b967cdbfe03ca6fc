import torch

torch.manual_seed(0)
X = torch.randn(64, 4)
Y = X @ torch.tensor([1.0, 2.0, -1.0, 0.5])
w = torch.zeros(4, requires_grad=True)
for step in range(20):
    loss = torch.nn.functional.mse_loss(X @ w, Y)
    loss.backward()
    with torch.no_grad():
        w -= 0.01 * w.grad
