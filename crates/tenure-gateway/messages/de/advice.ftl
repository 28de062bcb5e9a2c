### Was am jeweiligen Browser zu tun ist.

