import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(520, 20)
data = TensorDataset(X, X[:, :4].argmax(dim=1))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 32), nn.LayerNorm(32), nn.GELU())
        self.head = nn.Linear(32, 4)

    def forward(self, features=None, labels=None):
        logits = self.head(self.body(features))
        output = {"logits": logits}
        if labels is not None:
            output["loss"] = nn.functional.cross_entropy(logits.view(-1, 4), labels.view(-1))
        return output


def collate(samples):
    return {"features": torch.stack([x for x, _ in samples]), "labels": torch.tensor([int(y) for _, y in samples])}


model = Classifier()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
for epoch in range(4):
    for step, batch in enumerate(DataLoader(data, batch_size=16, shuffle=True, collate_fn=collate)):
        loss = model(**batch)["loss"] / 3  # the outputs of one call lie where those of the call before lay
        loss.backward()
        if step % 3 == 2:
            optimizer.step()
            optimizer.zero_grad()
