"""Records of training runs."""

from lemons.extras import require

require("the recommender", "sacred", extra="recommender")
