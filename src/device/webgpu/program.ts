/** Our programs for the GPU, in WGSL: their inputs and outputs, and the text around their body. */

/** Threads per workgroup: as many as a GPU runs in step, or twice as many. */
export const WORKGROUP_SIZE = 64;

export interface Program {
  /** Contains all constants that the body was made for, so that no two texts have the same name. */
  readonly name: string;
  /** Names of the tensors that are read: arrays of `element`, which is f32 if it is omitted. */
  readonly reads: readonly string[];
  /** Names of the tensors that are written. The program can read them, too. */
  readonly writes: readonly string[];
  readonly element?: "f32" | "vec4<f32>";
  /** Names and types of the members that `scalars` has in the body. */
  readonly scalars: Readonly<Record<string, "u32" | "f32">>;
  /** Declarations that come before main. */
  readonly declarations?: string;
  /** The body of main. It knows `group`, `groups` (how many there are) and `local` (the thread's number in its group). */
  readonly body: string;
}

/** Returns the whole text of a program. */
export function programSource({ reads, writes, element = "f32", scalars, declarations = "", body }: Program): string {
  const bind = (name: string, access: string, binding: number): string =>
    `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${element}>;`;
  const members = Object.entries(scalars).map(([name, type]) => `${name}: ${type},`);
  return `
struct Scalars { ${members.join(" ")} }
${reads.map((name, i) => bind(name, "read", i)).join("\n")}
${writes.map((name, i) => bind(name, "read_write", reads.length + i)).join("\n")}
@group(0) @binding(${reads.length + writes.length}) var<uniform> scalars: Scalars;
${declarations}
@compute @workgroup_size(${WORKGROUP_SIZE})
fn main(
  @builtin(workgroup_id) group_id: vec3<u32>,
  @builtin(num_workgroups) group_count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let group = group_id.x;
  let groups = group_count.x;
  ${body}
}`;
}
