"""Features at points, the U-Net beneath them, and the presets' sizes."""

import pytest
import torch
from torch import nn

from nesf_ros.semantics.completion.cells import CHANNELS
from nesf_ros.semantics.completion.network import CompletionNet, PointDecoder, sampled
from nesf_ros.semantics.completion.presets import PRESETS, Preset


def ramps(x: int, y: int, z: int) -> torch.Tensor:
    """A volume whose three features are where its cells' middles are, 0–1 along each axis."""
    lines = [(torch.arange(n) + 0.5) / n for n in (x, y, z)]
    return torch.stack(torch.meshgrid(*lines, indexing="ij"))[None]


def test_features_are_interpolated_along_the_axis_they_belong_to():
    points = 0.1 + 0.8 * torch.rand(1, 50, 3, generator=torch.Generator().manual_seed(0))
    # Between the outer cells' middles a ramp is met exactly: with 5 cells, from 0.1 to 0.9.
    torch.testing.assert_close(sampled(ramps(5, 6, 8), points), points)


def test_eight_cells_are_weighed_by_hand():
    volume = torch.zeros(1, 1, 2, 2, 2)
    volume[0, 0, 1, 0, 0], volume[0, 0, 0, 0, 1] = 8.0, 16.0
    # Middles lie at 0.25 and 0.75. A quarter of the way along x, halfway along y, on the lower z.
    points = torch.tensor([[[0.375, 0.5, 0.25], [0.25, 0.25, 0.5], [0.75, 0.25, 0.25]]])
    assert sampled(volume, points)[0, :, 0].tolist() == pytest.approx([0.25 * 0.5 * 8, 8.0, 8.0])


def test_beyond_the_outer_middles_features_stay():
    points = torch.tensor([[[0.0, 0.5, 1.0], [-3.0, 0.5, 4.0]]])
    expected = torch.tensor([[0.125, 0.5, 0.875], [0.125, 0.5, 0.875]])
    torch.testing.assert_close(sampled(ramps(4, 4, 4), points)[0], expected)


def test_half_precision_does_not_move_points():
    volume, points = ramps(64, 64, 64), torch.rand(1, 500, 3).clamp(0.01, 0.99)
    with torch.autocast("cpu", torch.bfloat16):
        found = sampled(volume.bfloat16(), points)
    # Features themselves have 8 bits; where they are taken must not add to that.
    expected = sampled(volume.bfloat16().float(), points)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_a_decoder_knows_where_a_point_is():
    decoder = PointDecoder(2, 1)
    first, last = decoder.layers[0], decoder.layers[2]
    with torch.no_grad():
        for layer in (first, last):
            layer.weight.zero_()
            layer.bias.zero_()
        first.weight[0] = torch.tensor([1.0, 10.0, 0.5, 2.0, 4.0])  # two features, then x, y, z
        last.weight[0, 0] = 1.0
        volume = torch.tensor([3.0, 7.0]).view(1, 2, 1, 1, 1)
        found = decoder(volume, torch.tensor([[[1.0, 0.75, 0.5]]]))
    assert found.item() == pytest.approx(3 + 70 + 0.5 * 1 + 2 * 0.5 + 4 * 0)


@pytest.mark.parametrize("light", [False, True])
def test_the_net_keeps_the_grid_whatever_its_edges(light):
    net = CompletionNet(Preset(8, 1.6, (4, 6, 8), light)).encode.eval()
    with torch.no_grad():
        assert net(torch.rand(2, CHANNELS, 8, 4, 12)).shape == (2, 4, 8, 4, 12)


def test_a_light_net_has_few_operations_on_the_finest_cells():
    def at_full_size(light):
        net, seen = CompletionNet(Preset(8, 1.6, (4, 6, 8), light)).encode, []
        for module in net.modules():
            if isinstance(module, nn.Conv3d):
                module.register_forward_hook(lambda m, i, out: seen.append(out.shape[-1] == 8))
        net(torch.rand(1, CHANNELS, 8, 8, 8))
        return sum(seen)

    assert (at_full_size(light=True), at_full_size(light=False)) == (1, 6)


def test_what_is_said_of_one_does_not_depend_on_its_batch():
    torch.manual_seed(0)
    net = CompletionNet(Preset(8, 1.6, (4, 8))).eval()
    cells, points = torch.rand(3, CHANNELS, 8, 8, 8), torch.rand(3, 20, 3)
    with torch.no_grad():
        together = net(cells, points)
        for n in range(3):
            torch.testing.assert_close(
                together[n : n + 1], net(cells[n : n + 1], points[n : n + 1])
            )
    assert together.shape == (3, 20, 1)
    assert together.std() > 1e-3


@pytest.mark.parametrize("name", ["paper", "cpu"])
def test_presets_can_be_built_for_their_cubes(name):
    preset = PRESETS[name]
    n = preset.cells
    with torch.device("meta"):  # sizes alone: nothing is computed
        net, cells, points = (
            CompletionNet(preset),
            torch.empty(1, CHANNELS, n, n, n),
            torch.empty(1, 9, 3),
        )
    assert net(cells, points).shape == (1, 9, 1)
    assert net.encode(cells).shape == (1, preset.widths[0], n, n, n)


def test_the_papers_cube_is_its_own():
    paper = PRESETS["paper"]
    assert (paper.cells, len(paper.widths), paper.light) == (128, 6, False)
