import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
teacher = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3)).eval()
student = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
for epoch in range(6):
    for x, y in zip(X.split(16), Y.split(16)):
        with torch.no_grad():
            wisdom = torch.softmax(teacher(x) / 2, dim=1)
        logits = student(x)
        near = nn.functional.kl_div(torch.log_softmax(logits / 2, dim=1), wisdom, reduction="batchmean")
        loss = 4 * near + nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
