/** Programs of ours for the GPU, in WGSL: what they are given, and the frame around their body. */

/** Threads of a workgroup: one or two of what GPUs run in step. */
export const WORKGROUP_SIZE = 64;

export interface Program {
  /** Names the program with all constants that its body was made for: one name, one text. */
  readonly name: string;
  /** Tensors that are read, array<f32> each or as `element` says. */
  readonly reads: readonly string[];
  /** Tensors that are written; they can be read, too. */
  readonly writes: readonly string[];
  readonly element?: "f32" | "vec4<f32>";
  /** Members of `scalars` in the body. */
  readonly scalars: Readonly<Record<string, "u32" | "f32">>;
  /** Declarations before main. */
  readonly declarations?: string;
  /** Of main, with `group`, `groups` (how many run) and `local` (the thread's number in its group). */
  readonly body: string;
}

/** The whole text of a program. */
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
