/** A contact sheet as a table: pictures of one width, and names in the page's own type, which scroll together. */
import { encodePng } from "../image/codec.js";
import type { SheetLabels } from "../image/sheet.js";
import type { RgbaImage } from "../types.js";
import { escapeHtml } from "./format.js";
import type { Sheet, SheetPicture, SheetRow } from "./model.js";

/** Encodes rows of pictures with their names. */
export async function encodeRows(
  rows: readonly (readonly RgbaImage[])[],
  labels: Omit<SheetLabels, "columns"> = {},
): Promise<SheetRow[]> {
  return Promise.all(
    rows.map(async (pictures, r) => ({
      label: labels.rows?.[r] ?? "",
      pictures: await Promise.all(
        pictures.map(async (picture, c): Promise<SheetPicture> => {
          const { width, height } = picture;
          return { png: await encodePng(picture), width, height, label: labels.cells?.[r]?.[c] ?? "" };
        }),
      ),
    })),
  );
}

export function renderSheet({ title, caption, columns = [], rows, checkpoint }: Sheet): string {
  const named = rows.some(({ label = "" }) => label !== "");
  const corner = named ? "<td></td>" : "";
  const heads = columns.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  const head = columns.length === 0 ? "" : `<thead><tr>${corner}${heads}</tr></thead>\n`;
  const body = rows.map(({ label = "", pictures }) => {
    const first = named ? `<th scope="row">${escapeHtml(label)}</th>` : "";
    const cells = pictures.map((picture, c) => renderPicture(picture, [label, columns[c] ?? ""], title));
    return `<tr>${first}${cells.join("")}</tr>`;
  });
  // A sheet that was composed elsewhere keeps its size.
  const whole = rows.length === 1 && rows[0].pictures.length === 1 ? " whole" : "";
  const made = checkpoint === undefined ? "" : ` <span class="tag">${escapeHtml(checkpoint)}</span>`;
  return `<figure class="sheet">
<h3>${escapeHtml(title)}</h3>
<div class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(title)}"><table class="pictures${whole}">
${head}<tbody>
${body.join("\n")}
</tbody>
</table></div>
<figcaption>${escapeHtml(caption)}${made}</figcaption>
</figure>`;
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
