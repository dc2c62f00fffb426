/** `elegant completion`: prints a script with which a shell completes command lines of elegant. */
import { Argument, type Command } from "commander";
import { type CommonOptions, runCommand, withCommonOptions } from "./command.js";
import { bashScript } from "./completion/bash.js";
import { describeProgram } from "./completion/describe.js";
import { fishScript } from "./completion/fish.js";
import { zshScript } from "./completion/zsh.js";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };
type Shell = keyof typeof SCRIPTS;

/** The names under which a global installation has the program (package.json, "bin"). */
const NAMES = ["elegant", "elegant-faces"];

const HELP = `
The script completes commands, options, their choices, the names of shipped models, and file names. It starts no program when you
press Tab. Load it in the shell's start file, and make it again after an update.

Examples:
  elegant completion bash > ~/.elegant.bash   (with 'source ~/.elegant.bash' in ~/.bashrc)
  elegant completion zsh > ~/.zfunc/_elegant   (in a folder of fpath, before compinit)
  elegant completion fish > ~/.config/fish/completions/elegant.fish`;

export function registerCompletion(program: Command): void {
  withCommonOptions(program.command("completion"))
    .description("print a script with which bash, zsh or fish completes commands, options and their values")
    .addArgument(new Argument("<shell>", "the shell that reads it").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", HELP)
    .action(async (shell: Shell, options: CommonOptions) => {
      await runCommand(options, async (context) => {
        const script = SCRIPTS[shell](describeProgram(program), NAMES);
        if (!context.json) process.stdout.write(script);
        context.printJson({ shell, script });
      });
    });
}
