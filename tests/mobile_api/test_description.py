"""The OpenAPI document: each body has an example that its own model takes, and each route says who may."""

from pydantic import BaseModel

from mobile_api.examples import EXAMPLES
from mobile_api.router import GuardedRoute
from tests.mobile_api.api_house import ApiHouse


def bodies_of(house: ApiHouse) -> dict[str, type[BaseModel]]:
    routes = [route for route in house.app.routes if isinstance(route, GuardedRoute) and route.body_field is not None]
    models = [route.body_field.field_info.annotation for route in routes if route.body_field is not None]
    return {model.__name__: model for model in models if isinstance(model, type) and issubclass(model, BaseModel)}


async def test_each_body_has_an_example_that_its_model_takes(house: ApiHouse) -> None:
    bodies = bodies_of(house)
    assert set(EXAMPLES) == set(bodies)
    for name, model in bodies.items():
        model.model_validate_json(model.model_validate(EXAMPLES[name]).model_dump_json(exclude_unset=True))
    schemas = house.app.openapi()["components"]["schemas"]
    assert [name for name in bodies if schemas[name]["examples"] != [EXAMPLES[name]]] == []


async def test_each_operation_says_what_it_does_and_who_may(house: ApiHouse) -> None:
    document = house.app.openapi()
    operations = [(path, one) for path, methods in document["paths"].items() for one in methods.values()]
    assert [path for path, one in operations if not one.get("description") or not one.get("x-permission")] == []
    assert document["paths"]["/why"]["get"]["x-permission"] == "jobs or audit (at one site at least)"
    assert document["paths"]["/why"]["get"]["security"][0] == {"token": ["jobs", "audit"]}
