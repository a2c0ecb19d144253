"""The WeChat mini-program server API, as far as a back end calls it."""
