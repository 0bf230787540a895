"""A small proxy in the hub's own process, so that tests need no configurable-http-proxy."""

from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, web
from jupyterhub.proxy import Proxy


class LoopbackProxy(Proxy):
    """Forward each request to the route with the longest path that fits."""

    async def start(self):
        self.routes = {}
        self.session = ClientSession(auto_decompress=False)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.forward)
        self.runner = web.AppRunner(application)
        await self.runner.setup()
        url = urlsplit(self.app.bind_url)
        await web.TCPSite(self.runner, url.hostname, url.port).start()

    async def stop(self):
        await self.session.close()
        await self.runner.cleanup()

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def get_all_routes(self):
        return self.routes

    async def forward(self, request):
        fitting = [route for route in self.routes if request.path.startswith(route)]
        if not fitting:
            return web.Response(status=503)
        target = urlsplit(self.routes[max(fitting, key=len)]["target"])
        url = f"{target.scheme}://{target.netloc}{request.path_qs}"
        body = await request.read()
        try:
            async with self.session.request(
                request.method, url, headers=request.headers, data=body, allow_redirects=False
            ) as upstream:
                response = web.StreamResponse(status=upstream.status, headers=upstream.headers)
                await response.prepare(request)
                async for chunk in upstream.content.iter_any():
                    await response.write(chunk)
                return response
        except (ClientError, ConnectionError):
            return web.Response(status=503)
