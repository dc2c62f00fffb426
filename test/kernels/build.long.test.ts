/** The output of the kernels' compiler. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { withFolder } from "../support/folder.js";
import { fromRoot, runNode } from "../support/spawn.js";

describe("the compiler of the kernels", () => {
  it("prints nothing: npm ci shows no warnings of ours", async () => {
    await withFolder(async (folder) => {
      const { scripts } = JSON.parse(await readFile(fromRoot("package.json"), "utf8"));
      const commands = (scripts["build:wasm"] as string).split(" && ");
      assert.equal(commands.length, 5);
      for (const command of commands) {
        const [name, ...words] = command.split(" ");
        assert.equal(name, "asc");
        const args = words.map((word, i) => (words[i - 1] === "-o" ? join(folder, "kernels.wasm") : word));
        const { code, stdout, stderr } = await runNode(fromRoot("node_modules/assemblyscript/bin/asc.js"), args, false);
        assert.deepEqual([code, stdout, stderr], [0, "", ""], command);
      }
    });
  });
});
