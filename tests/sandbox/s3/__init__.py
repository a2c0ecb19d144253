"""An S3-compatible store with one private bucket, and the CDN in front of it."""
