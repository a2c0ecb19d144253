"""Questions that must stay quick over a million rows: one file per subject, `frame` measures them.

A subject has `fill(scale)`, which makes its rows and answers whatever its questions need to know;
`questions(known)`; and TABLES, the models that a full scan reads.
"""
