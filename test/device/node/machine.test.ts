/** The description of the machine. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeMachine, listMachine, listNvidiaGpus } from "../../../src/device/node/machine.js";
import { formatGibibytes } from "../../../src/gibibytes.js";
import { withFolder } from "../../support/folder.js";

describe("machine", () => {
  it("is described by what the system reports", () => {
    const machine = describeMachine();
    assert.equal(`v${machine.node}`, process.version);
    assert.ok(machine.cores >= 1 && machine.cpu !== "" && machine.os.includes(process.arch));
    assert.ok(machine.freeBytes > 0 && machine.freeBytes <= machine.memoryBytes);
    assert.ok(machine.memoryLimitBytes === null || machine.memoryLimitBytes < machine.memoryBytes);
    assert.equal(formatGibibytes(2.5 * 2 ** 30), "2.5 GiB");
  });

  it("is listed for people, a container's limit included", () => {
    const machine = { ...describeMachine(), memoryBytes: 2 ** 35, freeBytes: 2 ** 34, memoryLimitBytes: 2 ** 33 };
    const memory = listMachine(machine).find(({ label }) => label === "Memory");
    assert.equal(memory?.value, "32.0 GiB, 16.0 GiB free, limited to 8.0 GiB by the container");
  });

  it("names the GPUs of an NVIDIA driver, and none where there is no driver", () =>
    withFolder(async (folder) => {
      for (const [card, text] of [
        ["0000:01:00.0", "Model: \t\t NVIDIA H100 PCIe\nIRQ:   \t\t 12\n"],
        ["0000:02:00.0", "IRQ: 13\n"],
      ]) {
        await mkdir(join(folder, card));
        await writeFile(join(folder, card, "information"), text);
      }
      assert.deepEqual(listNvidiaGpus(folder), ["NVIDIA H100 PCIe", "NVIDIA GPU"]);
      assert.deepEqual(listNvidiaGpus(join(folder, "none")), []);
    }));
});
