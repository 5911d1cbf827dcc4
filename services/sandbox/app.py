"""Wiring of the sandbox: every platform below its name, the wall, and the orders for tests.

/                    the wall
/<platform>/…        the API of a platform
/-/posts, /-/calls   what stands there, deleted posts too, and all that they said; what was asked
/-/faults            what is left of the orders; POST one (`faults.py`), DELETE takes all back
/readyz              whether it answers
/-/pictures/<id>     an uploaded picture
"""

from dataclasses import asdict

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from services.sandbox import platforms
from services.sandbox.faults import Fault
from services.sandbox.wall import wall
from services.sandbox.world import World
from shared.plugs import find_plugs

PLUGS = find_plugs(platforms)


def sandbox_app(world: World) -> Starlette:
    """The sandbox of one world."""
    orders = _Orders(world)
    return Starlette(
        routes=[
            Route("/", orders.wall),
            Route("/readyz", orders.ready),
            Route("/-/posts", orders.posts),
            Route("/-/calls", orders.calls),
            Route("/-/faults", orders.ordered),
            Route("/-/faults", orders.order, methods=["POST"]),
            Route("/-/faults", orders.forget, methods=["DELETE"]),
            Route("/-/pictures/{picture}", orders.picture),
            *(
                Mount(f"/{name}", routes=list(plug.open_platform(world).routes))
                for name, plug in PLUGS.items()
            ),
        ]
    )


class _Orders:
    """What a person, or a test, sees and asks for."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def ready(self, _: Request) -> Response:
        return Response(status_code=204)

    async def wall(self, _: Request) -> Response:
        return wall(self._world, PLUGS)

    async def posts(self, _: Request) -> Response:
        texts, posts = self._world.texts, self._world.posts
        told = [asdict(post) | {"texts": texts.get(name, [])} for name, post in posts.items()]
        return JSONResponse(told)

    async def calls(self, _: Request) -> Response:
        return JSONResponse([asdict(call) for call in self._world.calls])

    async def ordered(self, _: Request) -> Response:
        return JSONResponse([fault.model_dump() for fault in self._world.faults])

    async def order(self, request: Request) -> Response:
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as error:
            return Response(error.json(include_url=False), 422, media_type="application/json")
        if fault.platform not in PLUGS:
            return JSONResponse({"platform": f"there are {', '.join(PLUGS)}"}, 422)
        self._world.order(fault)
        return JSONResponse(fault.model_dump(), 201)

    async def forget(self, _: Request) -> Response:
        self._world.forget_faults()
        return Response(status_code=204)

    async def picture(self, request: Request) -> Response:
        media_type, content = self._world.pictures.get(
            request.path_params["picture"], ("text/plain", b"")
        )
        safe = {
            "content-security-policy": "default-src 'none'",
            "x-content-type-options": "nosniff",
        }
        return Response(content, 200 if content else 404, safe, media_type)
