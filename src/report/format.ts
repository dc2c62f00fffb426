/** Formats texts and numbers for the page. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const MINUS = "\u2212";

/** Escapes a text for HTML and SVG, including quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** An integer with thousands separated: 12,345. */
export function formatCount(value: number): string {
  return withMinus(value.toLocaleString("en-US", { maximumFractionDigits: 0 }));
}

/** The short form of 1,200 or 2,500,000 on an axis: 1.2k, 2.5M. */
export function formatStep(value: number): string {
  if (Math.abs(value) >= 1e6) return `${trimZeros((value / 1e6).toFixed(2))}M`;
  if (Math.abs(value) >= 1e3) return `${trimZeros((value / 1e3).toFixed(2))}k`;
  return trimZeros(value.toFixed(2));
}

/** Three significant digits, with a power of ten if the plain number would be long. */
export function formatValue(value: number): string {
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e5 || magnitude < 1e-3) {
    const [digits, exponent] = value.toExponential(2).split("e");
    return withMinus(`${digits}e${Number(exponent)}`);
  }
  return withMinus(magnitude >= 100 ? value.toFixed(0) : value.toPrecision(3));
}

/** A fixed number of decimals; "\u2013" if the value is not finite. */
export function formatFixed(value: number, decimals: number): string {
  return Number.isFinite(value) ? withMinus(value.toFixed(decimals)) : "\u2013";
}

/** A difference, always with its sign. */
export function formatChange(value: number, decimals: number): string {
  const text = formatFixed(value, decimals);
  return Number.isFinite(value) && !text.startsWith(MINUS) ? `+${text}` : text;
}

/** A duration: 0.34 s, 12.3 s, 4 min 05 s, 2 h 10 min. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.995 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

function withMinus(text: string): string {
  return text.replace(/^-/, MINUS);
}

function trimZeros(text: string): string {
  return withMinus(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}
