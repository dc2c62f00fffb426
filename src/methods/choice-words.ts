/** A choice's value as users write it: on and off for switches, in --set and in messages. */
export function formatChoice(value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return `${value}`;
}
