/** The browser's platform against that of Node.js, as far as Node.js can run both. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { deflateRawSync, deflateSync } from "node:zlib";
import * as browser from "../../src/platform/browser.js";
import * as node from "../../src/platform/node.js";
import type { Inflated } from "../../src/platform/platform.js";
import { Random } from "../../src/random.js";

const SEED = 20264;

/** Bytes of all kinds: none, one, runs, text, noise, and more than a block of deflate takes. */
function makeSamples(): readonly Uint8Array[] {
  const random = Random.fromSeed(SEED, "platform");
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.below(256));
  const text = new TextEncoder().encode("whole sentences, subject, verb, object. ".repeat(500));
  return [new Uint8Array(0), Uint8Array.of(7), new Uint8Array(100_000), text, noise(1000), noise(70_000)];
}

const kindOf = ({ data, problem }: Inflated): unknown => (data === null ? problem : Buffer.from(data).toString("hex"));

/** Serves files by their paths, as a web server does, while `body` runs. @param body gets "http://127.0.0.1:PORT" */
async function withServer(
  files: ReadonlyMap<string, Uint8Array>,
  body: (origin: string) => Promise<void>,
): Promise<void> {
  const server = createServer(({ url = "" }, response) => {
    const bytes = files.get(url);
    response.writeHead(bytes === undefined ? 404 : 200, { connection: "close" }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("the platforms", () => {
  const samples = makeSamples();

  it("compute the same CRC-32 and SHA-256", async () => {
    assert.equal(node.crc32(new TextEncoder().encode("123456789")), 0xcbf43926); // the published check value
    for (const bytes of samples) {
      assert.equal(browser.crc32(bytes), node.crc32(bytes));
      const parts = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)];
      assert.equal(await browser.sha256(parts), await node.sha256([bytes]));
    }
  });

  it("unpack the same streams, with other bytes behind them too", () => {
    for (const bytes of samples) {
      const [packed, raw] = [deflateSync(bytes), deflateRawSync(bytes)];
      const longer = Buffer.concat([packed, Buffer.from("more")]);
      for (const platform of [node, browser]) {
        assert.deepEqual(kindOf(platform.inflate(packed, bytes.length)), Buffer.from(bytes).toString("hex"));
        assert.deepEqual(kindOf(platform.inflate(longer, bytes.length + 9)), Buffer.from(bytes).toString("hex"));
        assert.deepEqual(kindOf(platform.inflateRaw(raw, bytes.length)), Buffer.from(bytes).toString("hex"));
      }
    }
  });

  it("refuse the same streams for the same reason", () => {
    for (const bytes of samples.filter(({ length }) => length > 900)) {
      const packed = deflateSync(bytes);
      const flipped = Uint8Array.from(packed);
      flipped[packed.length - 1] ^= 1; // in the checksum
      for (const platform of [node, browser]) {
        assert.equal(platform.inflate(packed, bytes.length - 1).problem, "long");
        assert.equal(platform.inflate(packed.subarray(0, packed.length >> 1), bytes.length).problem, "cut");
        assert.equal(platform.inflate(flipped, bytes.length).problem, "broken");
        assert.equal(platform.inflate(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 100).problem, "broken");
        assert.notEqual(platform.inflateRaw(deflateRawSync(bytes), bytes.length - 1).problem, null);
      }
    }
  });

  it("return what comes before the place where a stream breaks off", async () => {
    const bytes = samples[5];
    const packed = deflateSync(bytes);
    const half = packed.subarray(0, packed.length >> 1);
    for (const platform of [node, browser]) {
      const part = await platform.inflatePart(half, bytes.length);
      assert.ok(part.length > 0.45 * bytes.length && part.length <= bytes.length, `${part.length} bytes`);
      assert.deepEqual(part, bytes.slice(0, part.length));
    }
  });

  it("pack pixels that both can unpack", () => {
    for (const bytes of samples) {
      for (const packer of [node, browser]) {
        for (const platform of [node, browser]) {
          const { data } = platform.inflate(packer.deflatePixels(bytes), bytes.length);
          assert.deepEqual(Buffer.from(data ?? []), Buffer.from(bytes));
        }
      }
    }
  });

  it("read the same assets: one of the engine and one of a package", async () => {
    const model = "@vladmandic/face-api/model/face_landmark_68_model.bin";
    const files = new Map([
      ["/assets/linalg.wasm", await node.readAsset("linalg.wasm")],
      ["/assets/face_landmark_68_model.bin", await node.readAsset(model)],
    ]);
    assert.deepEqual(
      [...files.values()].map(({ length }) => length > 0),
      [true, true],
    );
    await withServer(files, async (origin) => {
      for (const folder of ["/assets", "/assets/"]) {
        browser.setAssetFolder(new URL(folder, origin));
        for (const name of ["linalg.wasm", model]) {
          assert.deepEqual(Buffer.from(await browser.readAsset(name)), Buffer.from(await node.readAsset(name)));
        }
      }
    });
  });

  it("say which asset is missing", async () => {
    const missing = "@vladmandic/face-api/model/none.bin";
    await assert.rejects(node.readAsset(missing), /^Error: ENOENT: .*face-api.model.none\.bin'$/);
    await assert.rejects(node.readAsset("no-such-package/none.bin"), /Cannot find module/);
    let closed = "";
    await withServer(new Map(), async (origin) => {
      closed = `${origin}/`;
      browser.setAssetFolder(new URL("/x/", origin));
      await assert.rejects(browser.readAsset(missing), { message: `${origin}/x/none.bin: status 404` });
    });
    browser.setAssetFolder(new URL(closed));
    await assert.rejects(browser.readAsset("nn.wasm"), ({ message }: Error) => {
      return message.startsWith(`${closed}nn.wasm: `) && message.length > closed.length + 9;
    });
  });

  it("find this machine's threads", () => {
    assert.ok(node.threads() >= 1);
  });
});
