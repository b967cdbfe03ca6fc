import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(512, 20)
targets = (inputs @ torch.randn(20, 4)).argmax(1)
model = nn.Linear(20, 4)
criterion = nn.CrossEntropyLoss()

for epoch in range(5):
    for x, y in DataLoader(TensorDataset(inputs, targets), batch_size=32, shuffle=True):
        model.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.05 * parameter.grad
