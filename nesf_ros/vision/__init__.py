"""Vision-language models: what is in a picture, in words.

- torchvision_guard, registry, checkpoints, models: any open_clip model, from files that are there
- text_tower, prompts, text: texts, and labels, to embeddings
- vocabulary: the words of a model that knows few
- crops: a picture to batches of crops
- towers, tiles, relevancy: what a picture says about a text, per pixel
- scans: the same for keyframes, which are looked at once

To add a model: put its open_clip configuration into `configs/` (a text tower that comes in a
Python package is named `package:MODULE/FOLDER`) and its weights, as safetensors, into `weights/`
under the same name. To add a prompt set: put a text file into `templates/`, a template per line.
"""
