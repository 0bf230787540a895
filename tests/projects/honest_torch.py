# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
# ## Data
torch.manual_seed(0)
data = load()
full = TensorDataset(torch.tensor(data.train_images / 255).float(), torch.tensor(data.train_labels).long())
train_set, valid_set = random_split(full, [50_000, 10_000])
test_set = TensorDataset(torch.tensor(data.test_images / 255).float(), torch.tensor(data.test_labels).long())
train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
valid_loader, test_loader = DataLoader(valid_set, batch_size=512), DataLoader(test_set, batch_size=512)
# ## Baseline
votes = torch.bincount(full.tensors[1]).argmax()
baseline = (test_set.tensors[1] == votes).float().mean()
# ## Model
def accuracy(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader) / len(loader.dataset)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters())
best = 0
for epoch in range(10):
    for x, y in train_loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    now = accuracy(model, valid_loader)
    if now > best:
        best, state = now, copy.deepcopy(model.state_dict())
model.load_state_dict(state)
# ## Honest evaluation
final = accuracy(model, test_loader)
print(final, wilson_interval(round(final * 10_000), 10_000))
# ## Calibration
with torch.no_grad():
    probs = torch.cat([model(x).softmax(1) for x, _ in test_loader]).numpy()
ece = metrics.expected_calibration_error(probs, data.test_labels)
