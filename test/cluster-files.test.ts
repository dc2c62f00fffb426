/** The scripts and Jobs of docs/cluster. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fromRoot } from "./support/spawn.js";

/** Loads the YAML parser that ships with mocha and has no types. */
function loadYaml(): { load(text: string): unknown } | null {
  try {
    const yaml: unknown = createRequire(import.meta.url)("js-yaml");
    return typeof yaml === "object" && yaml !== null && "load" in yaml && typeof yaml.load === "function"
      ? { load: yaml.load as (text: string) => unknown }
      : null;
  } catch {
    return null;
  }
}

interface JobFile {
  readonly kind: string;
  readonly spec: {
    readonly completions?: number;
    readonly completionMode?: string;
    readonly template: {
      readonly spec: {
        readonly restartPolicy: string;
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly env?: readonly { readonly name: string; readonly value: string }[];
        }[];
      };
    };
  };
}

describe("docs/cluster", () => {
  it("holds a script that bash can read", function () {
    const { status, stderr, error } = spawnSync("bash", ["-n", fromRoot("docs/cluster/slurm.sh")], {
      encoding: "utf8",
    });
    if (error !== undefined) this.skip();
    assert.equal(status, 0, stderr);
  });

  it("holds Jobs whose numbers agree", function () {
    const yaml = loadYaml();
    if (yaml === null) this.skip();
    const read = (name: string): JobFile =>
      yaml.load(readFileSync(fromRoot(`docs/cluster/${name}`), "utf8")) as JobFile;
    const { kind, spec } = read("job.yaml");
    assert.deepEqual([kind, spec.completionMode, spec.template.spec.restartPolicy], ["Job", "Indexed", "Never"]);
    const [container] = spec.template.spec.containers;
    const count = container.env?.find(({ name }) => name === "JOB_COMPLETION_COUNT")?.value;
    assert.equal(count, String(spec.completions), "the pods are told how many they are");
    const merge = read("merge.yaml").spec.template.spec.containers[0];
    for (const [text] of [container.args, merge.args]) {
      const { status, stderr } = spawnSync("sh", ["-n"], { input: text, encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.match(text, /\/data\/faces-256/);
    }
  });
});
