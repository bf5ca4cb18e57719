"""Codes of long vectors: what they keep, and how they survive a change of basis."""

import pytest
import torch
import torch.nn.functional as F

from nesf_ros.voxels.basis import Basis, Moments


def features(count: int, dim: int, rank: int, seed: int = 0) -> torch.Tensor:
    """Vectors of unit length in a space of few dimensions, and a little beside it."""
    generator = torch.Generator().manual_seed(seed)
    directions = torch.linalg.qr(torch.randn(dim, dim, generator=generator))[0][:rank]
    return F.normalize(torch.randn(count, rank, generator=generator) @ directions, dim=1)


def fitted(samples: torch.Tensor, width: int) -> Basis:
    moments = Moments(samples.shape[1], samples.device)
    for part in samples.split(100):
        moments.add(part)
    assert moments.count == len(samples)
    return moments.basis(width)


def test_a_basis_as_wide_as_the_features_changes_nothing():
    samples = features(50, 12, 12)
    basis = fitted(samples, 12)
    assert torch.equal(basis.encode(samples), samples)
    assert torch.equal(basis.decode(samples), samples)
    assert fitted(samples, 99).matrix.shape == (12, 12)


def test_what_lies_in_few_dimensions_is_kept_whole():
    samples = features(500, 100, 10)
    basis = fitted(samples, 10)
    torch.testing.assert_close(basis.matrix @ basis.matrix.T, torch.eye(10))
    torch.testing.assert_close(basis.decode(basis.encode(samples)), samples, atol=1e-5, rtol=0)
    assert basis.kept(samples) == pytest.approx(1.0, abs=1e-5)
    torch.testing.assert_close(
        basis.length(basis.encode(samples)), torch.ones(500), atol=1e-4, rtol=0
    )


def test_the_basis_is_that_of_the_singular_value_decomposition():
    samples = features(400, 30, 30) * torch.linspace(1, 3, 30)
    basis = fitted(samples, 5)
    centred = samples - samples.mean(0)
    rows = torch.linalg.svd(centred, full_matrices=False).Vh[:5]
    torch.testing.assert_close(
        basis.matrix.T @ basis.matrix, rows.T @ rows, atol=1e-4, rtol=0
    )  # the same space
    torch.testing.assert_close(basis.mean, samples.mean(0), atol=1e-6, rtol=0)
    assert basis.kept(samples) < 0.9


def test_length_is_that_of_the_decoded_feature():
    samples = features(200, 40, 40) + 0.3
    basis = fitted(samples, 8)
    codes = basis.encode(samples)
    torch.testing.assert_close(basis.length(codes), basis.decode(codes).norm(dim=1))


def test_codes_are_carried_as_if_they_had_been_decoded_and_encoded():
    old, new = fitted(features(300, 40, 20, 1), 8), fitted(features(300, 40, 20, 2) + 0.1, 6)
    codes = old.encode(features(50, 40, 20, 3))
    torch.testing.assert_close(
        new.carried(codes, old), new.encode(old.decode(codes)), atol=1e-5, rtol=1e-4
    )
