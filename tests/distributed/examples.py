"""Components that fail and that kill their worker, for tests of faults."""

import os
import signal
from pathlib import Path

import spacy
from spacy.language import Language

BAD = "this text fails"


@Language.component("test_fail")
def fail(doc):
    """Fail on one text."""
    if doc.text == BAD:
        raise RuntimeError("nobody knows why")
    return doc


@Language.component("test_note")
def note(doc):
    """Keep what can't be written of one text."""
    if doc.text == BAD:
        doc.user_data["words"] = {token.text for token in doc}
    return doc


@Language.factory("test_kill", default_config={"folder": "", "every": 1})
def make_killer(nlp, name, folder, every):
    """Kill the worker, once for each text of the form "kill 7", where the number says so."""

    def kill(doc):
        number = doc.text.removeprefix("kill ")
        if number.isdigit() and int(number) % every == 0:
            mark = Path(folder) / number
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return doc

    return kill


def save_blank(path, name, **config):
    """Write a pipeline with one of the components, which needs this file's code."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "NAME", "pattern": "Marta"}])
    nlp.add_pipe(name, config=config)
    nlp.to_disk(path)
    return path
