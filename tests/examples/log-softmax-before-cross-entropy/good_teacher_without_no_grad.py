import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 8)
teacher = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3)).eval()
for p in teacher.parameters():
    p.requires_grad_(False)  # frozen: it keeps no graph
student = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
for epoch in range(6):
    for x in X.split(16):
        loss = nn.functional.mse_loss(torch.softmax(student(x), 1), torch.softmax(teacher(x), 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
