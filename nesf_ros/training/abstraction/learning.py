"""The loop, and the loss.

The paper's cross entropy alone (§6.4) learns from points of which half are true, and then takes far
too much for true; beside it, the overlap that is judged by is learned, too: the points' Jaccard
index, each point standing for as many as it was drawn from.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float32
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from nesf_ros.errors import DatasetError
from nesf_ros.training.abstraction.approaches import Approach
from nesf_ros.training.abstraction.lessons import LearnConfig, Lesson, Teacher


def missed(
    logits: Float32[Tensor, "asked n"],
    truth: Float32[Tensor, "asked n"],
    weight: Float32[Tensor, "asked n"],
) -> Float32[Tensor, ""]:
    """1 − Jaccard index of probabilities with the truth, mean over what is asked."""
    probability = torch.sigmoid(logits)
    both = (weight * probability * truth).sum(1)
    either = (weight * (probability + truth)).sum(1) - both
    return (1 - (both + 1) / (either + 1)).mean()


class Learner:
    """An approach in training, its optimizer, and the average of its weights."""

    def __init__(self, approach: Approach, config: LearnConfig):
        self.approach, self.config = approach, config
        self.net: nn.Module = approach.net.train()
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.average = {k: v.clone() for k, v in self.net.state_dict().items()}
        self.steps, self.seconds = 0, 0.0

    def step(self, lesson: Lesson) -> float:
        """Learn one lesson; returns the loss before."""
        started = time.monotonic()
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate(self.steps)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.approach.logits(lesson.situation, lesson.asked, lesson.points)
        loss = F.binary_cross_entropy_with_logits(logits.float(), lesson.truth)
        loss = loss + missed(logits.float(), lesson.truth, lesson.weight)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        keep = min(self.config.keep, (1 + self.steps) / (10 + self.steps))
        for name, value in self.net.state_dict().items():
            self.average[name].lerp_(value, 1 - keep)
        self.steps += 1
        self.seconds += time.monotonic() - started
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Write all that is needed to go on, in place of what is there."""
        tensors = {f"net.{k}": v for k, v in self.net.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        for number, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"state.{number}.{k}": torch.as_tensor(v) for k, v in state.items()}
        about = {"about": json.dumps({"steps": self.steps, "seconds": self.seconds})}
        begun = path.with_name(f".{path.name}.begun")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({k: v.contiguous().clone() for k, v in tensors.items()}, begun, about)
        os.replace(begun, path)

    def load(self, path: Path) -> None:
        """Go on from a file. DatasetError where it is of another approach."""
        try:
            with safe_open(path, "pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                about = json.loads((file.metadata() or {})["about"])
            self.net.load_state_dict(_part(tensors, "net."))
            self.average = _part(tensors, "average.")
            state: dict[int, dict[str, Tensor]] = {}
            for name, value in _part(tensors, "state.").items():
                number, key = name.split(".")
                state.setdefault(int(number), {})[key] = value
            groups = self.optimizer.state_dict()["param_groups"]
            self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
            raise DatasetError(f"{path} does not fit ({error}); remove it to begin again") from None
        self.steps, self.seconds = int(about["steps"]), float(about["seconds"])


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def learn(
    learner: Learner,
    teacher: Teacher,
    report: Callable[[Learner, float], object],
    every: int = 50,
) -> None:
    """Learn to the end; report the mean loss every so many steps."""
    losses: list[float] = []
    for lesson in _ahead(teacher, range(learner.steps, learner.config.steps)):
        losses.append(learner.step(lesson))
        if len(losses) == every or learner.steps == learner.config.steps:
            report(learner, sum(losses) / len(losses))
            losses = []


def _ahead(teacher: Teacher, numbers: Sequence[int]) -> Iterator[Lesson]:
    """Lessons, the next of which is made while one is learned."""
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(teacher.lesson, number) for number in numbers[:2]]
        for number in [*numbers[2:], None, None][: len(numbers)]:
            yield waiting.pop(0).result()
            if number is not None:
                waiting.append(pool.submit(teacher.lesson, number))
