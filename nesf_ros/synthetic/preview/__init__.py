"""Pictures to look at: contact sheets of classes and scenes.

To add a picture of scenes: write a function that takes a `LabelledScene` and returns an image,
and add it to `scenes.SHEETS`.
"""
