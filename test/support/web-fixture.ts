/** A command line of only `elegant web`, with the page in the folder of the first argument. */
import { main } from "../../src/cli/main.js";
import { registerWeb } from "../../src/cli/web.js";

const [node, script, folder, ...args] = process.argv;
await main([node, script, ...args], [(program) => registerWeb(program, folder)]);
