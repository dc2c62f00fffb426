/** A small SVG writer: shapes with gradients, and smooth curves through points. */
import type { Affine } from "../types.js";
import { hex, type Rgb } from "./colour.js";

export type Point = readonly [x: number, y: number];

/** A gradient's stop: offset 0 to 1, colour, opacity. */
export type Stop = readonly [offset: number, colour: Rgb, opacity?: number];

export interface Style {
  readonly fill?: Rgb | string;
  readonly stroke?: Rgb | string;
  readonly strokeWidth?: number;
  readonly opacity?: number;
}

function format(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A matrix as SVG text. SVG's matrix(a b c d e f) is column-major, ours is row-major. */
export function svgMatrix([a, b, tx, c, d, ty]: Affine): string {
  return `matrix(${[a, c, b, d, tx, ty].map((v) => v.toFixed(6)).join(" ")})`;
}

/** Path data of a Catmull-Rom curve through the points. `join` continues the path with a line to the first point. */
export function curve(points: readonly Point[], join = false): string {
  const at = (i: number): Point => points[Math.max(0, Math.min(points.length - 1, i))];
  let data = `${join ? "L" : "M"}${format(points[0][0])} ${format(points[0][1])}`;
  for (let i = 0; i + 1 < points.length; i++) data += segment(at(i - 1), at(i), at(i + 1), at(i + 2));
  return data;
}

/** Path data of straight lines. `join` continues the path. */
export function polyline(points: readonly Point[], join = false): string {
  return points.map(([x, y], i) => `${i === 0 && !join ? "M" : "L"}${format(x)} ${format(y)}`).join("");
}

/** Path data of a closed Catmull-Rom curve. */
export function closedCurve(points: readonly Point[]): string {
  const n = points.length;
  let data = `M${format(points[0][0])} ${format(points[0][1])}`;
  for (let i = 0; i < n; i++) {
    data += segment(points[(i + n - 1) % n], points[i], points[(i + 1) % n], points[(i + 2) % n]);
  }
  return `${data}Z`;
}

function segment(before: Point, from: Point, to: Point, after: Point): string {
  const c1x = from[0] + (to[0] - before[0]) / 6;
  const c1y = from[1] + (to[1] - before[1]) / 6;
  const c2x = to[0] - (after[0] - from[0]) / 6;
  const c2y = to[1] - (after[1] - from[1]) / 6;
  return `C${[c1x, c1y, c2x, c2y, to[0], to[1]].map(format).join(" ")}`;
}

/** Path data from a template. Its numbers are rounded, so that the text stays short. */
export function pathData(strings: TemplateStringsArray, ...values: readonly number[]): string {
  return strings.reduce((text, part, i) => text + format(values[i - 1]) + part);
}

/**
 * Collects shapes in paint order; `toSvg` adds the frame. There are no clips and no group opacity: resvg 2.6 draws each
 * of them into a layer of its own, which took most of the time, and it panics on some shapes that cross the edge of
 * nested layers.
 */
export class Sketch {
  private readonly defs: string[] = [];
  private readonly shapes: string[] = [];

  /**
   * @param tint is applied to every colour; it equals an even layer over everything, because such a layer is affine in
   *             the colours
   */
  constructor(private readonly tint: (colour: Rgb) => Rgb = (colour) => colour) {}

  /** A colour, or the reference to a gradient. */
  private paint(value: Rgb | string | undefined): string {
    if (value === undefined) return "none";
    return typeof value === "string" ? value : hex(this.tint(value));
  }

  private define(body: (id: string) => string): string {
    const id = `d${this.defs.length}`;
    this.defs.push(body(id));
    return id;
  }

  private stops(stops: readonly Stop[]): string {
    return stops
      .map(([offset, colour, opacity = 1]) => {
        const alpha = opacity === 1 ? "" : ` stop-opacity="${format(opacity)}"`;
        return `<stop offset="${format(offset)}" stop-color="${hex(this.tint(colour))}"${alpha}/>`;
      })
      .join("");
  }

  linear(from: Point, to: Point, stops: readonly Stop[]): string {
    const ends = `x1="${format(from[0])}" y1="${format(from[1])}" x2="${format(to[0])}" y2="${format(to[1])}"`;
    const body = this.stops(stops);
    return `url(#${this.define((id) => `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" ${ends}>${body}</linearGradient>`)})`;
  }

  /** A radial gradient. `squash` scales its height about its centre. */
  radial(centre: Point, radius: number, stops: readonly Stop[], squash = 1): string {
    const place = `cx="0" cy="0" r="${format(radius)}" gradientTransform="translate(${format(centre[0])} ${format(centre[1])}) scale(1 ${format(squash)})"`;
    const body = this.stops(stops);
    return `url(#${this.define((id) => `<radialGradient id="${id}" gradientUnits="userSpaceOnUse" ${place}>${body}</radialGradient>`)})`;
  }

  private add(element: string, style: Style): void {
    let text = `<${element} fill="${this.paint(style.fill)}"`;
    if (style.stroke !== undefined) {
      const width = format(style.strokeWidth ?? 1);
      text += ` stroke="${this.paint(style.stroke)}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"`;
    }
    if (style.opacity !== undefined && style.opacity !== 1) {
      // Do not use `opacity`: the renderer would draw every shape into a layer of its own.
      const alpha = format(style.opacity);
      if (style.fill !== undefined) text += ` fill-opacity="${alpha}"`;
      if (style.stroke !== undefined) text += ` stroke-opacity="${alpha}"`;
    }
    this.shapes.push(`${text}/>`);
  }

  path(data: string, style: Style): void {
    this.add(`path d="${data}"`, style);
  }

  ellipse(x: number, y: number, rx: number, ry: number, style: Style): void {
    this.add(`ellipse cx="${format(x)}" cy="${format(y)}" rx="${format(rx)}" ry="${format(ry)}"`, style);
  }

  rect(x: number, y: number, width: number, height: number, style: Style): void {
    this.add(`rect x="${format(x)}" y="${format(y)}" width="${format(width)}" height="${format(height)}"`, style);
  }

  /** A soft spot that fades to nothing at its rim. */
  glow(x: number, y: number, rx: number, ry: number, colour: Rgb, opacity: number): void {
    const fill = this.radial(
      [x, y],
      rx,
      [
        [0, colour, opacity],
        [0.45, colour, opacity * 0.62],
        [1, colour, 0],
      ],
      ry / rx,
    );
    this.ellipse(x, y, rx, ry, { fill });
  }

  /** Everything until `close` is drawn through the matrix. */
  open(matrix: Affine): void {
    this.shapes.push(`<g transform="${svgMatrix(matrix)}">`);
  }

  close(): void {
    this.shapes.push("</g>");
  }

  /** The sketch mapped by `matrix`, with `width` x `height` pixels. */
  toSvg(width: number, height: number, matrix: Affine): string {
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
    const shapes = `<g transform="${svgMatrix(matrix)}">${this.shapes.join("")}</g>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}><defs>${this.defs.join("")}</defs>${shapes}</svg>`;
  }
}
