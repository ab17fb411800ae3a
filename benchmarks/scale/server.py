"""A server that answers `GET /?wait=SECONDS` after so long; it prints its port."""

import asyncio


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request on one connection."""
    asked = await reader.readline()
    while await reader.readline() not in (b"\r\n", b""):
        pass
    await asyncio.sleep(float(asked.split()[1].rpartition(b"=")[2]))
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()
    writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
