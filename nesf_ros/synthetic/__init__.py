"""One library of things, and of scenes made of them: images, and exact truth about all of it.

- materials, patterns, solids, regions, meshes: pieces with colours, textures and an inside
- things, objects: what there is, a class at a time, with parts and room for other things
- scene, contact, scenes: things at their places, by seed; what touches what
- lighting, renderers: what a camera sees
- trajectory, walk, source, sensor, photo: where it is, its frames, its errors
- truth, overlap, volumes, relations, captions: what is true, seen or unseen, and how to say it
- splits, order, generate, manifest, preview: data sets, and pictures to look at

To add an object class see `objects`, to add a kind of scene see `scenes`.
"""
