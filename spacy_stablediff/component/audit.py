"""What keeps a `stablediff` component from doing what its user expects, said once."""

import warnings
from typing import Any, cast

from spacy.language import Language

from ..errors import Warnings
from ..layers.common import acts_untrained
from ..wiring.config import list_annotating
from ..wiring.listeners import follows, get_last_vectors, walk_listeners
from ..wiring.nodes import is_trained
from ..wiring.path import list_later, list_readers, reads
from .attach import embeds_undiffused
from .relay import Relayed


class Audit:
    """Looks who reads the vectors of a component, and warns of each matter once."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._said: set[str] = set()
        self._seen: list[str] = []  # components, when it last looked who reads the vectors

    def check(self, component: Any) -> None:
        """Warn of what is wrong where a component is about to diffuse.

        component (StableDiff): The component.
        """
        nlp = component.pipeline()
        if nlp is not None and self._seen != nlp.pipe_names:
            self._seen = list(nlp.pipe_names)
            if component.get_pipeline() is not None:
                self._check_readers(component, nlp)
        self._check_bypassed(component)

    def check_annotating(self, component: Any, nlp: Language) -> None:
        """Warn if a listener is to annotate texts in training whose vectors aren't diffused then.

        component (StableDiff): The component.
        nlp (Language): Its pipeline.
        """
        annotating = list_annotating(nlp.config)
        readers = list_readers(nlp, component.name)
        listed = [f"'{n}'" for n, proc in readers if n in annotating and any(walk_listeners(proc))]
        if listed and component.name not in annotating:
            message = Warnings.SDW16.format(name=component.name, readers=", ".join(listed))
            self._say("annotating", message)

    def _check_readers(self, component: Any, nlp: Language) -> None:
        """Warn if nothing reads what a component writes, or nobody learned to."""
        readers = list_readers(nlp, component.name)
        if not any(reads(proc) for _, proc in readers):
            if not component.hooks:
                self._say("unread", _describe_unread(component.name, nlp))
        elif component.is_new and acts_untrained(component.model):
            trained = [n for n, proc in readers if any(walk_listeners(proc)) and is_trained(proc)]
            if trained:
                listed = ", ".join(f"'{name}'" for name in trained)
                self._say("new", Warnings.SDW08.format(name=component.name, readers=listed))

    def _check_bypassed(self, component: Any) -> None:
        """Warn if a listener was trained on vectors that didn't come from a component."""
        for name, listeners in component.listener_map.items():
            for listener in cast(list[Any], listeners):
                last = get_last_vectors(listener)
                bypassed = last is not None and not isinstance(last, Relayed)
                if bypassed and follows(listener, component.upstream, component.name):
                    message = Warnings.SDW03.format(name=component.name, listener=name)
                    self._say("bypassed", message)

    def _say(self, matter: str, message: str) -> None:
        if matter not in self._said:
            self._said.add(matter)
            warnings.warn(message, stacklevel=5)


def _describe_unread(name: str, nlp: Language) -> str:
    """The warning for vectors that nothing reads: who might, and how."""
    later = [item for item in list_later(nlp, name) if item[0] not in nlp.disabled]
    owners = [other for other, component in later if embeds_undiffused(component)]
    if not owners:
        return Warnings.SDW02.format(name=name)
    listed = ", ".join(f"'{owner}'" for owner in owners)
    return Warnings.SDW04.format(name=name, owners=listed, first=owners[0])
