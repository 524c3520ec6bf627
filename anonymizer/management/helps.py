"""What `--help` says of options that several commands have."""

from anonymizer.gait.catalogue import DONOR_POLICIES, METHODS

DATASET = "the dataset's name"
METHOD = "how walks are changed, one of: " + ", ".join(METHODS)
WITH_NETWORK = "whose network, one of: " + ", ".join(
    each.name for each in METHODS.values() if each.needs_network
)
ALPHA = "how much of the donor is mixed in; left out: the method's own"
DONOR = f"whose gait is mixed in, one of: {', '.join(DONOR_POLICIES)}; left out: the method's own"
SPLIT = (
    "how the subjects are divided, as percent for the recognizer's training, for the network's training and for the "
    "test; or paper: the last 24, the first 10, the rest"
)
EPOCHS = "how often a network sees every walk it is trained on"
STRIDE = "a network is trained on every so many frames; more is faster"
SEED = "the same seed gives the same result"
