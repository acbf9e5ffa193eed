"""What an author calls a field becomes the field of the job's model: by its own name, or by what it is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchrunner.catalog import ROLE_WORDS, Catalog, Model, Role
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.manifest import keys
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.layers import Value


@dataclass(frozen=True, slots=True)
class ModelFields:
    """Names the values of a job as its model does.

    A field is written by the model's own name, by the word for its role, or, where a profile names another model, by
    the name that a model of the catalogue has for that role.
    """

    catalog: Catalog
    model: Model
    problems: Problems

    def of(self, values: Mapping[str, Value], jobs: tuple[str, ...]) -> tuple[dict[str, Value], dict[str, str]]:
        """The values by the model's fields, and the author's words for those that are called otherwise.

        What no field is meant by keeps its name: it is judged where all fields are. Where two words mean one field, the
        layer with the last word counts; in one layer that is a problem.
        """
        known = self.model.fields
        own = {name: value for name, value in values.items() if name not in keys.MERGED}
        if own.keys() <= known.keys() and "drop" not in values:
            return own, {}
        fields: dict[str, Value] = {}
        words: dict[str, str] = {}
        for word, value in self._kept(values):
            name = self.field_for(word) or word
            if name in fields:
                self._compare(name, words.get(name, name), fields[name], word, value, jobs)
                if value.rank < fields[name].rank:
                    continue
            fields[name] = value
            words.pop(name, None)
            if name != word:
                words[name] = word
        return fields, words

    def field_for(self, word: str) -> str | None:
        """The model's field that a word means; None where it means none."""
        if word in self.model.fields:
            return word
        role = self._role(word)
        return self.model.field(role) if role else None

    def _role(self, word: str) -> Role | None:
        return ROLE_WORDS.get(word) or self.catalog.role_of(word)

    def _kept(self, values: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
        """The request fields but for those that the profile drops."""
        listed = keys.texts_of(values["drop"].node) if "drop" in values else ()
        dropped = {text_of(each) for each in listed}
        roles = {role for name in dropped if (role := self._role(name))}
        for word, value in values.items():
            if word not in keys.MERGED and word not in dropped and not (roles and self._role(word) in roles):
                yield word, value

    def _compare(
        self, name: str, first_word: str, first: Value, word: str, value: Value, jobs: tuple[str, ...]
    ) -> None:
        if first.rank == value.rank:
            said = f"`{word}` and `{first_word}` are one field of {self.model.slug}{value.origin}"
            self.problems.add(Problem(Code.SAME_FIELD, value.location, said, "keep one of the two", name, jobs))
