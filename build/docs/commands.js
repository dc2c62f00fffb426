/** Writes a page per command from the commands' own definitions, so that the pages say what `--help` says. */
import { COMMANDS } from "../../dist/src/cli/commands.js";
import { createProgram } from "../../dist/src/cli/program.js";
import { escaped, pageOf } from "./links.js";

/** Every command and subcommand with its words: "queue" and "queue submit". */
function commandsOf(parent, words = []) {
  return parent.commands.flatMap((command) => {
    const path = [...words, command.name()];
    return [[path.join(" "), command], ...commandsOf(command, path)];
  });
}

const sentence = (text) => {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.?!]$/.test(trimmed) ? "" : "."}`;
};
const NAMES = new Set(commandsOf(createProgram(COMMANDS)).map(([name]) => name));
/** Options such as --size, and commands such as elegant fid, which then become links. */
const CODE = /--[a-z][a-z-]*|elegant (?:(?:queue|plan) [a-z]+|[a-z]+)/g;
/** A sentence of the help as Markdown. */
function prose(text) {
  let markdown = "";
  let end = 0;
  for (const { 0: found, index } of text.matchAll(CODE)) {
    const isCode = found.startsWith("--") || NAMES.has(found.slice("elegant ".length));
    markdown += escaped(text.slice(end, index)) + (isCode ? `\`${found}\`` : escaped(found));
    end = index + found.length;
  }
  return markdown + escaped(text.slice(end));
}
const code = (text) => `\`${text.replaceAll("|", "\\|")}\``;

/** What stands below the options in the help, which is set in lines. */
function afterHelp(command) {
  let text = "";
  command.emit("afterHelp", { error: false, command, write: (part) => (text += part) });
  return text.trim();
}

/** Makes command lines of the help ones to copy: `elegant` is installed as `elegant-faces`, which npx finds. */
const asNpx = (line) => line.replace(/^(npx )?elegant(-faces)? /, "npx elegant-faces ");

/** The examples: command lines, and comments for the notes on them. */
function exampleBlock(lines) {
  const shown = lines.map((line, i) => {
    const isCommand = /^ {2}\S/.test(line) || lines[i - 1]?.endsWith("\\");
    if (isCommand) return asNpx(line.replace(/^ {2}/, ""));
    return `# ${line.trim().replace(/^\((.*)\)$/, "$1")}`;
  });
  return `\`\`\`sh\n${shown.join("\n")}\n\`\`\``;
}

/** The help's further text as Markdown: paragraphs, lists that keep their columns, and examples. */
function helpSections(text) {
  const sections = { about: [], examples: [] };
  let examples = false;
  for (const block of text.split(/\n\n+/)) {
    const lines = block.split("\n");
    if (/^Examples?:$/.test(lines[0])) {
      examples = true;
      lines.shift();
    }
    const isSet = (line) => line.startsWith(" ");
    while (lines.length > 0) {
      const taken = [lines.shift()];
      while (lines.length > 0 && isSet(lines[0]) === isSet(taken[0])) taken.push(lines.shift());
      if (!isSet(taken[0])) sections[examples ? "examples" : "about"].push(prose(taken.join(" ")));
      else if (examples) sections.examples.push(exampleBlock(taken));
      else sections.about.push(`\`\`\`text\n${taken.map((line) => line.replace(/^ {2}/, "")).join("\n")}\n\`\`\``);
    }
  }
  return sections;
}

/** A sentence on the default; empty if there is none. */
function defaultOf({ long, defaultValue }) {
  // Depends on the machine that builds the site.
  if (long === "--workers") return " The default is as many as the process may use.";
  if (defaultValue === undefined || defaultValue === false || defaultValue === null) return "";
  return ` The default is ${code(Array.isArray(defaultValue) ? defaultValue.join(",") : String(defaultValue))}.`;
}

function optionTable(options) {
  const rows = options.map((option) => {
    const choices = option.argChoices === undefined ? "" : ` One of ${option.argChoices.map(code).join(", ")}.`;
    const required = option.mandatory ? " **Required.**" : "";
    return `| ${code(option.flags)} | ${sentence(prose(option.description))}${choices}${required}${defaultOf(option)} |`;
  });
  return ["| option | meaning |", "| --- | --- |", ...rows].join("\n");
}

function commandPage(name, command) {
  const { about, examples } = helpSections(afterHelp(command));
  const shown = command.options.filter((option) => !option.hidden);
  const inner = command.commands.map((each) => {
    const words = `${name} ${each.name()}`;
    return `- [\`elegant ${words}\`](${pageOf(words).replace("commands/", "")}): ${prose(each.description())}`;
  });
  const given = command.registeredArguments.filter((argument) => argument.description !== "");
  const section = (title, parts) => (parts.length === 0 ? [] : [`## ${title}`, ...parts]);
  return [
    `# elegant ${name}`,
    sentence(prose(command.description())),
    `\`\`\`sh\nnpx elegant-faces ${name} ${command.usage()}\n\`\`\``,
    ...about,
    ...section("Commands", inner.length === 0 ? [] : [inner.join("\n")]),
    ...section(
      "Arguments",
      given.length === 0 ? [] : [given.map((a) => `- ${code(a.name())}: ${prose(a.description)}`).join("\n")],
    ),
    ...section("Options", shown.length === 0 ? [] : [optionTable(shown)]),
    ...section("Examples", examples),
    "Exit codes, the fields of `--json` and the devices are in [The command line](../docs/commands.md).",
  ].join("\n\n");
}

/** @returns the page of each command, by its words */
export function commandPages() {
  return new Map(
    commandsOf(createProgram(COMMANDS)).map(([name, command]) => [name, `${commandPage(name, command)}\n`]),
  );
}
