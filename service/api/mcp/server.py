"""The tools, offered through the official SDK's server: it speaks the protocol, we do the work."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import Any

import mcp_types as mcp
import structlog
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError
from starlette.requests import Request

from service.api.disconnect import ClientDisconnectedError
from service.api.mcp.calls import Calls
from service.api.mcp.critique_code import CRITIQUE_CODE
from service.api.mcp.failure import FailedError, explained
from service.api.mcp.judge_code import JUDGE_CODE
from service.api.mcp.progress import Progress
from service.api.mcp.refine_code import REFINE_CODE
from service.api.mcp.run_code import RUN_CODE
from service.api.mcp.tool import Call, Tool
from service.domain.errors import ServiceError
from service.services import Services

log = structlog.get_logger(__name__)

TOOLS: Mapping[str, Tool[Any]] = {
    tool.name: tool for tool in (REFINE_CODE, JUDGE_CODE, CRITIQUE_CODE, RUN_CODE)
}

SESSION_HEADER = "mcp-session-id"
REQUEST_CANCELLED = -32800

INSTRUCTIONS = (
    "Second opinions on Python programs. Before handing over code that must be right, call refine_code with "
    "the whole problem and your draft. judge_code ranks drafts, critique_code reviews one, run_code runs it."
)

Context = ServerRequestContext[Services, Request]


def mcp_server(services: Services, calls: Calls) -> Server[Services]:
    """Build the server."""
    listed = _listed()
    schemas = {tool.name: tool.input_schema for tool in listed.tools}

    async def list_tools(
        context: ServerRequestContext[Services, Any], params: mcp.PaginatedRequestParams | None
    ) -> mcp.ListToolsResult:
        return listed

    async def call_tool(
        context: ServerRequestContext[Services, Any], params: mcp.CallToolRequestParams
    ) -> mcp.CallToolResult:
        if params.name not in TOOLS:
            raise MCPError(mcp.INVALID_PARAMS, f"no tool {params.name!r}; there are {', '.join(TOOLS)}")
        return await _called(context, calls, TOOLS[params.name], params.arguments or {})

    return Server(
        "ctrl",
        title="CTRL",
        version="0.1.0",
        instructions=INSTRUCTIONS,
        lifespan=_with(services),
        get_tool_input_schema=schemas.get,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _with(
    services: Services,
) -> Callable[[Server[Services]], AbstractAsyncContextManager[Services]]:
    @asynccontextmanager
    async def lifespan(server: Server[Services]) -> AsyncGenerator[Services, None]:
        yield services

    return lifespan


@cache
def _listed() -> mcp.ListToolsResult:
    """Write down what the tools take and give, once a process: it is most of a gateway's start."""
    return mcp.ListToolsResult(tools=[_offered(tool) for tool in TOOLS.values()])


def _offered(tool: Tool[Any]) -> mcp.Tool:
    return mcp.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        # Nothing outside the call changes, and no tool reaches beyond the models and the sandbox.
        annotations=mcp.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )


async def _called(
    context: Context, calls: Calls, tool: Tool[Any], arguments: Mapping[str, Any]
) -> mcp.CallToolResult:
    """Call a tool; whatever goes wrong is for the assistant to read, but for a cancellation."""
    assert context.request is not None
    services, request = context.lifespan_context, context.request
    started, ended = time.perf_counter(), "cancelled"
    progress = Progress(context.session.report_progress, services.bounds.heartbeat_s)
    try:
        with calls.at_work(request.headers.get(SESSION_HEADER), context.request_id) as cancelled:
            heard = Request(request.scope, progress.until(cancelled))
            answer = await tool.run(Call(services, heard, progress), arguments)
        ended = "ok"
        return mcp.CallToolResult(
            content=[mcp.TextContent(text=answer.text())],
            structured_content=answer.model_dump(mode="json"),
        )
    except ClientDisconnectedError:
        raise MCPError(REQUEST_CANCELLED, "the call was cancelled") from None
    except (ServiceError, ValidationError, FailedError) as error:
        ended = "refused"
        return _failed(error, request)
    except Exception as error:
        ended = "crashed"
        log.exception("tool_crashed", tool=tool.name)
        return _failed(error, request)
    finally:
        log.info("tool_called", tool=tool.name, ended=ended, seconds=round(time.perf_counter() - started, 4))


def _failed(error: Exception, request: Request) -> mcp.CallToolResult:
    request_id = request.scope.get("request_id")
    return mcp.CallToolResult(
        content=[mcp.TextContent(text=explained(error, request_id))],
        is_error=True,
    )
