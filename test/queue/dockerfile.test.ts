/** The image of docs/cluster/Dockerfile: the files that it copies exist, it installs what the package needs, and its command is accepted. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { COMMANDS } from "../../src/cli/commands.js";
import { createProgram } from "../../src/cli/program.js";
import { fromRoot } from "../support/spawn.js";

interface Instruction {
  readonly name: string;
  readonly text: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** The instructions of a Dockerfile, without comments and with continued lines joined. */
function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n");
  return lines.flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === undefined && line.trim() !== "") assert.fail(`not an instruction: ${line}`);
    return name === undefined ? [] : [{ name, text: rest }];
  });
}

describe("the image for workers", () => {
  let instructions: readonly Instruction[];
  let manifest: Manifest;
  before(async () => {
    instructions = parseDockerfile(await readFile(fromRoot("docs/cluster/Dockerfile"), "utf8"));
    manifest = JSON.parse(await readFile(fromRoot("package.json"), "utf8")) as Manifest;
  });
  const textsOf = (name: string): string[] => instructions.filter((each) => each.name === name).map(({ text }) => text);

  it("copies the tarball that npm pack makes, and between stages only what a stage has made", () => {
    const known = ["FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT"];
    assert.deepEqual(
      instructions.filter(({ name }) => !known.includes(name)),
      [],
    );
    const [first, second] = textsOf("COPY");
    const [pattern, target] = first.split(" ");
    const tarball = `${manifest.name}-${manifest.version}.tgz`;
    assert.match(tarball, new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`));
    const [stage] = /(?<= AS ).*/.exec(textsOf("FROM")[0]) ?? [];
    const [made] = textsOf("WORKDIR");
    assert.equal(second, `--from=${stage} ${made} ${made}`);
    const [install] = textsOf("RUN");
    assert.ok(install.includes(` ./${target} `), install);
    assert.match(textsOf("ENV").join(" "), new RegExp(`PATH=${made}/node_modules/\\.bin:\\$PATH`));
  });

  it("installs the packages of the queue in the versions that the package asks for, on a Node that it supports", async () => {
    const [install] = textsOf("RUN");
    for (const name of ["bullmq", "ioredis"]) {
      assert.ok(install.includes(` ${name}@${manifest.peerDependencies[name]} `), `${name} in ${install}`);
    }
    const ci = await readFile(fromRoot(".ci/run"), "utf8");
    const [, tested] = /^for major in (.*); do$/m.exec(ci) ?? [];
    for (const base of textsOf("FROM")) {
      const [, major] = /^node:(\d+)-slim\b/.exec(base) ?? [];
      assert.ok(tested.split(" ").includes(major), base);
    }
  });

  it("runs, as a user without rights, a command that the program accepts and that takes its server from the environment", () => {
    const user = instructions.findIndex(({ name, text }) => name === "USER" && /^[1-9]\d*:[1-9]\d*$/.test(text));
    const entry = instructions.findIndex(({ name }) => name === "ENTRYPOINT");
    assert.ok(user >= 0 && user < entry);
    const [name, ...words] = JSON.parse(instructions[entry].text) as string[];
    assert.ok(Object.keys(manifest.bin).includes(name), name);
    const program = createProgram(COMMANDS);
    const work = program.commands
      .find((each) => each.name() === "queue")
      ?.commands.find((each) => each.name() === "work");
    assert.ok(work !== undefined);
    let redis: unknown = null;
    work.action((options: { redis: string }) => {
      redis = options.redis;
    });
    const before = process.env.REDIS_URL;
    process.env.REDIS_URL = "rediss://:secret@queue-host:6380";
    try {
      program.parse(words, { from: "user" });
    } finally {
      if (before === undefined) delete process.env.REDIS_URL;
      else process.env.REDIS_URL = before;
    }
    assert.equal(redis, "rediss://:secret@queue-host:6380");
  });
});
