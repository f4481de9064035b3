"""Write expected.json of the stories anew, for a person to look at."""

import argparse
import json

from tests.scenarios import EXPECTED, HERE, STORIES, run, told


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__)
    parser.add_argument("stories", nargs="*", metavar="STORY", help="folder names; all when none is given")
    parser.add_argument("--renew", action="store_true", help="write; otherwise only say what differs")
    arguments = parser.parse_args()
    for story in arguments.stories or STORIES:
        path = HERE / story / EXPECTED
        text = json.dumps(told(run(story)), ensure_ascii=False, indent=1) + "\n"
        same = path.exists() and path.read_text(encoding="utf-8") == text
        if arguments.renew and not same:
            path.write_text(text, encoding="utf-8")
        print(
            f"{story}: {'as before' if same else 'written: look at the difference' if arguments.renew else 'differs'}"
        )


if __name__ == "__main__":
    main()
