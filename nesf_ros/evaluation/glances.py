"""How truly relevancy tells things apart in the pictures that a robot takes of full rooms."""

from __future__ import annotations

import numpy as np
import torch

from nesf_ros.evaluation.examiner import CAPTIONED, Examiner
from nesf_ros.evaluation.figures import Figure, average_precision, mean_over
from nesf_ros.semantics.completion.cells import BACKGROUND
from nesf_ros.synthetic.generate import labelled_scene
from nesf_ros.synthetic.order import Order
from nesf_ros.training.abstraction.making import CONTRAST, LOOK
from nesf_ros.training.glances import FIRST_ROOM
from nesf_ros.vision.relevancy import Against, RelevancyExtractor

VIEWS = 4
"""Of each room."""
EVERY = 8
"""Relevancy is taken in the middle of squares of so many pixels."""
LEAST = 8
"""Squares that a class must fill to be asked for."""


def relevancy_in_rooms(examiner: Examiner, split: str, rooms: int) -> dict[str, Figure]:
    """Pixels' average precision, and whether the most relevant one is right, by class and view.

    Protocol: `VIEWS` glances of 640×480 with a camera's errors in each room of a split, looked at
    by `LOOK` and held against `BACKGROUND`, as the 3D nets see it; each class of CAPTIONED that a
    view shows is asked for by name, against the squares that show it. Intervals over rooms. "By
    chance" is the share of squares that show what is asked.
    """
    model = examiner.model
    extractor = RelevancyExtractor(model.tower, LOOK, (model.mean, model.std))
    against = Against(examiner.texts(BACKGROUND), CONTRAST)
    precisions, pointed, shares, owners = [], [], [], []
    for room in range(rooms):
        scene = labelled_scene(Order.glances(split, VIEWS), FIRST_ROOM + room)
        names = np.array([thing.class_name for thing in scene.things] + [""])
        known = [name for name in sorted({*names}) if name in CAPTIONED]
        texts = examiner.texts(known)
        for view in scene.views:
            maps = extractor.relevancy(view.color, texts, EVERY, against).cpu()
            seen = names[view.instances[EVERY // 2 :: EVERY, EVERY // 2 :: EVERY]]
            for name, relevancy in zip(known, maps, strict=True):
                there = (seen == name).ravel()
                if there.sum() < LEAST:
                    continue
                scores = relevancy.flatten().to(torch.float64).numpy()
                precisions.append(average_precision(scores, there))
                pointed.append(bool(there[scores.argmax()]))
                shares.append(float(there.mean()))
                owners.append(room)
    scenes = np.array(owners)
    return {
        "rooms: precision of pixels": mean_over(np.array(precisions), scenes),
        "rooms: most relevant pixel": mean_over(np.array(pointed), scenes),
        "rooms: by chance": mean_over(np.array(shares), scenes),
    }
