/** `elegant completion`: what bash, zsh and fish complete with the scripts that it prints. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Command } from "commander";
import { COMMANDS } from "../../src/cli/commands.js";
import { describeProgram, KNOWN_WORDS } from "../../src/cli/completion/describe.js";
import { createProgram } from "../../src/cli/program.js";
import { METHOD_NAMES } from "../../src/methods/recipes.js";
import { runHere } from "../support/in-process.js";

const run = promisify(execFile);

/** Prints what bash offers for the last word of its arguments, one candidate per line. */
const BASH = `
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_elegant
printf '%s\\n' "\${COMPREPLY[@]}"`;

/** Types a line and Tab into a zsh of its own, and prints what that passes to its builtin compadd. */
const ZSH = `
zmodload zsh/zpty
zpty child zsh -f -i
zpty -w child "PS1= PROMPT=; autoload -U compinit; compinit -u -D; source '$1'"
zpty -w child 'compadd() { local -a hits; builtin compadd -O hits "$@"; local hit; for hit in $hits; do print -r -- "HIT<$hit>"; done; builtin compadd "$@" }'
zpty -w child 'after() { print END; exit }; comppostfuncs=(after); bindkey "^I" complete-word; print READY'
while zpty -r child line; do [[ $line == READY* ]] && break; done
zpty -w -n child "$2"$'\\t'
while zpty -r child line; do
  [[ $line == *'HIT<'* ]] && print -r -- \${\${line##*HIT<}%>*}
  [[ $line == *END* ]] && break
done
zpty -d child`;

interface Shell {
  readonly name: "bash" | "zsh" | "fish";
  /** What the shell offers for a line, in `cwd`, without doubles. */
  complete(script: string, line: string, cwd: string): Promise<string[]>;
}

async function linesOf(file: string, args: readonly string[], cwd: string): Promise<string[]> {
  const { stdout } = await run(file, args, { cwd, timeout: 60_000 });
  return [...new Set(stdout.split("\n").filter((line) => line !== ""))];
}

const SHELLS: readonly Shell[] = [
  {
    name: "bash",
    // Bash splits words at "=", too.
    complete: (script, line, cwd) =>
      linesOf("bash", ["--norc", "-c", BASH, "bash", script, ...line.replaceAll("=", " = ").split(" ")], cwd),
  },
  { name: "zsh", complete: (script, line, cwd) => linesOf("zsh", ["-f", "-c", ZSH, "zsh", script, line], cwd) },
  {
    name: "fish",
    async complete(script, line, cwd) {
      const found = await linesOf(
        "fish",
        ["--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, line],
        cwd,
      );
      const option = /--[\w-]+=/.exec(line)?.[0] ?? "";
      // A description follows each candidate, and a slash each folder.
      return found.map((each) => each.split("\t")[0].replace(option, "").replace(/\/$/, ""));
    },
  },
];

/** Lines, and all candidates for each. */
const CASES: readonly (readonly [line: string, candidates: readonly string[]])[] = [
  ["elegant tr", ["train"]],
  ["elegant-faces doc", ["doctor"]],
  ["elegant train --dev", ["--device"]],
  ["elegant train --device w", ["webgpu", "wasm"]],
  ["elegant train --device=w", ["webgpu", "wasm"]],
  ["elegant preprocess --format ", ["jpg", "png", "raw", "webdataset"]],
  ["elegant train --preset mod", ["modern"]],
  ["elegant train --steps ", []],
  ["elegant swap --model pain", ["painted"]],
  ["elegant edit celeba", ["celeba-hq"]],
  ["elegant swap --input por", ["portrait.png", "portraits"]],
  ["elegant swap --out por", ["portraits"]],
  ["elegant align --all por", ["portrait.png", "portraits"]],
  ["elegant queue ", ["submit", "work", "status"]],
  ["elegant queue submit --par", ["--parts"]],
  ["elegant queue submit --parts 4 prep", ["preprocess"]],
  ["elegant queue submit --parts 4 preprocess photos faces --form", ["--format"]],
  ["elegant queue submit --name swap --attem", ["--attempts"]],
  ["elegant plan ", ["preprocess", "train", "swap", "fid"]],
  ["elegant plan train --meth", ["--method"]],
  ["elegant plan train --method ", METHOD_NAMES],
  ["elegant completion ", ["bash", "zsh", "fish"]],
];

describe("elegant completion", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    await mkdir(join(folder, "portraits"));
    await writeFile(join(folder, "portrait.png"), "");
    await writeFile(join(folder, "other.png"), "");
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function writeScript(name: string): Promise<string> {
    const { code, stdout, stderr } = await runHere(["completion", name]);
    assert.deepEqual([code, stderr], [0, ""]);
    const script = join(folder, `script.${name}`);
    await writeFile(script, stdout);
    return script;
  }

  for (const shell of SHELLS) {
    it(`completes commands, options, choices, models and paths in ${shell.name}`, async function () {
      const isInstalled = await run(shell.name, ["--version"]).then(
        () => true,
        () => false,
      );
      if (!isInstalled) {
        console.log(`        skipped: needs ${shell.name} (apt install ${shell.name})`);
        this.skip();
      }
      const script = await writeScript(shell.name);
      for (const [line, candidates] of CASES) {
        const received = await shell.complete(script, line, folder);
        assert.deepEqual(received.sort(), [...candidates].sort(), line);
      }
    });
  }

  it("offers every option that the help shows, and no hidden one, in bash", async () => {
    const script = await writeScript("bash");
    const commands = describeProgram(createProgram(COMMANDS));
    assert.ok(commands.length > 30, `${commands.length} commands`);
    const lines = commands.map(({ words }) => ["elegant", ...words.split(" ").filter(Boolean), "--"].join(" "));
    // One process for all lines.
    const each = `source "$1"; shift; for line; do COMP_WORDS=($line) COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _elegant; echo "\${COMPREPLY[*]}"; done`;
    const { stdout } = await run("bash", ["--norc", "-c", each, "bash", script, ...lines]);
    const optionsOf = (words: string): string[] => {
      let command: Command = createProgram(COMMANDS);
      for (const word of words.split(" ").filter(Boolean))
        command = command.commands.find((child) => child.name() === word)!;
      return [...command.options.filter(({ hidden }) => !hidden).map(({ long }) => String(long)), "--help"];
    };
    const offered = stdout.trimEnd().split("\n");
    for (const [i, { words }] of commands.entries()) {
      assert.deepEqual(offered[i].split(" ").sort(), optionsOf(words).sort(), lines[i]);
    }
  });

  it("knows words for options and arguments that exist", () => {
    const names = new Set<string>();
    const visit = (command: Command): void => {
      for (const { flags } of command.options) names.add(flags);
      for (const argument of command.registeredArguments) names.add(argument.name());
      command.commands.forEach(visit);
    };
    visit(createProgram(COMMANDS));
    for (const key of Object.keys(KNOWN_WORDS)) assert.ok(names.has(key), key);
  });

  it("prints the script in the JSON object with --json, and refuses other shells", async () => {
    const { stdout } = await runHere(["completion", "fish"]);
    const { stdout: json } = await runHere(["completion", "fish", "--json"]);
    assert.deepEqual(JSON.parse(json), { shell: "fish", script: stdout });
    const { code, stderr } = await runHere(["completion", "tcsh"]);
    assert.equal(code, 2);
    assert.match(stderr, /^elegant: SHELL: expected one of bash, zsh, fish, received 'tcsh'\./i);
  });
});
