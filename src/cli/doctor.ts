/** `elegant doctor`: reports what this machine offers, and what to install for more. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type Capabilities, examineCapabilities } from "../device/node/capabilities.js";
import { describeMachine, listMachine, type MachineDescription } from "../device/node/machine.js";
import { formatGibibytes } from "../gibibytes.js";
import { ONE_THREAD } from "../kernels/memory.js";
import type { KernelBuild } from "../kernels/simd.js";
import { SHIPPED_MODELS } from "../models/shipped.js";
import { type CommonOptions, runCommand, withCommonOptions } from "./command.js";

/** A line of the table: the subject, its state, and what was found or what to do. */
export interface Finding {
  readonly name: string;
  readonly state: "ok" | "problem" | "optional";
  readonly text: string;
}

/** What each build of the kernels means to a user. */
const SIMD: Readonly<Record<KernelBuild, string>> = {
  plain: "the plain build of the kernels; the relaxed one needs Node.js 22 or newer, without ELEGANT_SIMD",
  relaxed: "the relaxed build of the kernels, with fused multiply-add",
};
const MARKS = { ok: "ok", problem: "!!", optional: "--" } as const;

export function registerDoctor(program: Command): void {
  withCommonOptions(program.command("doctor"))
    .description(
      "what this machine offers: cores, SIMD, threads, memory, GPUs, optional packages, shipped models, and what to install",
    )
    .addHelpText(
      "after",
      "\nExample:\n  elegant doctor\n\nExit code 0 when elegant can run here, 3 when something it needs is missing.",
    )
    .action(async (options: CommonOptions) => {
      await runCommand(options, async (context) => {
        const machine = describeMachine();
        const capabilities = await examineCapabilities();
        const findings = listFindings(capabilities);
        const problems = findings
          .filter(({ state }) => state === "problem")
          .map(({ name, text }) => `${name}: ${text}`);
        if (problems.length > 0) context.markPartial();
        if (context.json) {
          const models = Object.entries(SHIPPED_MODELS).map(([name, { path, terms }]) => ({ name, path, terms }));
          context.printJson({ ok: problems.length === 0, problems, machine, ...capabilities, models });
          return;
        }
        const rows = [...findings, ...listModels()];
        for (const line of formatTable(machine, rows, capabilities)) context.print(line);
      });
    });
}

/** The requirements of elegant, then the optional parts. */
export function listFindings(found: Capabilities): Finding[] {
  const need = (name: string, ok: boolean, text: string, remedy: string): Finding =>
    ok ? { name, state: "ok", text } : { name, state: "problem", text: remedy };
  const { needed, ok } = found.node;
  return [
    need("Node.js", ok, `${needed} or newer`, `too old: install ${needed} or newer`),
    need(
      "WebAssembly SIMD",
      found.simd,
      SIMD[found.kernelBuild],
      "not available: use a current Node.js without --jitless",
    ),
    found.threads
      ? { name: "Threads", state: "ok", text: "they share memory" }
      : { name: "Threads", state: "optional", text: `${ONE_THREAD}; the same results, later` },
    ...found.kernels.map(({ name, state }) =>
      need(`Kernels ${name}`, state === "ok", "found", `${state} in dist/wasm: run 'npm run build'`),
    ),
    ...found.packages.map(({ name, gives, state, version, remedy }): Finding => {
      if (state === "installed") return { name, state: "ok", text: `${version}: ${gives}` };
      const lack = state === "broken" ? "native library missing" : "not installed";
      return { name, state: "optional", text: `${lack}: '${remedy}' gives ${gives}` };
    }),
    describeWebgpu(found.adapter),
  ];
}

/** The models that ship with the package: whether their files are there, and on which terms you may use them. */
export function listModels(models = SHIPPED_MODELS): Finding[] {
  return Object.entries(models).map(([model, { path, terms }]): Finding => {
    const name = `Model ${model}`;
    if (!existsSync(path)) return { name, state: "optional", text: `${path} is missing: install elegant-faces again` };
    return { name, state: "ok", text: terms ?? "for painted faces only, under the MIT licence" };
  });
}

/** Name, kind, and the limits that determine which work fits. */
function describeWebgpu({ adapter, problem }: Capabilities["adapter"]): Finding {
  const name = "WebGPU adapter";
  if (adapter === null) return { name, state: "optional", text: `none: ${problem}` };
  const { type, limits } = adapter;
  const kind = type === "gpu" ? "GPU" : "software, never taken by auto";
  const sizes =
    `buffers up to ${formatGibibytes(limits.maxBufferSize)}, ` +
    `tensors up to ${formatGibibytes(adapter.largestTensorBytes)}`;
  return { name, state: type === "gpu" ? "ok" : "optional", text: `${adapter.name} (${kind}), ${sizes}` };
}

export function formatTable(
  machine: MachineDescription,
  findings: readonly Finding[],
  { device }: Pick<Capabilities, "device">,
): string[] {
  const facts = listMachine(machine);
  // By the command's own work (planner/choose-device.ts).
  const isCompared = device.name === "tensorflow" || device.name === "webgpu";
  const width = Math.max(...findings.map(({ name }) => name.length));
  return [
    ...facts.map(({ label, value }) => `    ${label.padEnd(width)}  ${value}`),
    "",
    ...findings.map(({ name, state, text }) => `${MARKS[state]}  ${name.padEnd(width)}  ${text}`),
    "",
    `--device auto ${isCompared ? `compares ${device.name} and wasm` : `takes ${device.name}`} here: ${device.reason}.`,
  ];
}
