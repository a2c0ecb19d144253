"""ETags for public lists."""

from functools import wraps

from django.middleware.http import ConditionalGetMiddleware

_conditional = ConditionalGetMiddleware(lambda request: None)


def etag(action):
    """An ETag of the body, and 304 when the client has it already."""

    @wraps(action)
    def wrapper(self, request, *args, **kwargs):
        response = action(self, request, *args, **kwargs)
        response.add_post_render_callback(
            lambda rendered: _conditional.process_response(request._request, rendered)
        )
        return response

    return wrapper
