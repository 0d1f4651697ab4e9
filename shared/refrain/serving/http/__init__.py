"""The HTTPS API: routes, the two protocols, and problem documents."""
