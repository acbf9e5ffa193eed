"""Whether a whole body has the shape that its model's schema asks for; what fields do to each other, rules judge."""

from jsonschema import Draft202012Validator

from batchrunner.catalog.models import Model

_LONGEST = 200


def body_faults(model: Model, body: object) -> list[str]:
    """What is wrong with the shape of a body, a sentence each; a field that the model does not have is a fault.

    Formats are not looked at.
    """
    if not isinstance(body, dict):
        return ["the body must be a JSON object"]
    unknown = [f"unknown field {name}"[:_LONGEST] for name in sorted(body.keys() - model.fields.keys())]
    errors = Draft202012Validator(model.schema).iter_errors(body)
    wrong = [f"{error.json_path}: {error.message}" for error in errors if error.validator != "additionalProperties"]
    return [*unknown, *(said.removeprefix("$.").removeprefix("$: ")[:_LONGEST] for said in wrong)]
