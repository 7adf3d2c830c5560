"""ADD, AND, OR and XNOR of two components among K: what exact LIME and Shapley must say, by hand.

With x and y the two components' switches, the answers are ADD = (x + y) / 2, AND = xy, OR = x + y - xy and
XNOR = 1 - x - y + 2xy. Each is a line and a multiple c of xy: c = 0, 1, -1, 2. So everything follows from what a line
makes of xy. Let E be the mean over all masks, weighted by LIME's kernel, which depends on a mask by its size alone:
m1 = E[z_i], m2 = E[z_i z_j], m3 = E[z_i z_j z_k]. The covariance of any two components is b = m2 - m1², the variance
a = m1 - m1², and that of xy with its own components is m2 (1 - m1), with others m3 - m1 m2. The inverse of
(a - b) I + b J, J full of ones, gives the weights (Sherman & Morrison, 1950).

Shapley values share the product's 1 equally: ½ for ADD, AND and OR, 0 for XNOR; the pair's interaction is c.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import comb

from lemons.exact.masks import mask_rows
from lemons.sampling.kernels import kernel_of_size

__all__ = ["FORMS", "ClosedForm", "answers_of_form", "closed_form"]

FORMS = {"ADD": (0.5, 0.0), "AND": (0.0, 1.0), "OR": (1.0, -1.0), "XNOR": (-1.0, 2.0)}  # of x + y, and of xy


@dataclass(frozen=True)
class ClosedForm:
    """What is true of a form of two components among K.

    Attributes
    ----------
    lime_pair, lime_other : float
        exact LIME's weight of each of the two, and of any other component
    shapley_pair : float
        the Shapley value of each of the two; that of others is 0
    interaction : float
        pairwise Shapley interaction of the two
    fidelity : float
        exact LIME's R²
    leave_one_out, one_at_a_time : float
        of each of the two
    """

    lime_pair: float
    lime_other: float
    shapley_pair: float
    interaction: float
    fidelity: float
    leave_one_out: float
    one_at_a_time: float


def answers_of_form(name: str, n_components: int) -> np.ndarray:
    """The answers (2**K,) of a form of the first two of K components."""
    x, y = mask_rows(0, 2**n_components, n_components)[:, :2].astype(np.float64).T
    line, product = FORMS[name]
    return float(name == "XNOR") + line * (x + y) + product * x * y


def closed_form(name: str, n_components: int) -> ClosedForm:
    """What is true of a form; for K of 3 or more.

    Parameters
    ----------
    name : {"ADD", "AND", "OR", "XNOR"}
    n_components : int >= 3
        K

    Returns
    -------
    ClosedForm
    """
    line, product = FORMS[name]
    m1, m2, m3 = (_mean_of_product(n, n_components) for n in (1, 2, 3))
    a, b = m1 - m1**2, m2 - m1**2
    own, other = m2 * (1 - m1), m3 - m1 * m2  # covariances of xy
    shared = b * (2 * own + (n_components - 2) * other) / (a - b + n_components * b)
    own_weight, other_weight = (own - shared) / (a - b), (other - shared) / (a - b)
    variance = m2 - m2**2
    missed = product**2 * (variance - 2 * own_weight * own - (n_components - 2) * other_weight * other)
    total = 2 * line**2 * (a + b) + 4 * line * product * own + product**2 * variance
    return ClosedForm(
        lime_pair=line + product * own_weight,
        lime_other=product * other_weight,
        shapley_pair=line + product / 2,
        interaction=product,
        fidelity=1 - missed / total,
        leave_one_out=line + product,
        one_at_a_time=line,
    )


def _mean_of_product(n_factors: int, n_components: int) -> float:
    """E of the product of so many different components, over all masks weighted by LIME's kernel."""
    sizes = np.arange(n_components + 1)
    kernel = kernel_of_size(sizes, n_components)
    having = comb(n_components - n_factors, sizes - n_factors)  # masks of each size that have them all
    return float(kernel @ having / (kernel @ comb(n_components, sizes)))
