"""Make what an instructor needs from the notebooks: see docs/instructors.md.

python -m tools.instructor agenda 90      a timetable
python -m tools.instructor solved 06      with solutions, executed
python -m tools.instructor live 06        with the key lines left out, and your notes
python -m tools.instructor slides 06      slides with speaker notes
python -m tools.instructor assignment NAME 1.1 1.2     exercises for nbgrader
python -m tools.instructor notes 06       print the speaker notes
python -m tools.instructor cards          the questions for Anki, and to print
python -m tools.instructor answers FILES  questions that few knew, from learners' progress.json
python -m tools.instructor colab ADDRESS  notebooks that fetch the course from there, for Colab
python -m tools.instructor timings 06     measure how long cells run (for authors)

The results are in build/, which is never committed. Without a number: all notebooks.
"""

import argparse
import sys
from pathlib import Path

from helpers.running import NotebookError
from helpers.web.npm_files import FetchError
from tools.instructor import (
    agenda,
    answers,
    assignment,
    colab,
    live,
    notes,
    slides,
    solved,
    timings,
)
from tools.notebooks import print_any_letter

FOR_NOTEBOOKS = {
    "solved": solved.write,
    "live": live.write,
    "slides": slides.write,
    "notes": notes.show,
    "timings": timings.measure,
}


def write_cards() -> None:
    """Write the cards. Raises NotebookError if genanki, which few need, is not installed."""
    try:
        from tools.instructor import cards
    except ModuleNotFoundError as error:
        raise NotebookError(f"{error.name} is missing: `uv pip install --group grade`.") from error
    cards.write()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; if it fails, print the reason and return 1."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.instructor",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("agenda").add_argument("session", choices=agenda.SESSIONS)
    for name in FOR_NOTEBOOKS:
        commands.add_parser(name).add_argument("notebooks", nargs="*", help="such as 06")
    commands.add_parser("cards")
    commands.add_parser("answers").add_argument("files", nargs="+", type=Path)
    commands.add_parser("colab").add_argument("address", help="what git can clone")
    assignment.add_command(commands)
    options = parser.parse_args(arguments)
    try:
        if options.command == "assignment":
            assignment.run(options)
        elif options.command == "agenda":
            agenda.write(options.session)
        elif options.command == "cards":
            write_cards()
        elif options.command == "answers":
            answers.show(options.files)
        elif options.command == "colab":
            colab.write(options.address)
        else:
            FOR_NOTEBOOKS[options.command](options.notebooks)
    except (NotebookError, FetchError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    print_any_letter()
    sys.exit(main())
