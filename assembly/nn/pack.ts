/** Packs matrices into the panels that the tiles read: wide panels of 16 columns, then narrow panels of 4. */
import { NARROW, WIDE } from "./tile";

/**
 * to[0..4][width] = four rows of a matrix whose columns are `step` bytes apart and whose rows lie side by side, by
 * transposing blocks of 4 x 4 values.
 * @param rowBytes width * 4, a multiple of 16
 */
export function transposeRows(from: usize, step: usize, to: usize, rowBytes: usize): void {
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const a = v128.load(from);
    const b = v128.load(from + step);
    const c = v128.load(from + 2 * step);
    const d = v128.load(from + 3 * step);
    from += 4 * step;
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    const out = to + at;
    v128.store(out, v128.shuffle<f64>(ab, cd, 0, 2));
    v128.store(out + rowBytes, v128.shuffle<f64>(ab, cd, 1, 3));
    v128.store(out + 2 * rowBytes, v128.shuffle<f64>(abHigh, cdHigh, 0, 2));
    v128.store(out + 3 * rowBytes, v128.shuffle<f64>(abHigh, cdHigh, 1, 3));
  }
}

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
  if (depthStride == 1 && count == width && (depth & 3) == 0) {
    const rowBytes = (<usize>width) << 2;
    for (let k: i32 = 0; k < depth; k += 4) {
      transposeRows(from, columnStep, out, rowBytes);
      from += 16;
      out += 4 * rowBytes;
    }
    return;
  }
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
