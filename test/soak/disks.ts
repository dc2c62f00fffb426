/**
 * Fills the disk at twenty places of five commands: each must end with exit code 4 and one line, leave nothing half-written, and
 * with room end with the bytes of an undisturbed run. It mounts a small tmpfs, so it needs root.
 * Started by hand: npm run soak:disks -- [PLACES]
 */
import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listCheckpoints } from "../../src/models/checkpoint-store.js";
import { resizeDisk, withSmallDisk } from "../support/disk.js";
import { writeFaces } from "../support/faces.js";
import { writeSmallDataset } from "../support/pictures.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const PLACES = Number(process.argv[2] ?? 20);
const ROOM = 200_000_000;
const folder = await mkdtemp(join(tmpdir(), "elegant-soak-"));
const at = (...names: readonly string[]): string => join(folder, ...names);
const elegant = (args: readonly string[]): Promise<Ended> => runNode(fromRoot("bin/elegant.js"), args);

interface Work {
  readonly name: string;
  prepare?(out: string): Promise<void>;
  command(out: string): Promise<readonly string[]>;
  /** Files whose bytes depend on the clock. */
  readonly except?: RegExp;
}

const PREPROCESS = "--size 48 --photos-per-file 24 --workers 2".split(" ");
const WORKS: readonly Work[] = [
  { name: "preprocess", command: async (out) => ["preprocess", at("photos"), out, "--format", "jpg", ...PREPROCESS] },
  {
    name: "preprocess --format raw",
    command: async (out) => ["preprocess", at("photos"), out, "--format", "raw", ...PREPROCESS],
  },
  {
    name: "merge",
    prepare: (out) => cp(at("parts"), out, { recursive: true }),
    command: async (out) => ["merge", out],
  },
  {
    name: "train",
    async command(out) {
      const resume = (await listCheckpoints(out)).length > 0 ? ["--resume"] : [];
      const words = "--size 64 --width 4 --batch 2 --save-every 1 --sample-every 4 --device wasm --steps 6".split(" ");
      return ["train", at("faces"), "--attributes", "Bangs", "Smiling", ...words, "--out", out, ...resume];
    },
    except: /events|losses\.jsonl|report\.html|watchdog|\.json$/,
  },
  { name: "synth", command: async (out) => ["synth", out, "--count", "60", "--seed", "1"] },
];

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const sizes = entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)));
  // tmpfs gives out whole pages.
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + Math.ceil(size / 4096) * 4096, 0);
}

async function resultOf(out: string, { except }: Work): Promise<unknown> {
  const tree = [...(await treeOf(out))];
  return tree.filter(([path]) => except === undefined || !except.test(path));
}

try {
  await writeSmallDataset(at("photos"), 240);
  await writeFaces(at("faces"), 20);
  for (const part of ["0/2", "1/2"]) {
    const { code, stderr } = await elegant([
      "preprocess",
      at("photos"),
      at("parts"),
      "--part",
      part,
      "--format",
      "jpg",
      ...PREPROCESS,
    ]);
    assert.equal(code, 0, stderr);
  }
  for (const work of WORKS) {
    const whole = at("whole");
    await work.prepare?.(whole);
    const first = await sizeOf(whole).catch(() => 0);
    const undisturbed = await elegant(await work.command(whole));
    assert.equal(undisturbed.code, 0, undisturbed.stderr);
    const last = await sizeOf(whole);
    const expected = await resultOf(whole, work);
    const count = PLACES / WORKS.length;
    let filled = 0;
    for (let i = 0; i < count; i++) {
      const size = Math.round(first + 20_000 + ((i + 0.5) / count) * Math.max(0, last - first - 40_000));
      const mounted = await withSmallDisk(folder, ROOM, async (disk) => {
        const out = join(disk, "out");
        await work.prepare?.(out);
        resizeDisk(disk, size);
        const full = await elegant(await work.command(out));
        const label = `${work.name}, ${size} of ${last} bytes`;
        assert.equal(full.code, 4, `${label}: ${full.stderr}`);
        const lines = full.stderr.split("\n").filter((line) => line.startsWith("elegant: "));
        assert.equal(lines.length, 1, full.stderr);
        assert.match(lines[0], /ENOSPC|no space|full/, label);
        const left = (await readdir(disk, { recursive: true })).filter((name) => /\.tmp$|\.running-/.test(name));
        assert.deepEqual(left, [], label);
        resizeDisk(disk, ROOM);
        const resumed = await elegant(await work.command(out));
        assert.equal(resumed.code, 0, `${label}, with room: ${resumed.stderr}`);
        assert.deepEqual(await resultOf(out, work), expected, label);
        filled++;
      });
      assert.ok(mounted, "mounting a tmpfs is not permitted here; run as root");
      await rm(at("disk"), { recursive: true });
    }
    console.log(`${work.name}: full at ${filled} places, each time exit code 4, then the same bytes`);
    await rm(whole, { recursive: true });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
