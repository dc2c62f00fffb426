/** `elegant web`: serves the editor, a page for the browser, on this machine, or writes it into a folder for a web server. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { describeMismatch, InputError, InterruptedError } from "../errors.js";
import { copyPage, filesElsewhere, PAGE_FOLDER } from "../web/page-files.js";
import { type CommandContext, type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";
import { interruptible } from "./interrupt.js";

interface Options extends CommonOptions {
  readonly port: number;
  readonly out?: string;
}

const HELP = `
The photos stay on your computer: nothing is uploaded. Only this machine reaches the page. Ctrl-C stops the server.
With --out nothing is served: the folder gets the whole page, for any static web server. docs/browser.md names the headers to send.

Example:
  elegant web
  elegant web --port 0   (any free port)
  elegant web --out page`;

/** @param folder of the page; tests pass another one */
export function registerWeb(program: Command, folder = PAGE_FOLDER): void {
  const port = new Option("--port <n>", "port of the page; 0 picks any free one").argParser(integer(0, 65_535));
  withCommonOptions(program.command("web"))
    .description("open the editor in your browser: a page on 127.0.0.1 that edits photos without uploading them")
    .addOption(port.default(8080).conflicts("out"))
    .option("--out <dir>", "write the page into a new or empty folder instead of serving it")
    .addHelpText("after", HELP)
    .action(async ({ port, out, ...options }: Options) => {
      await runCommand(options, async (context) => {
        const index = join(folder, "index.html");
        if (!existsSync(index)) {
          throw new InputError(describeMismatch(index, "the page", "nothing there", "Run 'npm run build' first."));
        }
        if (out === undefined) await serve(folder, port, context);
        else await write(folder, out, context);
      });
    });
}

async function serve(folder: string, port: number, context: CommandContext): Promise<void> {
  const { serveFolder } = await import("../web/server.js");
  await interruptible(async (signal) => {
    const server = await serveFolder(folder, { port, elsewhere: filesElsewhere() });
    context.printJson({ url: server.url });
    context.print("The editor runs on this computer, and your photos stay here. Ctrl-C stops it.");
    context.print(`Open ${server.url}`);
    if (!signal.aborted) await once(signal, "abort");
    await server.close();
  });
}

async function write(folder: string, out: string, context: CommandContext): Promise<void> {
  const reason = (): Error => new InterruptedError("Interrupted: nothing was written.");
  const { files } = await interruptible((signal) => copyPage(folder, out, signal), { reason });
  context.print(`${out}: the page, ${files.length} files. Put the folder on any web server; docs/browser.md says how.`);
  context.printJson({ out, files });
}
