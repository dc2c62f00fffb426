/** A contact sheet as tables: images of the same width, and names in the page's own type, which scroll together. */
import { encodePng } from "../image/codec.js";
import type { RgbaImage } from "../types.js";
import { escapeHtml } from "./format.js";
import type { Sheet, SheetGrid, SheetPicture } from "./model.js";

/** Number of columns that fit a screen of 400 px. */
const FITTING_COLUMNS = 6;

/**
 * Encodes rows of images.
 * @param labels texts below the images, row by row; empty for none
 */
export async function encodeRows(
  rows: readonly (readonly RgbaImage[])[],
  labels: readonly (readonly string[])[] = [],
): Promise<SheetPicture[][]> {
  return Promise.all(
    rows.map((pictures, r) =>
      Promise.all(
        pictures.map(async (picture, c) => {
          const { width, height } = picture;
          return { png: await encodePng(picture), width, height, label: labels[r]?.[c] ?? "" };
        }),
      ),
    ),
  );
}

export function renderSheet(sheet: Sheet): string {
  const { title, caption, grids, checkpoint } = sheet;
  const made = checkpoint === undefined ? "" : ` <span class="tag">${escapeHtml(checkpoint)}</span>`;
  // A sheet that was composed elsewhere keeps its size.
  const whole = grids.length === 1 && grids[0].rows.length === 1 && grids[0].rows[0].length === 1;
  const drawn = grids.map((grid) => renderGrid(grid, sheet, whole));
  return `<figure class="sheet">
<figcaption><h3>${escapeHtml(title)}</h3>
<p>${escapeHtml(caption)}${made}</p></figcaption>
<div class="grids">
${drawn.join("\n")}
</div>
</figure>`;
}

function renderGrid({ title = "", columns = [], rows }: SheetGrid, sheet: Sheet, whole: boolean): string {
  const columnCount = Math.max(...rows.map((pictures) => pictures.length));
  const heads = columns.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  const head = columns.length === 0 ? "" : `<thead><tr>${heads}</tr></thead>\n`;
  const body = rows.map((pictures) => {
    const cells = pictures.map((picture, c) => renderPicture(picture, [title, columns[c] ?? ""], sheet.title));
    return `<tr>${cells.join("")}</tr>`;
  });
  const kind = whole ? " whole" : columnCount > FITTING_COLUMNS ? " many" : "";
  const name = title === "" ? sheet.title : `${sheet.title}: ${title}`;
  const above = title === "" ? "" : `<h4>${escapeHtml(title)}</h4>\n`;
  return `<div class="part">
${above}<div class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(name)}"><table class="pictures${kind}" style="--columns: ${columnCount}">
${head}<tbody>
${body.join("\n")}
</tbody>
</table></div>
</div>`;
}

function renderPicture(
  { png, width, height, label = "" }: SheetPicture,
  names: readonly string[],
  title: string,
): string {
  const source = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const alt = escapeHtml([...names, label].filter((name) => name !== "").join(", ") || title);
  const below = label === "" ? "" : `<span>${escapeHtml(label.replace(/ %/g, "\u00a0%"))}</span>`;
  return `<td><img src="${source}" width="${width}" height="${height}" alt="${alt}">${below}</td>`;
}
