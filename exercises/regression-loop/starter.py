# exercise: regression-loop
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset


class SimpleNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 50)
        self.fc2 = nn.Linear(50, 1)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        return self.fc2(x)


# 100 examples: ten numbers in, one number out
X = torch.randn(100, 10)
y = torch.randn(100, 1)
dataloader = DataLoader(TensorDataset(X, y), batch_size=10, shuffle=True)

model = SimpleNN()
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)

num_epochs = 20

for epoch in range(num_epochs):
    for inputs, targets in dataloader:
        # Your training step goes here: five lines are enough.
        pass

    print(f"Epoch [{epoch + 1}/{num_epochs}]")
