/** HTTP requests that are sent exactly as written. Node's own clients tidy paths and headers. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return socket;
}

/** Sends bytes to a server and reads until it ends the connection. */
export async function exchange(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = await openSocket(url);
  socket.write(bytes);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  const whole = Buffer.concat(parts);
  const end = whole.indexOf("\r\n\r\n");
  const [first, ...lines] = whole.subarray(0, end).toString("latin1").split("\r\n");
  const headers = lines.map((line) => {
    const at = line.indexOf(": ");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 2)] as const;
  });
  return { status: Number(first.split(" ")[1]), headers: Object.fromEntries(headers), body: whole.subarray(end + 4) };
}

export interface RawRequest {
  readonly method?: string;
  /** In place of the server's own host; null sends none. */
  readonly host?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one request for `target`, the text between the method and the version. */
export function ask(url: string, target: string | Buffer, request: RawRequest = {}): Promise<RawAnswer> {
  const { method = "GET", host = new URL(url).host, headers = {} } = request;
  const all = { ...(host === null ? {} : { Host: host }), Connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const rest = ` HTTP/1.1\r\n${lines.join("")}\r\n`;
  return exchange(url, Buffer.concat([Buffer.from(`${method} `), Buffer.from(target), Buffer.from(rest)]));
}
