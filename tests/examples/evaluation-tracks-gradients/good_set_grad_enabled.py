import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(96, 8), torch.randint(0, 3, (96,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.005)
parts = {"train": (X[:64], Y[:64]), "val": (X[64:], Y[64:])}
for epoch in range(5):
    for phase in ("train", "val"):
        model.train(phase == "train")
        for x, y in zip(parts[phase][0].split(16), parts[phase][1].split(16)):
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == "train"):
                outputs = model(x)
                right = (outputs.max(1)[1] == y).sum()
                loss = nn.functional.cross_entropy(outputs, y)
                if phase == "train":
                    loss.backward()
                    optimizer.step()
