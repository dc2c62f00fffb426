/** The web server: what it serves, with which headers. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { InputError } from "../../src/errors.js";
import { FIXED_HEADERS } from "../../src/web/headers.js";
import { serveFolder } from "../../src/web/server.js";
import { fencedBlocks } from "../support/documents.js";
import { ask, openSocket, type RawAnswer } from "../support/raw-http.js";
import { assertFixedHeaders, LARGE, PAGE, SCRIPT, SECRET, type Site, useSite } from "../support/site.js";

/** The content types of files by their endings. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  wasm: "application/wasm",
  json: "application/json",
  png: "image/png",
  jpg: "image/jpeg",
  svg: "image/svg+xml",
  safetensors: "application/octet-stream",
  bin: "application/octet-stream",
  webmanifest: "application/manifest+json",
  other: "application/octet-stream",
};

describe("the web server", () => {
  let site: Site;
  let folder: string;
  let url: string;
  useSite((opened) => {
    site = opened;
    folder = site.folder;
    url = site.server.url;
  });

  const get = (target: string, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
    ask(url, target, { headers });

  it("serves index.html at its root, and files by their paths", async () => {
    await writeFile(join(folder, "ein Gesicht ü.png"), "a picture");
    await writeFile(join(folder, "empty.bin"), "");
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    for (const target of ["/", "/index.html", "/?query=/../x", "/index.html?v=%zz"]) {
      const { status, body } = await get(target);
      assert.deepEqual([status, body.toString()], [200, PAGE], target);
    }
    assert.equal((await get("/ein%20Gesicht%20%C3%BC.png")).body.toString(), "a picture");
    const { status, headers, body } = await get("/empty.bin");
    assert.deepEqual([status, headers["content-length"], body.length], [200, "0", 0]);
  });

  it("serves single files from elsewhere by the addresses that it was given, and no others", async () => {
    const elsewhere = new Map([
      ["models/a.safetensors", join(folder, ".env")],
      ["gone.bin", join(site.top, "missing.bin")],
    ]);
    const server = await serveFolder(folder, { port: 0, elsewhere });
    const { status, body, headers } = await ask(server.url, "/models/a.safetensors");
    assert.deepEqual([status, body.toString()], [200, SECRET]);
    assert.equal(headers["content-type"], "application/octet-stream");
    for (const target of [
      "/.env",
      "/models/.env",
      "/models/",
      "/models/a.safetensors/",
      "/gone.bin",
      "/models//a.safetensors",
    ]) {
      assert.equal((await ask(server.url, target)).status, 404, target);
    }
    assert.equal((await ask(server.url, "/models%2fa.safetensors")).status, 400);
    assert.equal((await ask(server.url, "/app.js")).body.toString(), SCRIPT);
    await server.close();
  });

  it("sends each kind of file with its type", async () => {
    for (const [ending, type] of Object.entries(TYPES)) {
      await writeFile(join(folder, `a.${ending}`), `a ${ending} file`);
      const answer = await get(`/a.${ending}`);
      assert.deepEqual([answer.status, answer.headers["content-type"]], [200, type], ending);
      assert.equal(answer.body.toString(), `a ${ending} file`);
      assertFixedHeaders(answer);
    }
  });

  it("sends the headers that docs/commands.md lists", async () => {
    const [block] = await fencedBlocks("docs/commands.md", "http");
    const lines = Object.entries(FIXED_HEADERS).map(([name, value]) => `${name}: ${value}\n`);
    assert.equal(block, lines.join(""));
    assert.equal(
      FIXED_HEADERS["Content-Security-Policy"],
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; " +
        "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });

  it("answers HEAD like GET, without the body", async () => {
    for (const [target, headers] of [
      ["/", {}],
      ["/large.safetensors", {}],
      ["/app.js", { "Accept-Encoding": "br" }],
    ] as const) {
      const head = await ask(url, target, { method: "HEAD", headers });
      const { status, headers: expected } = await get(target, headers);
      assert.equal(head.body.length, 0);
      assert.deepEqual([head.status, { ...head.headers, date: "" }], [status, { ...expected, date: "" }]);
    }
  });

  it("answers 304 to a client that has the file, until the file changes", async () => {
    const path = join(folder, "changing.js");
    await writeFile(path, "one");
    const { etag } = (await get("/changing.js")).headers;
    for (const tags of [etag, etag.replace("W/", ""), `"x", ${etag}`, "*"]) {
      const answer = await get("/changing.js", { "If-None-Match": tags, "Accept-Encoding": "br" });
      assert.deepEqual([answer.status, answer.body.length, answer.headers.etag], [304, 0, etag], tags);
      assert.equal(answer.headers.vary, "Accept-Encoding");
      assertFixedHeaders(answer);
    }
    assert.equal((await get("/changing.js", { "If-None-Match": '"x"' })).status, 200);
    const gzip = { "If-None-Match": etag, "Accept-Encoding": "gzip" };
    await writeFile(path, "other"); // another size
    const changed = await get("/changing.js", gzip);
    assert.deepEqual([changed.status, gunzipSync(changed.body).toString()], [200, "other"]);
    await writeFile(path, "third"); // the same size at another time
    await utimes(path, 1, 1);
    const again = await get("/changing.js", { ...gzip, "If-None-Match": changed.headers.etag });
    assert.deepEqual([again.status, gunzipSync(again.body).toString()], [200, "third"]);
  });

  it("compresses text as the client likes it, and nothing else", async () => {
    const cases: readonly (readonly [encoding: string | undefined, accepted: readonly string[]])[] = [
      ["br", ["br", "gzip, deflate, br, zstd", "*", "gzip;q=0.5, BR;q=0.9"]],
      ["gzip", ["gzip", "br;q=0.5, gzip;q=0.9", "br;q=0, *"]],
      [undefined, ["", "identity", "deflate, zstd", "br;q=0, gzip; q=0", "br;q=x"]],
    ];
    for (const [encoding, accepted] of cases.flatMap(([name, all]) => all.map((each) => [name, each] as const))) {
      const { headers, body } = await get("/app.js", { "Accept-Encoding": accepted });
      assert.deepEqual([headers["content-encoding"], headers.vary], [encoding, "Accept-Encoding"], accepted);
      assert.equal(headers["content-length"], String(body.length));
      const text = encoding === "br" ? brotliDecompressSync(body) : encoding === "gzip" ? gunzipSync(body) : body;
      assert.equal(text.toString(), SCRIPT);
      assert.ok(encoding === undefined || body.length < SCRIPT.length / 4, `${body.length} bytes`);
    }
    for (const ending of Object.keys(TYPES)) {
      const { headers } = await get(`/a.${ending}`, { "Accept-Encoding": "gzip" });
      const isText = ["html", "js", "css", "json", "svg"].includes(ending);
      assert.equal(headers["content-encoding"], isText ? "gzip" : undefined, ending);
    }
  });

  it("answers many requests for the same text at the same time", async () => {
    await writeFile(join(folder, "shared.css"), SCRIPT);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => get("/shared.css", { "Accept-Encoding": "br" })),
    );
    for (const { body } of answers) assert.equal(brotliDecompressSync(body).toString(), SCRIPT);
  });

  it("sends a large file whole", async () => {
    const { headers, body } = await get("/large.safetensors");
    assert.deepEqual([headers["content-length"], body.length], [String(LARGE), LARGE]);
  });

  it("runs next to another server, and closes without waiting for open connections", async () => {
    await writeFile(join(site.top, "site-other/index.html"), "the other page");
    const other = await serveFolder(join(site.top, "site-other"), { port: 0 });
    const [one, two] = await Promise.all([get("/"), ask(other.url, "/")]);
    assert.deepEqual([one.body.toString(), two.body.toString()], [PAGE, "the other page"]);
    const idle = await openSocket(other.url);
    const ended = once(idle, "close");
    idle.on("error", () => {});
    await Promise.all([other.close(), other.close(), ended]);
    await assert.rejects(openSocket(other.url), { code: "ECONNREFUSED" });
    assert.equal((await get("/")).status, 200);
  });

  it("refuses a port that is in use and a folder that does not exist", async () => {
    const port = Number(new URL(url).port);
    await assert.rejects(serveFolder(folder, { port }), (error: unknown) => {
      assert.ok(error instanceof InputError);
      const message = `--port ${port}: expected a free port, received one that is in use. Choose another --port, or 0 for any free one.`;
      assert.equal(error.message, message);
      return true;
    });
    await assert.rejects(serveFolder(join(site.top, "nowhere"), { port: 0 }), InputError);
  });
});
