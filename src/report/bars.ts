/** Horizontal bars as inline SVG, one per table row, so that bars and numbers stay together at any width. */

/** A bar that fills `share` (0 to 1, clipped) of its cell. The number next to it is the text. */
export function bar(share: number, className = ""): string {
  const width = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) * 100 : 0;
  // Hidden from screen readers, which read the number. Even a short stage gets a visible sliver.
  const drawn = share > 0 ? Math.max(0.6, width) : 0;
  return (
    `<svg class="bar ${className}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">` +
    `<rect class="track" width="100" height="10"/><rect class="fill" width="${drawn.toFixed(2)}" height="10"/></svg>`
  );
}
