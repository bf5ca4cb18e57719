"""A scene field, fitted to posed frames: signed distance, density and colour of every point.

`rays` of keyframes are drawn by `replay`, sampled in living `cells`, encoded by the `hash_grid`,
told by the `scene_field`, judged in `fit`; `rendering` shows what came of it.

To add a head that knows something else of points (language, classes): build it on `Shape.features`
or on a `HashGrid` of its own, give its parameters to an optimizer of its own, and feed it the
points and the detached weights of measured rays, as colour is in `Fitter`.
"""
