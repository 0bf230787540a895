"""`python -m helpers.instructor COMMAND`: the instructor's commands."""

import argparse
import sys

from helpers.instructor import assignment


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.instructor", description="What an instructor needs, made anew."
    )
    commands = parser.add_subparsers(required=True)
    assignment.add_command(commands)
    options = parser.parse_args(arguments)
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
