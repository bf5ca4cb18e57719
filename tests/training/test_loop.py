import math

import numpy as np
import pytest
import torch
from torch import nn

from nesf_ros.errors import ConfigError, DatasetError
from nesf_ros.training.augment import Augmentation
from nesf_ros.training.bank import KNOWN, TextBank
from nesf_ros.training.batches import Batch, Sampler, known_numbers
from nesf_ros.training.checkpoints import export, load_checkpoint, save_checkpoint
from nesf_ros.training.loop import Trainer, train
from nesf_ros.training.settings import TrainConfig
from nesf_ros.training.shards import CropSet
from nesf_ros.training.vocabulary import COLOR_NAMES, MATERIALS, NAMES, NONE

DIM, SIZE = 64, 32
CPU = torch.device("cpu")
RED, BLUE = COLOR_NAMES.index("red"), COLOR_NAMES.index("blue")


def unit(*shape, seed=0):
    rows = torch.randn(*shape, DIM, generator=torch.Generator().manual_seed(seed))
    return nn.functional.normalize(rows, dim=-1)


@pytest.fixture(scope="module")
def bank():
    count = len(KNOWN)
    return TextBank(
        unit(count, 2, seed=1), unit(len(COLOR_NAMES), 1, seed=2), unit(len(MATERIALS), 1, seed=3),
        unit(count * len(COLOR_NAMES), 1, seed=4), unit(count * len(MATERIALS), 1, seed=5),
    )  # fmt: skip


class Tower(nn.Module):
    """open_clip's tower around timm's, in miniature."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.trunk = Trunk()
        self.head = nn.Sequential()
        self.head.add_module("proj", nn.Linear(8, DIM, bias=False))

    def forward(self, images):
        return self.head(self.trunk.forward_features(images).mean((2, 3)))


class Trunk(nn.Module):
    feature_info = ({"reduction": 16},)

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 16, 16)
        self.norm = nn.BatchNorm2d(8)

    def forward_features(self, images):
        return self.norm(self.first(images)).relu()


def crops(count=64):
    """Red mugs and blue apples: pictures of one colour."""
    even = np.arange(count) % 2 == 0
    image = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    image[even, ..., 0], image[~even, ..., 2] = 220, 220
    names = np.where(even, NAMES.index("mug"), NAMES.index("apple")).astype(np.uint8)
    colors = np.where(even, RED, BLUE).astype(np.uint8)
    none, zero = np.full(count, NONE, np.uint8), np.zeros(count, np.float32)
    cells = np.broadcast_to(names[:, None, None], (count, 8, 8)).copy()
    return CropSet(
        image=image, scene=np.arange(count, dtype=np.int32), name=names, color=colors,
        material=none, size=none, share=zero, visible=zero, others=zero, kind=none,
        target=np.ones((count, 8, 8), np.uint8), names=cells, colors=cells,
    )  # fmt: skip


def config(**changes):
    return TrainConfig(**{"crops": 640, "batch": 32, "stages": ((0.0, 32),), **changes})


def test_training_learns_what_crops_show(bank):
    torch.manual_seed(0)
    # Things of these crops differ by their colours alone.
    plain = Augmentation(recolored=0.0)
    settings = config(learning_rate=2e-2, ema=0.8, crops=1600, augmentation=plain)
    trainer = Trainer(Tower(), bank, settings)
    reports = []
    train(trainer, Sampler(crops(), trainer.config), lambda t, parts: reports.append(parts), 1e9)
    assert trainer.seen == 1600 and trainer.steps == 50 and len(reports) == 1
    trainer.visual.load_state_dict(trainer.average)
    trainer.visual.eval()
    batch = Sampler(crops(), trainer.config).batch(32, 2, 10_000, CPU)
    seen = nn.functional.normalize(trainer.visual(batch.images), dim=1)
    nearest = (seen @ bank.names[:, 0].T).argmax(1)
    assert (nearest == batch.names).float().mean() > 0.9
    assert float(trainer.log_scale.exp()) <= trainer.config.scale + 1e-4


def test_losses_by_hand(bank):
    """A map of one channel's constant: the image is the projection's column, in every cell."""
    tower = Tower()
    trainer = Trainer(tower, bank, config(smoothing=0.0))
    features = torch.zeros(2, 8, 2, 2)
    features[:, 3] = 1.0
    number = KNOWN.index("mug")
    batch = Batch(
        images=torch.zeros(2, 3, 32, 32), names=torch.tensor([number, -1]),
        colors=torch.tensor([RED, -1]), materials=torch.tensor([-1, -1]),
        cells=torch.tensor([[[number, -1], [-1, -1]], [[-1, -1], [-1, -1]]]),
    )  # fmt: skip
    parts = trainer.losses(features, batch)
    image = nn.functional.normalize(tower.head.proj.weight[:, 3], dim=0)
    colors = 20.0 * bank.colors[:, 0] @ image
    assert float(parts["colors"]) == pytest.approx(
        float(colors.logsumexp(0) - colors[RED]), abs=1e-4
    )
    pairs = 20.0 * bank.color_names[:, 0] @ image
    expected = pairs.logsumexp(0) - pairs[number * len(COLOR_NAMES) + RED]
    assert float(parts["color_names"]) == pytest.approx(float(expected), abs=1e-4)
    assert float(parts["materials"]) == float(parts["material_names"]) == 0
    # One cell is labelled, and it looks like the whole.
    assert float(parts["cells"]) == pytest.approx(float(parts["names"]), abs=1e-4)
    variants = 1 - bank.names[number] @ image
    assert min(abs(float(parts["cosine"]) - variants)) < 1e-5


def test_nothing_is_learnt_of_held_out_classes():
    names = torch.tensor([NAMES.index("mug"), NAMES.index("guitar"), NONE], dtype=torch.uint8)
    assert known_numbers(names).tolist() == [KNOWN.index("mug"), -1, -1]


def test_rate_rises_and_falls():
    about = config(learning_rate=1.0, warmup=0.1)
    assert about.rate(0.0) == pytest.approx(0.01)
    assert about.rate(0.05) < about.rate(0.1) == pytest.approx(0.5 * (1 + math.cos(0.1 * math.pi)))
    assert about.rate(0.1) > about.rate(0.5) == pytest.approx(0.5)
    assert about.rate(1.0) == pytest.approx(0.005)


def test_sizes_by_progress():
    stages = config(stages=((0.0, 48), (0.35, 64), (0.8, 96)))
    assert [stages.size_px(p) for p in (0, 0.34, 0.35, 0.8, 1)] == [48, 48, 64, 96, 96]


def test_rare_classes_are_drawn_more_often_than_they_come():
    many = crops(100)
    rare = np.where(np.arange(100) == 7, NAMES.index("zebra" if "zebra" in NAMES else "bowl"), 0)
    many = CropSet(**{**vars(many), "name": rare.astype(np.uint8)})
    for power, expected in ((0.0, 0.01), (1.0, 0.5)):
        sampler = Sampler(many, config(rare=power, batch=400))
        drawn = sampler.batch(32, 2, 0, CPU).names
        share = float((drawn == known_numbers(torch.tensor(rare[7]).byte()[None])).float().mean())
        assert share == pytest.approx(expected, abs=0.08)


def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(bank, tmp_path):
    file = tmp_path / "checkpoint.safetensors"

    def steps(trainer, count):
        for _ in range(count):
            trainer.step(Sampler(crops(), trainer.config))
        return trainer

    whole = steps(Trainer(Tower(), bank, config()), 6)
    half = steps(Trainer(Tower(), bank, config()), 3)
    save_checkpoint(half, file)
    other = Tower()
    nn.init.zeros_(other.head.proj.weight)
    resumed = Trainer(other, bank, config())
    load_checkpoint(resumed, file)
    assert (resumed.steps, resumed.seen, resumed.seconds) == (3, 96, half.seconds)
    steps(resumed, 3)
    for name, value in whole.visual.state_dict().items():
        assert torch.allclose(resumed.visual.state_dict()[name], value, atol=1e-6), name
        assert torch.allclose(resumed.average[name], whole.average[name], atol=1e-6), name


def test_export_has_the_averaged_weights_by_the_towers_names(bank, tmp_path):
    from safetensors.torch import load_file

    trainer = Trainer(Tower(), bank, config())
    trainer.step(Sampler(crops(), trainer.config))
    export(trainer, tmp_path / "tower.safetensors")
    weights = load_file(tmp_path / "tower.safetensors")
    assert weights.keys() == Tower().state_dict().keys()
    average = trainer.average["head.proj.weight"]
    assert torch.equal(weights["head.proj.weight"], average.half())
    flat = {name for name, value in trainer.average.items() if value.ndim < 2}
    assert all(torch.equal(weights[name], trainer.average[name]) for name in flat)


def test_torn_checkpoints_are_refused(bank, tmp_path):
    file = tmp_path / "checkpoint.safetensors"
    file.write_bytes(b"torn")
    with pytest.raises(DatasetError, match="is no checkpoint of this tower"):
        load_checkpoint(Trainer(Tower(), bank, config()), file)


def test_a_share_of_tiles_needs_tiles():
    with pytest.raises(ConfigError, match="share of tiles"):
        Sampler(crops(), config(glances=0.5))
