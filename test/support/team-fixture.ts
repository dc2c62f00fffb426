/** Opens a team, lets it work, and does not close it. The process must end anyway. */
import { openBackends } from "./team.js";

const backends = await openBackends();
for (const { team } of backends) {
  const block = team.heap.allocate(4096);
  team.run("adam", [block, block, block, block, 1024, 1, 0, 0, 1, 1, 1, 1, 0, 64], 16);
}
process.stdout.write("worked\n");
