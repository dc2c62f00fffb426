/** Horizontal bars as inline SVG, one to a table row, so that bars and numbers stay together at any width. */

/** A bar that fills `share` (0 to 1; what lies outside is clipped) of its cell. The number beside it is the text. */
export function bar(share: number, className = ""): string {
  const width = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) * 100 : 0;
  // Hidden from screen readers, which read the number; at least a sliver, so that a short stage is seen to exist.
  const drawn = share > 0 ? Math.max(0.6, width) : 0;
  return (
    `<svg class="bar ${className}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">` +
    `<rect class="track" width="100" height="10"/><rect class="fill" width="${drawn.toFixed(2)}" height="10"/></svg>`
  );
}
