"""What the teachers of networks on TensorFlow share. Only for the Rasa environment, which has it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Pace(NamedTuple):
    """How fast is learnt: `rate` after `warm_steps` steps, from then on falling to `least` of it, as a cosine does."""

    rate: float
    warm_steps: int
    least: float


def falling_rate(tf: Any, pace: Pace, steps: int) -> Any:
    """A schedule for Keras over so many steps."""

    class Rate(tf.keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            done = tf.cast(step, tf.float32)
            fall = 0.5 * (1 + tf.cos(np.pi * done / steps)) + pace.least
            return pace.rate * tf.minimum(1.0, (done + 1) / pace.warm_steps) * fall

    return Rate()


def plain(layer: Any, norm: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The weights and bias of a layer with its batch normalisation folded in."""
    scale = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    bias = (layer.bias.numpy() - norm.moving_mean.numpy()) * scale + norm.beta.numpy()
    return layer.kernel.numpy() * scale, bias
