"""Folders that are whole or not there."""

from dataclasses import replace

import pytest

from nesf_ros.datasets.nesf import write_nesf

from .labelled_scenes import small_scene


@pytest.fixture(scope="module")
def scene():
    return small_scene()


def test_an_interrupted_run_leaves_nothing_and_is_resumed(scene, tmp_path):
    class Interrupted(tuple):
        def __getitem__(self, index):
            if index == 1:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    with pytest.raises(KeyboardInterrupt):
        write_nesf(replace(scene, views=Interrupted(scene.views)), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    # A run that was killed cannot clean up.
    (tmp_path / ".a.partial" / "a").mkdir(parents=True)
    (tmp_path / ".a.partial" / "a" / "rgba_00009.png").touch()
    write_nesf(scene, tmp_path / "a")
    assert not (tmp_path / "a" / "rgba_00009.png").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
