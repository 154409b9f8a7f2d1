"""Behind the command line. The commands themselves stand in `tinygan/__main__.py`.

    options           what can be asked for, and the help
    run_files         a run from its recipe to a file and back
    folders           what is written to
    scoring           what a run scores
    learning          training, and what a person gets to see of it
    studying          a study, from the options to a table and pictures
    marking           the marks of a class
    family            learning a system of `tinygan.zoo`, and samples of it
    family_options    what there is to choose from: models and their settings
    family_files      a run of such a system, from its settings to a file and back
    family_scores     what it scores
    family_pictures   what it can do, as a picture
"""
