"""Completion of half-seen things in open vocabulary (OVSSC), after Semantic Abstraction.

A network that sees relevancy and geometry, but neither words nor pixels, says which space the thing
fills that is relevant: so it serves every label that the vision-language model knows (§3.1, §3.3).

To let it see one thing more:
1. add a channel to `cells.Cells.channels`, from the map or the keyframes alone;
2. raise `presets.Preset.channels`, train (`python -m nesf_ros.training.abstraction`), and put the
   new weights beside the old ones under another name: files say what they were trained with.
"""
