/** Serves the files of one folder, and single files from elsewhere, to browsers on this machine and to nobody else. */
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { extname } from "node:path";
import type { Duplex } from "node:stream";
import { describeMismatch, fromSystemError, InputError, rethrowAs } from "../errors.js";
import { CompressedFiles, chooseEncoding } from "./compression.js";
import { openFile, readPieces, readTarget, type ServedFile } from "./files.js";
import { FIXED_HEADERS, typeOf } from "./headers.js";

/** Only this machine reaches it. */
const ADDRESS = "127.0.0.1";

/** Largest text file that is compressed and kept in memory. Larger ones are sent as they are, like all other files. */
const MOST_COMPRESSED_BYTES = 16 * 1024 * 1024;

export interface ServeOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** Paths of files outside the folder by their addresses, such as "models/painted-64.safetensors". Default: none. */
  readonly elsewhere?: ReadonlyMap<string, string>;
}

export interface FolderServer {
  /** Where the folder's index.html is. */
  readonly url: string;
  /** Ends all connections. Returns when the port is free and every file is closed. */
  close(): Promise<void>;
}

/**
 * Serves a folder on 127.0.0.1 until it is closed.
 * @throws InputError if the folder does not exist, or if the port is in use or not allowed
 */
export async function serveFolder(
  folder: string,
  { port, elsewhere = new Map() }: ServeOptions,
): Promise<FolderServer> {
  const root = await realpath(folder).catch(rethrowAs(`Cannot serve '${folder}'`));
  // Our own check refuses a missing Host, with the headers of every answer.
  const server = createServer({ requireHostHeader: false });
  const bound = await listen(server, port);
  const url = `http://${ADDRESS}:${bound}/`;
  const hosts = ownHosts(bound);
  const compressed = new CompressedFiles();
  const running = new Set<Promise<void>>();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    response.on("error", () => {}); // a client that has gone must not end the process
    const work = answer(request, response).catch(() => fail(response));
    running.add(work);
    void work.then(() => running.delete(work));
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = [], expect = [] } = request.headersDistinct;
    const isOwn = host.length === 1 && hosts.has(host[0].toLowerCase());
    if (!isOwn) return refuse(response, 403, {}, `Open ${url} instead.\n`);
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, { Allow: "GET, HEAD" });
    if (expect.length > 0) return refuse(response, 417);
    const names = readTarget(request.url ?? "");
    if (names === null) return refuse(response, 400);
    const file = await openFile(root, elsewhere, names);
    if (file === null) return refuse(response, 404);
    try {
      await send(file, request, response, compressed);
    } finally {
      await file.handle.close();
    }
  }

  server.on("request", handle);
  server.on("checkContinue", handle);
  server.on("checkExpectation", handle);
  server.on("clientError", refuseMalformed);
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    await Promise.all(running);
  };
  return {
    url,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Starts listening. @returns the port */
async function listen(server: Server, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: ADDRESS, port, exclusive: true }, resolve);
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    const name = `--port ${port}`;
    if (code === "EADDRINUSE") {
      const remedy = "Choose another --port, or 0 for any free one.";
      throw new InputError(describeMismatch(name, "a free port", "one that is in use", remedy), { cause: error });
    }
    if (code === "EACCES") {
      const remedy = "Choose a --port of 1024 or more.";
      throw new InputError(describeMismatch(name, "a port that you may open", "one that you may not", remedy), {
        cause: error,
      });
    }
    throw fromSystemError(error, `Cannot listen on ${ADDRESS}, ${name}`);
  }
  return (server.address() as AddressInfo).port;
}

/**
 * The Host headers of requests that are meant for this server. A page of another site can make its own name point to
 * 127.0.0.1 (DNS rebinding), but its requests still carry that name.
 */
function ownHosts(port: number): ReadonlySet<string> {
  return new Set(["127.0.0.1", "localhost", "[::1]"].flatMap((name) => [name, `${name}:${port}`]));
}

/** Sends the file, or 304 if the client has it. */
async function send(
  file: ServedFile,
  request: IncomingMessage,
  response: ServerResponse,
  compressed: CompressedFiles,
): Promise<void> {
  const { type, isText } = typeOf(extname(file.path).toLowerCase());
  const headers: OutgoingHttpHeaders = { ...FIXED_HEADERS, ETag: file.etag };
  if (isText) headers.Vary = "Accept-Encoding";
  if (matches(request.headers["if-none-match"], file.etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  headers["Content-Type"] = type;
  const isCompressed = isText && file.size <= MOST_COMPRESSED_BYTES;
  const encoding = isCompressed ? chooseEncoding(String(request.headers["accept-encoding"] ?? "")) : null;
  if (encoding !== null) {
    const bytes = await compressed.get(file, encoding);
    response.writeHead(200, { ...headers, "Content-Encoding": encoding, "Content-Length": bytes.length }).end(bytes);
    return;
  }
  response.writeHead(200, { ...headers, "Content-Length": file.size });
  if (request.method === "HEAD") response.end();
  else await stream(file, request.socket, response);
}

/** True if an If-None-Match header names the tag. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const bare = (tag: string): string => tag.trim().replace(/^W\//, "");
  const tags = (ifNoneMatch ?? "").split(",").map(bare);
  return tags.includes(bare(etag)) || tags.includes("*");
}

/** Sends a file piece by piece, as fast as the client takes it, until the client goes away. */
async function stream(file: ServedFile, socket: Socket, response: ServerResponse): Promise<void> {
  // The response does not notice this itself while it waits for an earlier one on the same connection.
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  socket.once("close", leave);
  if (socket.destroyed) leave();
  try {
    for await (const piece of readPieces(file)) {
      if (!response.write(piece)) await once(response, "drain", { signal: gone.signal });
    }
    response.end();
  } finally {
    socket.removeListener("close", leave);
  }
}

/** Sends an error. `remedy` is a line for the reader. */
function refuse(response: ServerResponse, status: number, more: OutgoingHttpHeaders = {}, remedy = ""): void {
  const { headers, body } = errorAnswer(status, remedy);
  response.writeHead(status, { ...headers, ...more }).end(body);
}

interface ErrorAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function errorAnswer(status: number, remedy = ""): ErrorAnswer {
  const body = `${status} ${STATUS_CODES[status]}\n${remedy}`;
  const type = { "Content-Type": "text/plain; charset=utf-8", "Content-Length": String(body.length) };
  return { headers: { ...FIXED_HEADERS, ...type }, body };
}

/** Ends an answer that failed: with an error if nothing was sent yet, otherwise by ending the connection. */
function fail(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else refuse(response, 500);
}

/** What Node.js answers to requests that it cannot read. All others are 400. */
const MALFORMED: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Answers text that is not a request, and ends the connection. */
function refuseMalformed(error: Error, socket: Duplex): void {
  // An answer may have begun, and nothing may be written into it.
  if (!socket.writable || (socket as Socket).bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const code = "code" in error ? String(error.code) : "";
  const status = MALFORMED[code] ?? 400;
  const { headers, body } = errorAnswer(status);
  const lines = Object.entries({ ...headers, Connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
}
