"""The same work in PyTorch. Reads lines 'COUNT', runs that many steps, answers with their milliseconds, one line of JSON."""
import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Block(nn.Module):
    """x + attention(norm(x)), then x + feedforward(norm(x)); dropout on the attention weights and on both branches."""

    def __init__(self, width, heads, hidden, rate):
        super().__init__()
        self.heads, self.rate = heads, rate
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.expand, self.contract = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x, bias):
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(d // self.heads) + bias, -1)
        mixed = (F.dropout(weights, self.rate, self.training) @ v).transpose(1, 2).reshape(n, t, d)
        x = x + F.dropout(self.out(mixed), self.rate, self.training)
        y = self.contract(F.gelu(self.expand(self.norm2(x))))
        return x + F.dropout(y, self.rate, self.training)


class Transformer(nn.Module):
    def __init__(self, size=10000, width=256, heads=8, hidden=1024, blocks=4, length=64, rate=0.1, classes=(20, 5, 3)):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(size, width), nn.Parameter(torch.randn(length, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads, hidden, rate) for _ in range(blocks))
        self.norm, self.rate = nn.LayerNorm(width), rate
        self.heads = nn.ModuleList(nn.Linear(width, c) for c in classes)

    def forward(self, ids):
        mask = (ids != 0).float()
        x = F.dropout((self.embedding(ids) + self.positions) * mask[..., None], self.rate, self.training)
        bias = ((mask - 1) * 1e9)[:, None, None, :]
        for block in self.blocks:
            x = block(x, bias)
        x = self.norm(x) * mask[..., None]
        pooled = x.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        return [head(pooled) for head in self.heads]


def transformer_train():
    model = Transformer().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    ids = torch.randint(1, 10000, (32, 64))
    targets = [torch.randint(0, c, (32,)) for c in (20, 5, 3)]

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = sum(F.cross_entropy(logits, target) for logits, target in zip(model(ids), targets))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def balancing_rows(rows=14, classes=(20, 5, 3, 2, 4, 10, 6)):
    """As LibMTL does it: a backward pass for each task over the graph that is kept, rows of the shared parameters, weights from their Gramian, Adam."""
    model = Transformer(classes=classes).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    ids = torch.randint(1, 10000, (rows, 64))
    targets = [torch.randint(0, c, (rows,)) for c in classes]
    shared = [p for name, p in model.named_parameters() if not name.startswith('heads.')]
    size = sum(p.numel() for p in shared)

    def step():
        optimizer.zero_grad(set_to_none=True)
        losses = [F.cross_entropy(logits, target) for logits, target in zip(model(ids), targets)]
        jacobian = torch.zeros(len(classes), size)
        for i, loss in enumerate(losses):
            loss.backward(retain_graph=i < len(classes) - 1)
            jacobian[i] = torch.cat([p.grad.reshape(-1) for p in shared])
            for p in shared:
                p.grad = None
        gram = (jacobian @ jacobian.t()).numpy().astype('float64')
        weights = 1 / (gram.diagonal() ** 0.5 + 1e-12)
        weights = torch.tensor(weights / weights.sum(), dtype=torch.float32)
        update, start = weights @ jacobian, 0
        for p in shared:
            p.grad = update[start : start + p.numel()].view_as(p)
            start += p.numel()
        optimizer.step()
        return sum(loss.item() for loss in losses)

    return step


def transformer_predict():
    model = Transformer().eval()
    ids = torch.randint(1, 10000, (1, 64))

    def step():
        with torch.inference_mode():
            return model(ids)[0][0, 0].item()

    return step


def bag_train(rows=100_000):
    """Bags of 30 of a sparse embedding, four heads; SparseAdam on the table, Adam on the rest."""
    table = nn.EmbeddingBag(rows, 64, mode='mean', sparse=True)
    heads = nn.ModuleList(nn.Linear(64, c) for c in (20, 5, 3, 2))
    sparse = torch.optim.SparseAdam(list(table.parameters()), lr=1e-3)
    dense = torch.optim.Adam(heads.parameters(), lr=1e-3)
    targets = [torch.randint(0, c, (256,)) for c in (20, 5, 3, 2)]

    def step():
        ids = torch.randint(1, rows, (256, 30))
        sparse.zero_grad(set_to_none=True)
        dense.zero_grad(set_to_none=True)
        pooled = table(ids)
        loss = sum(F.cross_entropy(head(pooled), target) for head, target in zip(heads, targets))
        loss.backward()
        sparse.step()
        dense.step()
        return loss.item()

    return step


def sinusoid(batched):
    """MAML, second order, one inner step, 25 tasks of 10 shots, MLP 1-40-40-1."""
    shapes = [(1, 40), (40,), (40, 40), (40,), (40, 1), (1,)]
    params = [(torch.randn(s) * 0.1).requires_grad_() for s in shapes]
    optimizer = torch.optim.Adam(params, lr=1e-3)
    support, query = torch.rand(25, 10, 1) * 10 - 5, torch.rand(25, 10, 1) * 10 - 5
    ys, yq = torch.sin(support), torch.sin(query)

    def net(p, x):
        h = F.relu(x @ p[0] + p[1].unsqueeze(-2))
        h = F.relu(h @ p[2] + p[3].unsqueeze(-2))
        return h @ p[4] + p[5].unsqueeze(-2)

    def task_loss(x, y, xq, yq_, stack):
        fast = [p.expand(25, *p.shape) for p in params] if stack else params
        loss = ((net(fast, x) - y) ** 2).mean((-2, -1)).sum()
        grads = torch.autograd.grad(loss, fast, create_graph=True)
        fast = [p - 0.01 * g for p, g in zip(fast, grads)]
        return ((net(fast, xq) - yq_) ** 2).mean((-2, -1)).sum() / 25

    def step():
        optimizer.zero_grad(set_to_none=True)
        if batched:
            loss = task_loss(support, ys, query, yq, True)
        else:
            loss = sum(task_loss(support[i], ys[i], query[i], yq[i], False) for i in range(25))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def omniglot_train():
    """4 × (conv 3×3 of 64, batch norm, ReLU, max pool), 20 classes, batch 100, SGD."""
    layers, channels = [], 1
    for _ in range(4):
        layers += [nn.Conv2d(channels, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)]
        channels = 64
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 20)).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    images, target = torch.rand(100, 1, 28, 28), torch.randint(0, 20, (100,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(images), target)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


works = {
    'balancing-rows': balancing_rows,
    'transformer-train': transformer_train,
    'transformer-predict': transformer_predict,
    'bag-10k': lambda: bag_train(10_000),
    'bag-100k': lambda: bag_train(100_000),
    'bag-500k': lambda: bag_train(500_000),
    'maml-batched': lambda: sinusoid(True),
    'maml-loop': lambda: sinusoid(False),
    'omniglot-train': omniglot_train,
}
def peak():
    """Peak resident memory, MB. Not getrusage, which remembers the process that started this one."""
    with open('/proc/self/status') as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith('VmHWM'))


before = peak()
step = works[sys.argv[1]]()
print(json.dumps({'torch': torch.__version__, 'threads': torch.get_num_threads(), 'before': before}), flush=True)
for line in sys.stdin:
    times, processor = [], []
    for _ in range(int(line)):
        start, used = time.perf_counter(), time.process_time()
        step()
        times.append((time.perf_counter() - start) * 1000)
        processor.append((time.process_time() - used) * 1000)
    print(json.dumps({'times': times, 'processor': processor, 'peak': peak()}), flush=True)
