"""Figures of Semantic Abstraction (Ha and Song 2022) that stand beside ours as context.

Tables 1, 2 and 4: IoU at 32³ in percent, in AI2-THOR, with CLIP ViT-B/32; other rooms, another
vision-language model and much longer training than ours, so they are no bar to pass or to miss.
Columns: Novel Room, Visual, Synonyms, Class.
"""

from __future__ import annotations

from nesf_ros.training.abstraction.approaches import Task

Row = tuple[float, float, float, float]

MEANS: dict[Task, dict[str, Row]] = {
    "ovssc": {
        "semaware": (32.2, 31.9, 20.2, 0.0),
        "chefer": (26.6, 24.3, 17.8, 12.2),
        "semabs": (40.1, 36.4, 33.4, 37.9),
    },
    "vool": {
        "semaware": (12.1, 11.9, 11.4, 3.0),
        "chefer": (9.1, 8.8, 10.7, 4.0),
        "clipspatial": (11.7, 10.1, 14.3, 11.2),
        "semabs": (20.9, 19.2, 23.4, 19.7),
    },
}
"""Tables 1 and 2."""

RELATIONS: dict[str, dict[str, Row]] = {
    "semaware": {
        "in": (15.0, 14.7, 7.6, 1.8),
        "on": (9.0, 8.9, 11.4, 4.5),
        "on the left of": (11.2, 11.1, 14.4, 4.0),
        "behind": (12.8, 12.6, 14.1, 2.2),
        "on the right of": (13.1, 13.0, 11.5, 3.4),
        "in front of": (11.2, 11.1, 9.3, 2.2),
    },
    "clipspatial": {
        "in": (9.6, 8.6, 7.1, 3.3),
        "on": (14.1, 12.1, 18.5, 20.0),
        "on the left of": (11.0, 9.4, 14.2, 13.2),
        "behind": (11.3, 9.9, 14.1, 8.9),
        "on the right of": (12.1, 10.6, 16.2, 11.5),
        "in front of": (12.3, 10.3, 15.7, 9.9),
    },
    "chefer": {
        "in": (11.8, 11.1, 5.7, 2.1),
        "on": (7.0, 6.7, 11.3, 7.1),
        "on the left of": (9.5, 9.3, 13.7, 4.9),
        "behind": (7.6, 7.6, 10.6, 2.5),
        "on the right of": (9.2, 9.2, 11.0, 3.9),
        "in front of": (9.4, 9.0, 12.0, 3.3),
    },
    "semabs": {
        "in": (17.8, 17.5, 8.5, 7.3),
        "on": (21.0, 18.0, 27.2, 28.1),
        "on the left of": (22.0, 20.3, 27.7, 25.1),
        "behind": (19.9, 18.0, 22.8, 16.7),
        "on the right of": (23.2, 21.7, 28.1, 22.1),
        "in front of": (21.5, 19.4, 25.8, 19.1),
    },
}
"""Table 4."""
