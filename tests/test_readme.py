"""README's example runs, and prints what README says."""

import re
import warnings
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf8")


def test_example_prints_what_readme_shows(capsys):
    code, output = re.findall(r"```(?:python)?\n(.*?)```", README, flags=re.DOTALL)[:2]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        exec(code, {})
    assert capsys.readouterr().out == output
