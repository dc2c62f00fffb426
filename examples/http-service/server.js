// An HTTP service that edits photos with one warm model, a bounded queue, and limits on size and time.
//
//   node examples/http-service/server.js REFERENCES [MODEL] [PORT]
//   curl --data-binary @photo.jpg "http://127.0.0.1:8080/edit?attribute=Smiling&reference=friend" --output edited.png
//   curl http://127.0.0.1:8080/health
//
// REFERENCES is a folder of photos; the name of a reference is its file name without the ending.
// Answers: 200 with a PNG file; 400 for a bad request; 413 for a photo that is too large; 422 for one without a face or one that
// cannot be read; 503 with Retry-After if the service is busy; 504 if an edit takes too long. SIGTERM finishes what has been accepted.
import { once } from "node:events";
import { createServer } from "node:http";
import { Worker } from "node:worker_threads";
import { BoundedQueue, Refusal } from "./queue.js";

const [referenceFolder, modelName = "celeba-hq", port = "8080"] = process.argv.slice(2);
if (referenceFolder === undefined) {
  console.error("usage: node examples/http-service/server.js REFERENCES [MODEL] [PORT]");
  process.exit(2);
}
const MAX_BYTES = 10 * 2 ** 20; // of a photo
const PLACES = 16; // photos on their way, waiting or being edited; more are refused
const PATIENCE = 10_000; // milliseconds that a photo may wait in the queue
const LIMIT = 20_000; // milliseconds that one edit may take
const THREADS = 2;

/** Starts the thread that edits, and waits until it has its model and its references. */
async function startEditor() {
  const worker = new Worker(new URL("./editor.js", import.meta.url), {
    workerData: { modelName, referenceFolder, threads: THREADS },
  });
  const [{ ready }] = await once(worker, "message");
  return { worker, references: ready };
}

let editor = await startEditor();
const counts = { edited: 0, refused: 0, failed: 0 };

/**
 * Edits one photo. An editor that fails or takes too long is replaced by a new one.
 * @param {import("./editor.js").Edit} edit
 * @returns {Promise<Uint8Array>}
 */
async function runEdit(edit) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LIMIT);
  try {
    editor.worker.postMessage(edit);
    const [answer] = await once(editor.worker, "message", { signal: stop.signal });
    if ("status" in answer) throw new Refusal(answer.status, answer.message);
    return answer.png;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    await editor.worker.terminate();
    editor = await startEditor();
    if (stop.signal.aborted) throw new Refusal(504, "The edit took too long.");
    console.error(error);
    throw new Refusal(500, "The edit failed.");
  } finally {
    clearTimeout(timer);
  }
}

/** @type {BoundedQueue<import("./editor.js").Edit, Uint8Array>} */
const queue = new BoundedQueue(runEdit, { capacity: PLACES, patience: PATIENCE });

/**
 * Reads the body of a request.
 * @param {import("node:http").IncomingMessage} request
 */
async function readBody(request) {
  const tooLarge = () => new Refusal(413, `photo: expected at most ${MAX_BYTES} bytes.`);
  if (Number(request.headers["content-length"] ?? 0) > MAX_BYTES) throw tooLarge();
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > MAX_BYTES) throw tooLarge();
    parts.push(part);
  }
  if (length === 0) throw new Refusal(400, "photo: expected a photo as the body of the request, received nothing.");
  return new Uint8Array(Buffer.concat(parts));
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function handle(request, response) {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "GET" && pathname === "/health") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ waiting: queue.waiting, references: editor.references, ...counts }));
    return;
  }
  if (request.method !== "POST" || pathname !== "/edit") throw new Refusal(404, "Expected POST /edit or GET /health.");
  const [attribute, reference] = [searchParams.get("attribute") ?? "", searchParams.get("reference") ?? ""];
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  // Reserve before the photo is read: a busy service should not spend memory on photos that it cannot take.
  const release = queue.reserve();
  try {
    const photo = await readBody(request);
    const png = await queue.run({ attribute, reference, photo }, gone.signal);
    counts.edited++;
    response.setHeader("content-type", "image/png");
    response.end(png);
  } finally {
    release();
  }
}

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    if (request.destroyed && !request.complete) return; // the client broke off
    const refusal = error instanceof Refusal ? error : new Refusal(500, "The edit failed.");
    if (refusal !== error) console.error(error);
    if (refusal.status === 500 || refusal.status === 504) counts.failed++;
    else counts.refused++;
    response.statusCode = refusal.status;
    if (refusal.status === 503) response.setHeader("retry-after", "2");
    // The rest of a body that was not read must not be taken for the next request.
    if (!request.complete) response.setHeader("connection", "close");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ error: refusal.message }));
  });
});
server.headersTimeout = 10_000;
server.requestTimeout = 30_000; // a client that sends its photo slowly
server.keepAliveTimeout = 5_000;
server.listen(Number(port), "127.0.0.1");
await once(server, "listening");
const address = /** @type {import("node:net").AddressInfo} */ (server.address());
console.log(`http://127.0.0.1:${address.port}, references: ${editor.references.join(", ")}`);

for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
  process.once(signal, async () => {
    server.close();
    server.closeIdleConnections();
    await once(server, "close");
    await editor.worker.terminate();
  });
}
