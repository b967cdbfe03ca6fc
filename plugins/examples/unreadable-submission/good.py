import torch
from torch import nn

# La codificación de este archivo es UTF-8: á, é, í, ñ y ¿? se leen bien.
modelo = nn.Linear(8, 3)
optimizador = torch.optim.SGD(modelo.parameters(), lr=0.1)

for época in range(5):
    optimizador.zero_grad()
    pérdida = nn.functional.cross_entropy(modelo(torch.randn(16, 8)), torch.randint(0, 3, (16,)))
    pérdida.backward()
    optimizador.step()
