"""The peers are not collected: each runs in an environment of its own."""

collect_ignore_glob = ["peers/*"]
