"""Behind the command line, in four files. The commands themselves stand in `tinygan/__main__.py`.

    options      what can be asked for, and the help
    run_files    a run from its recipe to a file and back
    learning     training, and what a person gets to see of it
    studying     a study, from the options to a table and pictures
"""
