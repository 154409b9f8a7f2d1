"""Behind the command line: what can be asked for (`options`), a run from its settings to a file and back (`runs`), and learning,
with what a person gets to see of it (`learning`). The commands themselves stand in `tinygan/__main__.py`.
"""
