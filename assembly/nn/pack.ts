/** Packs matrices into the panels that the tiles read: wide panels of 16 columns, then narrow panels of 4. */
import { NARROW, WIDE } from "./tile";

/**
 * Packs panel number `panel` of a matrix whose element (k, column) is at source + 4 * (k * depthStride + column *
 * columnStride). Wide panels are numbered first. Columns beyond `columns` become zeros.
 *
 * @param source       float32
 * @param depth        rows of the matrix
 * @param columns      columns of the matrix
 * @param depthStride  elements between rows
 * @param columnStride elements between columns
 * @param to           float32: the start of all panels; each has `panelDepth` rows
 * @param panelDepth   rows of a whole panel
 * @param firstRow     row of the panel where the first of these rows is written
 * @param panel        0 .. columns / 16 are wide panels, followed by the narrow ones
 */
export function packPanel(
  source: usize,
  depth: i32,
  columns: i32,
  depthStride: i32,
  columnStride: i32,
  to: usize,
  panelDepth: i32,
  firstRow: i32,
  panel: i32,
): void {
  const widePanels = columns / WIDE;
  const isWide = panel < widePanels;
  const width = isWide ? WIDE : NARROW;
  const firstColumn = isWide ? panel * WIDE : widePanels * WIDE + (panel - widePanels) * NARROW;
  const count = min(width, columns - firstColumn);
  let out = to + ((<usize>firstColumn * <usize>panelDepth) << 2) + ((<usize>(firstRow * width)) << 2);
  let from = source + ((<usize>(firstColumn * columnStride)) << 2);
  const step = (<usize>depthStride) << 2;
  if (columnStride == 1 && isWide) {
    for (let k: i32 = 0; k < depth; k++) {
      v128.store(out, v128.load(from));
      v128.store(out, v128.load(from, 16), 16);
      v128.store(out, v128.load(from, 32), 32);
      v128.store(out, v128.load(from, 48), 48);
      out += 64;
      from += step;
    }
    return;
  }
  const columnStep = (<usize>columnStride) << 2;
  for (let k: i32 = 0; k < depth; k++) {
    let p = from;
    for (let j: i32 = 0; j < width; j++) {
      store<f32>(out, j < count ? load<f32>(p) : 0);
      out += 4;
      p += columnStep;
    }
    from += step;
  }
}
