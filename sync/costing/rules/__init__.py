"""One file per costing rule; each names its scope, its formula and its source, and never imports another."""
