"""What each issue code of definition files means."""

from __future__ import annotations

from typing import Final

#: Code → meaning, as the reference of error codes prints it.
CODES: Final = {
    "E101": "A file or folder cannot be read.",
    "E102": "A definition file is not UTF-8.",
    "E103": "A link leaves the project, or stands where a folder of definitions is expected.",
    "E104": "A definition file is empty.",
    "E105": "A comment mark inside the header of a `.sql` file ends or breaks it.",
    "E106": "A `.sql` file has both a header and a sidecar.",
    "E107": "A `.sql` file has a header but no query.",
    "E108": "A file of `functions/` is not one `create function` of its own name.",
    "E109": "A Python table that cannot be understood without running it, or that fails to load.",
    "E110": "Text that is not YAML.",
    "E111": "A key stands twice.",
    "E112": "YAML that is not used here: tags, keys that are lists, endless nesting.",
    "E113": "A file that holds something other than keys and values.",
    "E114": "An unknown key.",
    "E115": "A value of the wrong type.",
    "E116": "A key is missing.",
    "E117": "A value that does not exist: a time zone, a date, a module.",
    "E118": "A secret `${NAME}` is not set.",
    "E119": "A secret is written in a file.",
    "E120": "A file lies in the wrong folder, or beside a table that is not there.",
    "E121": "Two definitions have one name.",
    "E122": "A file's name cannot name a node.",
    "W123": "A folder that nothing reads holds files that look like definitions.",
    "E124": "The project has no `headwater.yml`.",
    "W125": "A contract is tied to no source.",
    "E126": "Keys that exclude each other.",
    "E220": "An owner is neither a team nor a member of one.",
}
