"""Some of what people may not have stored as an address; config/test_addresses.py has all."""

PRIVATE = [
    "http://127.0.0.1/a.jpg", "http://10.0.0.8/a.jpg", "http://169.254.169.254/latest/",
    "http://[::1]/a.jpg", "http://localhost/a.jpg", "http://redis/", "file:///etc/passwd",
    "data:text/html,x", "javascript:alert(1)", "/a.jpg",
]  # fmt: skip
