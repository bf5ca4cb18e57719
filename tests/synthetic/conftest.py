"""Scenes that several tests look at, made once: nothing changes a scene."""

import functools

import pytest


@pytest.fixture(scope="session")
def scene_of():
    """`make_scene` that remembers what it has made."""
    from nesf_ros.synthetic.scenes import make_scene

    return functools.cache(make_scene)


@pytest.fixture
def quick_sources(scene_of, monkeypatch):
    """Sources that share their scenes."""
    monkeypatch.setattr("nesf_ros.synthetic.source.make_scene", scene_of)
