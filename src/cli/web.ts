/** `elegant web`: serves the editor, a page for the browser, on this machine. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import { type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";
import { interruptible } from "./interrupt.js";

interface Options extends CommonOptions {
  readonly port: number;
}

/** Where the build puts the page: dist/web. */
const PAGE = fileURLToPath(new URL("../../web/", import.meta.url));

const HELP = `
The photos stay on your computer: nothing is uploaded. Only this machine reaches the page. Ctrl-C stops the server.

Example:
  elegant web
  elegant web --port 0   (any free port)`;

/** @param folder of the page; tests pass another one */
export function registerWeb(program: Command, folder = PAGE): void {
  withCommonOptions(program.command("web"))
    .description("open the editor in your browser: a page on 127.0.0.1 that edits photos without uploading them")
    .option("--port <n>", "port of the page; 0 picks any free one", integer(0, 65_535), 8080)
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      await runCommand(options, async (context) => {
        const { serveFolder } = await import("../web/server.js");
        const index = join(folder, "index.html");
        if (!existsSync(index)) {
          throw new InputError(describeMismatch(index, "the page", "nothing there", "Run 'npm run build' first."));
        }
        await interruptible(async (signal) => {
          const server = await serveFolder(folder, { port: options.port });
          context.printJson({ url: server.url });
          context.print("The editor runs on this computer, and your photos stay here. Ctrl-C stops it.");
          context.print(`Open ${server.url}`);
          if (!signal.aborted) await once(signal, "abort");
          await server.close();
        });
      });
    });
}
