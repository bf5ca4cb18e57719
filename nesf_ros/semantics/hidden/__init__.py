"""Localisation of visually obscured objects (VOOL), after Semantic Abstraction §3.4.

Where may a thing be that no camera has seen, if someone says how it lies to one that is seen? A
description is ⟨target, relation, reference⟩: "the rapid test behind the Harry Potter book". The two
names are open vocabulary, grounded by the vision-language model; the relation is one of six, each
with an embedding that is learned once and holds for all things.

- descriptions: a description, and how it is read from a sentence; wording: the words it knows
- viewpoints: from where a camera would see most of what may hide a thing

To add a relation:
1. name it in `types.RELATIONS`, last: models know relations by their place;
2. give its phrases in `wording.SAID_AS`, and take them out of `wording.REFUSED`;
3. let `synthetic.relations` say when it holds, and `synthetic.captions` put it into words;
4. write the labelled scenes anew and train: an embedding cannot be had without examples;
5. name it in `docs/synthetic.md`.
"""
