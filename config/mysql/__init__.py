"""Django's MariaDB backend with fewer words on the wire (docs/decisions)."""
