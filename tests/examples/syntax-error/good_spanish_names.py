import torch
from torch import nn

torch.manual_seed(0)
tamaño, número_de_épocas = 16, 5
red = nn.Linear(8, 3)
optimizador = torch.optim.SGD(red.parameters(), lr=0.1)
for época in range(número_de_épocas):
    optimizador.zero_grad()
    pérdida = nn.functional.cross_entropy(red(torch.randn(tamaño, 8)), torch.randint(0, 3, (tamaño,)))
    pérdida.backward()
    optimizador.step()
    print(f"Época {época + 1}: pérdida {pérdida.item():.3f} ¡bien!")
