import torch

# La pérdida y el número de épocas
model = torch.nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss = model(torch.randn(16, 8)).pow(2).mean()
loss.backward()
optimizer.step()
