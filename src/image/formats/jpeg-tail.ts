/** What may follow the last block of a JPEG file: one rule for all decoders. */
import { APP0, COM, DAC, DHT, DNL, DQT, DRI, EOI, isRestart, nextSegment } from "./jpeg-segments.js";

/**
 * Stray bytes before the end marker that do no harm. Some cameras and editors pad their data there; bytes that were doubled or
 * shifted within the data leave more of them, and of all values. libjpeg and Pillow bear any number and cannot tell the two apart.
 */
const MOST_STRAY = 16;
const MOST_STRAY_BESIDE_ZEROS = 4;
/** Behind the scans before the last one, where a decoder reads so many bytes ahead. */
const MOST_STRAY_BETWEEN_SCANS = 4;

export const PREMATURE_END = "Premature end of JPEG file: the end marker is missing";

/** Segments that change nothing behind the last scan. */
function isIdle(marker: number): boolean {
  return (marker >= APP0 && marker <= APP0 + 15) || [COM, DHT, DQT, DRI, DAC, DNL].includes(marker);
}

/** Behind the fill bytes (0xff) that may stand before a marker, looking back from it. */
function beforeFill(bytes: Uint8Array, from: number, marker: number): number {
  let end = marker;
  while (end > from && bytes[end - 1] === 0xff) end--;
  return end;
}

/** What is wrong behind the last block of the last scan, which ends at `at`; null when the file ends there as it should. */
export function damageAfterScan(bytes: Uint8Array, at: number): string | null {
  let [stray, besideZeros] = [0, 0];
  for (let from = at; ; ) {
    const next = nextSegment(bytes, from);
    if (next === null) return PREMATURE_END;
    for (let i = from; i < beforeFill(bytes, from, next.start); i++) {
      stray++;
      if (bytes[i] !== 0) besideZeros++;
    }
    if (next.marker === EOI) break;
    if (isRestart(next.marker)) {
      stray += 2;
      besideZeros += 2;
    } else if (!isIdle(next.marker)) {
      return `marker 0x${next.marker.toString(16)} follows the whole picture`;
    }
    from = next.end;
  }
  return stray > MOST_STRAY || besideZeros > MOST_STRAY_BESIDE_ZEROS
    ? `${stray} stray bytes before the end marker: data were doubled, inserted or shifted`
    : null;
}

/** The same for a scan that another one follows; the marker behind it is at `end`. */
export function damageBetweenScans(bytes: Uint8Array, at: number, end: number): string | null {
  const stray = beforeFill(bytes, at, end) - at;
  return stray > MOST_STRAY_BETWEEN_SCANS ? `${stray} stray bytes between two scans` : null;
}
