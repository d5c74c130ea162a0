"""The sales funnel: how deals come through it, how long they take, which of the open ones will be won."""
