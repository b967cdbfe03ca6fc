import torch as t
from torchvision import datasets as conjuntos
from torchvision import transforms as cambios
from torch.utils.data import DataLoader as Cargador


class RedDeDígitos(t.nn.Module):
    def __init__(yo):
        super().__init__()
        yo.entrada = t.nn.Linear(784, 128)
        yo.salida = t.nn.Linear(128, 10)

    def forward(yo, imágenes):
        return yo.salida(t.nn.functional.relu(yo.entrada(imágenes.view(imágenes.size(0), -1))))


cambio = cambios.Compose([cambios.ToTensor(), cambios.Normalize((0.1307,), (0.3081,))])
ejemplos = conjuntos.MNIST("datos", train=True, transform=cambio, download=True)
lotes = Cargador(ejemplos, batch_size=64, shuffle=True)
red, error = RedDeDígitos(), t.nn.CrossEntropyLoss()
ajuste = t.optim.Adam(red.parameters(), lr=0.001)
for vuelta in range(5):
    for dibujos, números in lotes:
        ajuste.zero_grad()
        coste = error(red(dibujos), números)
        coste.backward()
        ajuste.step()
    print(f"vuelta {vuelta + 1}: {coste.item():.3f}")
